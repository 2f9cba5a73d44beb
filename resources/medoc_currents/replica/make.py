"""A synthetic archive of maps of electric currents: real keywords, and maps of nothing.

The keywords are those of JSOC's patches (series hmi.sharp_cea_720s); the map of AR 11158 has the
time and the numbers of one that MEDOC showed.  That a map is called ``jr`` and has JSOC's form of
names, its folders, and the names of the pictures are inferred.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.replicas.archive import draw_picture, write_file
from epnkit.replicas.synthetic import NOTICE, write_fits

#: Patches: HARP number, its NOAA regions, its first slot, its Carrington place, how many slots.
_PATCHES = (
    (377, "11158", datetime(2011, 2, 13, 0, 0), (35.4, -20.5), 260),
    (401, "11166,11169", datetime(2011, 3, 8, 0, 0), (72.8, 11.0), 260),
    (892, "MISSING", datetime(2011, 9, 26, 0, 0), (280.2, 15.0), 260),
    (11465, "13733", datetime(2024, 6, 27, 0, 0), (-27.392, 5.34), 260),
)

#: Of how many slots one has a magnetogram and pictures with it.
_EVERY = 10

#: Seconds from DATE-OBS to the slot, in UTC, and the same in TAI without leap seconds.
_BEFORE = 74.0

_LEAP = {2011: 34, 2012: 34, 2024: 37}


def files(directory: Path) -> None:
    """Write the maps of each patch, an hour apart, with some pictures and magnetograms."""
    for harp, regions, first, place, count in _PATCHES:
        for number in range(count):
            slot = first + timedelta(hours=number)
            _write(directory, harp, slot, _keywords(harp, slot, regions, place, number))
            if number % _EVERY == 2:
                _write_companions(directory, harp, slot)
    _write_traps(directory)


def _write(
    directory: Path, harp: int, slot: datetime, cards: dict[str, Any], series: str = "720s"
) -> Path:
    path = directory / f"{slot:%Y/%m/%d}" / f"{_name(harp, slot, series)}.jr.fits"
    write_file(path, write_fits(cards))
    return path


def _name(harp: int, slot: datetime, series: str = "720s") -> str:
    return f"hmi.sharp_cea_{series}.{harp}.{slot:%Y%m%d_%H%M%S}_TAI"


def _write_companions(directory: Path, harp: int, slot: datetime) -> None:
    base = directory / f"{slot:%Y/%m/%d}" / _name(harp, slot)
    for ending, content in (
        (".jr.png", _picture(256)),
        (".jr_64.png", _picture(64)),
        (".magnetogram.fits", _magnetogram()),
    ):
        write_file(base.with_name(base.name + ending), content)


def _keywords(
    harp: int, slot: datetime, regions: str, place: tuple[float, float], number: int
) -> dict[str, Any]:
    begin = slot - timedelta(seconds=_LEAP[slot.year] + _BEFORE)
    return {
        "BUNIT": "A/m^2",
        "DATE-OBS": begin.isoformat(timespec="milliseconds"),
        "T_OBS": f"{slot:%Y.%m.%d_%H:%M:%S}.000_TAI",
        "T_REC": f"{slot:%Y.%m.%d_%H:%M:%S}.000_TAI",
        "CADENCE": 720.0,
        **_world(place),
        "WCSNAME": "Carrington Heliographic",
        "CRLN_OBS": (place[0] + 20 - 0.55 * number) % 360,
        "CRLT_OBS": -6.8,
        "TELESCOP": "SDO/HMI",
        "INSTRUME": "HMI_COMBINED",
        "WAVELNTH": 6173.0,
        "QUALITY": 0,
        "HARPNUM": harp,
        "NOAA_AR": int(regions.split(",")[0]) if regions[0].isdigit() else 0,
        "NOAA_NUM": regions.count(",") + 1 if regions[0].isdigit() else 0,
        "NOAA_ARS": regions,
        "MEANJZD": 0.236 - 0.001 * number,
        "TOTUSJZ": 1.7e12 + 1e10 * number,
        "DATAMIN": -0.18,
        "DATAMAX": 0.21,
    }


def _world(place: tuple[float, float]) -> dict[str, Any]:
    """Give the coordinates of a map of 4 x 4 pixels that covers what a real patch does."""
    pixels = {"CRPIX1": 2.5, "CRPIX2": 2.5, "CDELT1": 4.5, "CDELT2": 2.5}
    kinds = {"CTYPE1": "CRLN-CEA", "CTYPE2": "CRLT-CEA", "CUNIT1": "degree", "CUNIT2": "degree"}
    return {**kinds, **pixels, "CRVAL1": place[0], "CRVAL2": place[1]}


def _write_traps(directory: Path) -> None:
    """Write what headers of such files have, and ones that are refused."""
    noon = datetime(2012, 6, 1, 12, 0)

    def make(harp: int, **changes: Any) -> dict[str, Any]:
        made = {**_keywords(harp, noon, "11490", (200.0, -12.0), 0), **changes}
        return {name: value for name, value in made.items() if value is not None}

    # Across the meridian 0; in thousandths; of a unit that is no current's; near real time.
    _write(directory, 1500, noon, make(1500, CRVAL1=-0.5, CRVAL2=12.0))
    _write(directory, 1501, noon, make(1501, BUNIT="mA/(m^2)", DATAMIN=-180.0, DATAMAX=210.0))
    _write(directory, 1502, noon, make(1502, BUNIT="Mx/cm^2"))
    _write(directory, 1503, noon, make(1503), "720s_nrt")
    # Without DATE-OBS; without a slot; without a place.
    _write(directory, 1504, noon, make(1504, **{"DATE-OBS": None}))
    _write(directory, 1505, noon, make(1505, T_REC=None))
    _write(directory, 1506, noon, make(1506, CTYPE1=None, CTYPE2=None))
    # As JSOC compresses images: the header is of the second unit.
    path = directory / f"{noon:%Y/%m/%d}" / f"{_name(1507, noon)}.jr.fits"
    write_file(path, _compress(make(1507)))
    # Refused: the header of another patch, of another slot; a time that no calendar has; cut.
    _write(directory, 1508, noon, make(1500))
    _write(directory, 1509, noon, make(1509, T_REC="2012.06.01_12:12:00.000_TAI"))
    _write(directory, 1510, noon, make(1510, **{"DATE-OBS": "2012-06-31T12:00:00"}))
    path = directory / f"{noon:%Y/%m/%d}" / f"{_name(1511, noon)}.jr.fits"
    write_file(path, write_fits(make(1511))[:700])


def _compress(cards: dict[str, Any]) -> bytes:
    from astropy.io import fits

    image = fits.CompImageHDU(np.arange(16, dtype="i4").reshape(4, 4), compression_type="RICE_1")
    image.header.update(cards)
    image.header["COMMENT"] = NOTICE
    written = BytesIO()
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(written)
    return written.getvalue()


@cache
def _magnetogram() -> bytes:
    return write_fits({"BUNIT": "Mx/cm^2", "CONTENT": "HMI observable"})


@cache
def _picture(side: int) -> bytes:
    return draw_picture("PNG", size=side)
