"""A synthetic archive of LOFAR's solar observations, in the real form of headers and names.

The first image has the values of the one header that is public (SB058, t0032 of L701913); no image
was ever taken.  The same files come out every time.  ``image_header`` is what the benchmark of
432,000 images is made of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from epnkit.replicas.archive import draw_picture, draw_spectrogram, write_file
from epnkit.replicas.synthetic import make_bursts

#: Observations: the L-number, when it began, sub-bands, and images of each, one a second.
OBSERVATIONS = (
    ("L701913", datetime(2019, 4, 13, 13, 28, 51, 700000), (58, 120), 240),
    ("L860566", datetime(2022, 5, 19, 9, 20, 0), (60, 100, 160), 120),
    ("L887080", datetime(2022, 11, 5, 11, 0, 0), (10,), 300),
)

#: Where each points, degrees: as the public header says, and to the Sun.
POINTINGS = {
    "L701913": (21.3308208333, 8.959625),
    "L860566": (55.83175, 19.73105),
    "L887080": (220.24253, -15.64458),
}

#: The middle of the sub-band 58 of the public header, and how wide sub-bands are, in Hz.
_MIDDLE, _WIDTH = 78900146.484375, 195312.5

#: Degrees a pixel of the public image, and the pixels of those that are written here.
_SCALE, _PIXELS = 0.000833333333333333, 16

_DAYS = 40


@dataclass(frozen=True)
class Image:
    """What the header of an image says.

    Parameters
    ----------
    taken : datetime.datetime
        DATE-OBS.
    band : int
        The number of the sub-band.
    observation : str
        The L-number.
    ra, dec : float
        Where the telescope points, degrees.
    pixels : int
        Of a side, which is as long as that of the public image: 1.7 degrees.
    """

    taken: datetime
    band: int
    observation: str
    ra: float = 21.3308208333
    dec: float = 8.959625
    pixels: int = 2048


def files(directory: Path) -> None:
    """Write images, movies, overviews and dynamic spectra."""
    for number, start, bands, count in OBSERVATIONS:
        _write_observation(directory / "images" / number, number, start, bands, count)
    for day in range(_DAYS):
        _write_spectrum(
            directory / "spectra", datetime(2022, 4, 13, 13, 10, 0) + timedelta(days=day)
        )
    for path, content in _traps():
        write_file(directory / path, content)


def _write_observation(
    folder: Path, number: str, start: datetime, bands: tuple[int, ...], count: int
) -> None:
    for band in bands:
        for step in range(count):
            image = Image(
                start + timedelta(seconds=step), band, number, *POINTINGS[number], _PIXELS
            )
            name = f"SB{band:03d}-t{step:04d}-image"
            write_file(folder / f"{name}.fits", image_header(image) + _DATA)
        write_file(folder / f"SB{band:03d}.mp4", _MOVIE)
        write_file(folder / f"SB{band:03d}.jpg", draw_picture("JPEG", brightness=band))
    write_file(folder / "overview.png", draw_picture("PNG"))


def image_header(image: Image) -> bytes:
    """Write the header of an image as WSClean does; the data of the public one are 16 MB."""
    cards = [
        ("SIMPLE", True),
        ("BITPIX", -32),
        ("NAXIS", 4),
        ("NAXIS1", image.pixels),
        ("NAXIS2", image.pixels),
        ("NAXIS3", 1),
        ("NAXIS4", 1),
        ("EXTEND", True),
        ("BSCALE", 1.0),
        ("BZERO", 0.0),
        ("BUNIT", "JY/BEAM"),
        ("BMAJ", 0.0366201911451259),
        ("BMIN", 0.0185648795495881),
        ("BPA", 153.763409022431),
        ("EQUINOX", 2000.0),
        ("BTYPE", "Intensity"),
        ("TELESCOP", "LOFAR"),
        ("OBSERVER", "unknown"),
        ("OBJECT", "BEAM_0"),
        ("ORIGIN", "WSClean"),
        ("CTYPE1", "RA---SIN"),
        ("CRPIX1", image.pixels / 2 + 1),
        ("CRVAL1", image.ra),
        ("CDELT1", -_SCALE * 2048 / image.pixels),
        ("CUNIT1", "deg"),
        ("CTYPE2", "DEC--SIN"),
        ("CRPIX2", image.pixels / 2 + 1),
        ("CRVAL2", image.dec),
        ("CDELT2", _SCALE * 2048 / image.pixels),
        ("CUNIT2", "deg"),
        ("CTYPE3", "FREQ"),
        ("CRPIX3", 1.0),
        ("CRVAL3", _MIDDLE + (image.band - 58) * _WIDTH),
        ("CDELT3", _WIDTH),
        ("CUNIT3", "Hz"),
        ("CTYPE4", "STOKES"),
        ("CRPIX4", 1.0),
        ("CRVAL4", 1.0),
        ("CDELT4", 1.0),
        ("SPECSYS", "TOPOCENT"),
        ("DATE-OBS", image.taken.isoformat(timespec="microseconds").rstrip("0").rstrip(".")),
        ("WSCVERSI", "2.6.3"),
    ]
    command = (
        "wsclean -j 40 -mgain 0.8 -weight briggs 0 -size 2048 2048 -scale 3asec -pol I -name"
        f" synthetic/SB{image.band:03d} synthetic/MS/{image.observation}_SAP000_SB{image.band:03d}"
        "_autow_uv.MS"
    )
    lines = [_card(*card) for card in cards]
    lines += [f"HISTORY {command[k : k + 72]}".ljust(80) for k in range(0, len(command), 72)]
    text = "".join([*lines, "END".ljust(80)])
    return text.ljust(-(-len(text) // 2880) * 2880).encode("ascii")


def _card(name: str, value: object) -> str:
    if isinstance(value, bool):
        shown = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        shown = f"'{value:<8}'"
    else:
        shown = f"{value!r:>20}"
    return f"{name:<8}= {shown}".ljust(80)


def _write_spectrum(folder: Path, start: datetime) -> None:
    """Write a dynamic spectrum with its picture and a note, as the beam-formed data are kept."""
    stem = f"LOFAR_{start:%Y%m%d_%H%M%S}_LBA_OUTER"
    frequencies = np.linspace(20.0, 80.0, 64).astype("f4")
    seconds = np.arange(120) * 0.25
    days = (start - datetime(1970, 1, 1)) / timedelta(days=1) + seconds / 86400
    end = start + timedelta(seconds=float(seconds[-1]))
    values = make_bursts(len(seconds), len(frequencies)).astype("f4")
    image = fits.PrimaryHDU(values)
    image.header.update(
        {
            "CONTENT": f"{start:%Y/%m/%d} LOFAR LBA_OUTER I",
            "ORIGIN": "synthetic",
            "TELESCOP": "LOFAR",
            "INSTRUME": "LBA_OUTER",
            "OBJECT": "Sun",
            "DATE-OBS": f"{start:%Y/%m/%d}",
            "TIME-OBS": f"{start:%H:%M:%S.%f}",
            "DATE-END": f"{end:%Y/%m/%d}",
            "TIME-END": f"{end:%H:%M:%S.%f}",
            # What the real ones say of their axes: nothing that is so.
            "CRVAL2": 200.0,
            "CDELT2": -1.0,
        }
    )
    tables = [
        fits.BinTableHDU.from_columns([fits.Column("FREQ", "E", array=frequencies)]),
        fits.BinTableHDU.from_columns([fits.Column("TIME", "D", array=days)]),
    ]
    written = BytesIO()
    fits.HDUList([image, *tables]).writeto(written)
    write_file(folder / f"{stem}.fits", written.getvalue())
    write_file(folder / f"{stem}.png", draw_spectrogram())
    note: dict[str, Any] = {"telescope": "LOFAR", "n_freq": 64, "freq_range": [20.0, 80.0]}
    write_file(folder / f"{stem}.json", json.dumps(note).encode())


def _traps() -> Iterator[tuple[str, bytes]]:
    """Make files that cannot be granules, and odd ones that can."""
    taken = datetime(2021, 6, 1, 12, 0, 0)
    # A calibrator is no Sun: it is far from it.
    cas_a = Image(taken, 60, "L840001", 350.85, 58.815, _PIXELS)
    yield "images/L840001/SB060-t0000-image.fits", image_header(cas_a) + _DATA
    yield "images/L840002/SB060-t0000-image.fits", b"SIMPLE  =                    T".ljust(2880)
    # Without an L-number in its history, an image has that of its folder, or none.
    plain = image_header(Image(taken, 61, "none", pixels=_PIXELS))
    yield "images/other/SB061-t0000-image.fits", plain + _DATA
    yield "images/other/SB061-t0000-psf.fits", plain + _DATA


#: The data of an image of 16 by 16 pixels.
_DATA = bytes(2880)

#: The first bytes of an MP4 file; nothing of it can be played.
_MOVIE = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"synthetic"
