"""A synthetic part of ESA's Solar Orbiter Archive: SPICE's files, and spectra of nothing.

The tables v_sc_data_item and v_spi_sc_fits, and those of their columns that are used, are the ones
that the published client sunpy-soar asks for.  One pair of files has the names, the pointing and
the place of Solar Orbiter that the tests of the published package sospice assert.  Inferred are the
windows of a file and the units of SOAR's wavelengths; that the old version of a file remains in the
table; and the pictures next to files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.replicas.archive import draw_picture, write_file
from epnkit.replicas.synthetic import NOTICE
from epnkit.replicas.tap import TapTable

ITEMS = {
    "data_item_oid": "integer",
    "data_item_id": "text",
    "instrument": "text",
    "descriptor": "text",
    "level": "text",
    "data_type": "text",
    "begin_time": "timestamp",
    "end_time": "timestamp",
    "filename": "text",
    "filesize": "integer",
    "file_format": "text",
    "soop_name": "text",
    "is_active": "text",
}

HEADERS = {
    "data_item_oid": "integer",
    "dimension_index": "integer",
    "detector": "text",
    "wavelength": "double",
    "wavemin": "double",
    "wavemax": "double",
}

#: The windows of a file: name, shortest and longest wavelength in nm.  Two are of one line.
_WINDOWS = (
    ("O III 703 / Mg IX 706", 70.16, 70.72),
    ("Ne VIII 770 - Peak", 76.95, 77.12),
    ("Ne VIII 770 - Full", 76.71, 77.33),
)

#: Products: how many files, hours from one to the next, seconds that one takes, windows, level.
_PRODUCTS = (
    ("spice-n-ras", 260, 6, 1800, 3, "L2"),
    ("spice-n-exp", 160, 9, 60, 2, "L2"),
    ("spice-n-sit", 80, 12, 3600, 2, "L2"),
    ("spice-n-ras-int", 40, 24, 1800, 0, "L3"),
)

_FIRST = datetime(2022, 3, 6)


@dataclass(frozen=True)
class Item:
    """A data item of the archive, and the file that it is.

    Parameters
    ----------
    descriptor, level : str
        Which product.
    begin : datetime.datetime
        When the observation began.
    seconds : int
        How long it took.
    number : str
        SPIOBSID and the raster's number.
    version : int
        The file's version.
    windows : int
        How many windows the file has.
    at_hand : bool
        Whether the file is in the release.
    changes : dict
        What is otherwise in the archive's table.
    keywords : dict
        What is otherwise in the file's header.
    """

    descriptor: str
    level: str
    begin: datetime
    seconds: int
    number: str
    version: int = 1
    windows: int = 2
    at_hand: bool = True
    changes: dict[str, Any] = field(default_factory=dict)
    keywords: dict[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The file's name up to its version."""
        return f"solo_{self.level}_{self.descriptor}_{self.begin:%Y%m%dT%H%M%S}"

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.stem}_V{self.version:02d}_{self.number}.fits"

    @property
    def path(self) -> str:
        """Where the file is in the release."""
        return f"level{self.level[1]}/{self.begin:%Y/%m/%d}/{self.name}"


def items() -> Iterator[Item]:
    """Give each data item of SPICE that there is, old versions too."""
    real = Item("spice-n-exp", "L2", datetime(2022, 3, 5, 7, 25, 22), 60, "100663707-014")
    yield real
    yield Item(real.descriptor, "L2", real.begin, 60, real.number, 2)
    for order, (descriptor, count, hours, seconds, windows, level) in enumerate(_PRODUCTS):
        for number in range(count):
            begin = _FIRST + timedelta(hours=hours * number, minutes=order)
            yield Item(
                descriptor,
                level,
                begin,
                seconds,
                f"{100664000 + 1000 * order + number // 4}-{number % 4:03d}",
                1 + number % 3,
                windows,
                at_hand=number % 4 != 1,
                changes=_change_units(number),
            )
    yield from _traps()


def _change_units(number: int) -> dict[str, Any]:
    """Give the archive's wavelengths of some files in Angstrom, as it has them of others."""
    return {"wavemin": 701.6, "wavemax": 707.2} if number % 8 == 5 else {}


def _traps() -> Iterator[Item]:
    """Make items that the archive knows little of, odd files, and ones that are refused."""
    first = datetime(2022, 4, 1, 0, 17)

    def make(number: int, **more: Any) -> Item:
        begin = first + timedelta(hours=number)
        return Item("spice-n-ras", "L2", begin, 1800, f"200000{number:03d}-000", **more)

    # Off the limb; without wavelengths, with no row in the FITS table, with a file that is cut.
    yield make(1, keywords={"CRVAL1": 0.9})
    yield make(2, at_hand=False, changes={"wavemin": None, "wavemax": None})
    yield make(3, at_hand=False, changes={"axes": 0})
    yield make(4, keywords={"cut": True})
    # Refused: dates that are missing, a name of another form.
    yield make(5, changes={"begin_time": "MISSING"})
    yield make(6, changes={"end_time": "MISSING"})
    yield make(7, changes={"begin_time": None})
    yield make(8, changes={"filename": "solo_L2_spice-n-ras_20220401T081700_V01.fits"})


def tap_tables() -> list[TapTable]:
    """Give the tables of the archive."""
    known = [*items()]
    newest = {item.stem: item.version for item in known}
    rows = [_describe(oid, item, newest[item.stem]) for oid, item in enumerate(known, 1000)]
    headers = [row for oid, item in enumerate(known, 1000) for row in _list_axes(oid, item)]
    return [
        TapTable("v_sc_data_item", ITEMS, [*rows, *_list_others()]),
        TapTable("v_spi_sc_fits", HEADERS, headers),
    ]


def _describe(oid: int, item: Item, newest: int) -> tuple[Any, ...]:
    end = item.begin + timedelta(seconds=item.seconds)
    row = {
        "data_item_oid": oid,
        "data_item_id": f"{item.stem}_{item.number}",
        "instrument": "SPICE",
        "descriptor": item.descriptor,
        "level": item.level,
        "data_type": "SCI",
        "begin_time": f"{item.begin:%Y-%m-%d %H:%M:%S}.000",
        "end_time": f"{end:%Y-%m-%d %H:%M:%S}.000",
        "filename": item.name,
        # Files of a product are of one length, whenever they begin.
        "filesize": len(_fits(replace(item, begin=_FIRST))) if item.at_hand else 1_440_000,
        "file_format": "FITS",
        "soop_name": "R_SMALL_MRES_MCAD_Connection-Mosaic",
        "is_active": str(item.version == newest),
    }
    return tuple(item.changes.get(name, value) for name, value in row.items())


def _list_axes(oid: int, item: Item) -> Iterator[tuple[Any, ...]]:
    """Give a row an axis of the file: the archive knows the wavelengths of its first window."""
    _, shortest, longest = _WINDOWS[0]
    if not item.windows:
        shortest = longest = None  # type: ignore[assignment]
    limits = (item.changes.get("wavemin", shortest), item.changes.get("wavemax", longest))
    for axis in range(1, 1 + item.changes.get("axes", 4)):
        yield (oid, axis, "SW", None, *limits)


def _list_others() -> Iterator[tuple[Any, ...]]:
    """Give files of another instrument and of another level, which the service leaves out."""
    for oid, (instrument, level) in enumerate((("EUI", "L2"), ("SPICE", "L1"))):
        item = Item(f"{instrument.lower()}-n-ras", level, datetime(2022, 3, 6), 60, "1-000")
        yield (oid, *_describe(oid, item, 1)[1:2], instrument, *_describe(oid, item, 1)[3:])


def read_product(item_id: str) -> tuple[str, bytes] | None:
    """Give the latest version of a data item's file, and its name."""
    found = [item for item in items() if f"{item.stem}_{item.number}" == item_id]
    return (found[-1].name, _fits(found[-1])) if found else None


def archive(directory: Path) -> None:
    """Write the files of the release, each with a picture; old versions are in older ones."""
    kept = {item.stem: item for item in items() if item.at_hand}
    for item in kept.values():
        content = _fits(item)
        write_file(directory / item.path, content[:700] if "cut" in item.keywords else content)
        write_file((directory / item.path).with_suffix(".png"), _picture())


def _fits(item: Item) -> bytes:
    changes = tuple(sorted((name, value) for name, value in item.keywords.items() if name != "cut"))
    return _write(item.begin, item.windows, item.descriptor, item.seconds, changes)


@cache
def _write(
    begin: datetime,
    windows: int,
    descriptor: str,
    seconds: int,
    changes: tuple[tuple[str, Any], ...],
) -> bytes:
    from astropy.io import fits

    steps = 1 if descriptor.endswith(("exp", "sit")) else 4
    chosen = _WINDOWS[3 - windows :] if windows else (("maps", None, None),)
    units: list[Any] = []
    for number, (name, shortest, longest) in enumerate(chosen):
        kind = fits.ImageHDU if number else fits.PrimaryHDU
        unit = kind(np.zeros((1, 1, 16, steps), dtype="u1"))
        unit.header.update(_place(begin, seconds, steps) | dict(changes))
        unit.header["EXTNAME"] = name
        if shortest is not None:
            unit.header.update({"WAVEUNIT": -9, "WAVEMIN": shortest, "WAVEMAX": longest})
        unit.header["COMMENT"] = NOTICE
        units.append(unit)
    written = BytesIO()
    fits.HDUList(units).writeto(written)
    return written.getvalue()


def _place(begin: datetime, seconds: int, steps: int) -> dict[str, Any]:
    """Give where SPICE looked and where it was, as of the file that sospice tests with."""
    width, height, turn = 1.0 / 3600, 64 * 1.098 / 3600, radians(-0.9235)
    ratio = height / width
    return {
        "CTYPE1": "HPLN-TAN",
        "CTYPE2": "HPLT-TAN",
        "CTYPE3": "WAVE",
        "CTYPE4": "TIME",
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        "CUNIT3": "nm",
        "CUNIT4": "s",
        "CRPIX1": (steps + 1) / 2,
        "CRPIX2": 8.5,
        "CRVAL1": 0.091694158333333,
        "CRVAL2": -0.138730775,
        "CDELT1": width * (1 if steps == 1 else 30),
        "CDELT2": height,
        "PC1_1": cos(turn),
        "PC1_2": -sin(turn) * ratio / (1 if steps == 1 else 30),
        "PC2_1": sin(turn) / ratio * (1 if steps == 1 else 30),
        "PC2_2": cos(turn),
        "DATE-BEG": begin.isoformat(timespec="milliseconds"),
        "DATE-AVG": (begin + timedelta(seconds=seconds / 2)).isoformat(timespec="milliseconds"),
        "HGLN_OBS": -3.3713006,
        "HGLT_OBS": -4.2335761,
        "CRLN_OBS": (_face_earth(begin) - 3.3713006) % 360,
        "CRLT_OBS": -4.2335761,
        "DSUN_OBS": 0.52286922 * 149597870700.0,
        "RSUN_REF": 695700000.0,
        "OBSRVTRY": "Solar Orbiter",
        "INSTRUME": "SPICE",
        "XPOSURE": 14.3,
        "STUDY": "SYNTHETIC_STUDY",
    }


def _face_earth(time: datetime) -> float:
    """Give the Carrington longitude that faces the Earth, degrees, to some degrees."""
    rotations = (time - datetime(1853, 11, 9, 21, 36)).total_seconds() / 86400 / 27.2753
    return 360 * (1 - rotations % 1)


@cache
def _picture() -> bytes:
    return draw_picture("PNG")
