"""A synthetic BASS2000: images that were never taken, named and described as Meudon's are.

The first two rows have the values of two real headers (sunpy's test data); all other content, and
every file, is made up.  The same rows come out every time.
"""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from epnkit.replicas.archive import SYNTHETIC, draw_picture, write_file

#: The tables that it fills.
SCHEMA = Path(__file__).with_name("schema.csv")

Row = dict[str, Any]

#: Of each prefix: wavelength, and the unit's power of ten of the metre.
_LINES = {
    "mh": (656.280, -9),
    "mq": (6563.0, -10),
    "mk": (3933.2, -10),
    "mK": (393.37, -9),
    "mp": (393.37, -9),
    "spectro_obspm_ha": (656.280, -9),
    "spectro_obspm_Cak": (393.37, -9),
    "spectro_obspm_fullprofile_Cak_3D": (3934.0, -10),
}

#: Days on which each kind of image begins, and how many days there are of each.
_PLATES, _CAMERA, _MODERN = datetime(1999, 3, 1), datetime(2003, 6, 1), datetime(2017, 6, 15)
_DAYS = 120


def tables() -> dict[str, list[Row]]:
    """Give the rows of every table that the replica fills."""
    rows = [*_real(), *_old(_PLATES), *_old(_CAMERA), *_modern(), *_traps()]
    for number, row in enumerate(rows, start=1):
        row["ID_IMAGE"] = number
    return {"IMAGES": rows}


def archive(directory: Path) -> None:
    """Write the image and the quicklook of each row."""
    looks = {"gif": draw_picture("GIF"), "jpg": draw_picture("JPEG")}
    prefix = f"{SYNTHETIC}bass2000/"
    for row in tables()["IMAGES"]:
        if row["URL"] is not None and row["DATE_OBS"] is not None:
            write_file(directory / row["URL"].removeprefix(prefix), _content(row))
        if row["QUICKLOOK_URL"] is not None:
            look = row["QUICKLOOK_URL"].removeprefix(prefix)
            write_file(directory / look, looks[look[-3:]])


def _real() -> list[Row]:
    first = _row("mh", datetime(2005, 5, 1, 7, 46, 55), 227.924, -4.13011)
    second = _row("mq", datetime(2013, 8, 12, 8, 42, 53), 258.780, 6.50107)
    return [first, second]


def _old(first: datetime) -> list[Row]:
    """Make the images of one session a day, each line a few minutes after the other."""
    rows = []
    for day in range(_DAYS):
        start = first + timedelta(days=day, hours=8, minutes=day % 50, seconds=day % 7)
        for number, code in enumerate(("mh", "mk", "mK", "mp")):
            moment = start + timedelta(minutes=6 * number)
            rows.append(_row(code, moment, *_place(moment)))
    return rows


def _modern() -> list[Row]:
    rows = []
    for day in range(_DAYS):
        moment = _MODERN + timedelta(days=day, hours=9, seconds=day)
        place = _place(moment)
        rows.append(_row("spectro_obspm_ha", moment, *place))
        rows.append(_row("spectro_obspm_ha", moment, *place, more="_subtract_processed"))
        rows.append(_row("spectro_obspm_Cak", moment + timedelta(minutes=4), *place))
        if day % 4 == 0:
            later = moment + timedelta(minutes=9)
            rows.append(_row("spectro_obspm_fullprofile_Cak_3D", later, *place))
    return rows


def _traps() -> list[Row]:
    """Make what real catalogues hold: names that differ in case or century alone, wrong rows."""
    moment = datetime(2012, 7, 1, 8, 15, 0)
    same = [_row(code, moment, *_place(moment)) for code in ("mk", "mK")]
    # The name has two figures for the year: this one is of the other century.
    century = _row("mk", datetime(1912, 7, 1, 8, 15, 0), 12.5, 2.9)
    another_time = {
        **_row("mh", datetime(2004, 1, 5, 9, 0, 0), 10.0, -3.4),
        "FILENAME": "mh040106.090000.fits",
    }
    no_time = {
        **_row("mh", datetime(2004, 1, 7, 9, 0, 0), 20.0, -3.6),
        "DATE_OBS": None,
        "DATE_END": None,
    }
    odd_unit = {**_row("mh", datetime(2004, 1, 8, 9, 0, 0), 30.0, -3.7), "WAVEUNIT": 42}
    no_place = {
        **_row("mh", datetime(2004, 1, 9, 9, 0, 0), 40.0, -3.8),
        "LONGTRC": None,
        "LATIRC": None,
        "QUICKLOOK_URL": None,
    }
    return [*same, century, another_time, no_time, odd_unit, no_place]


def _place(moment: datetime) -> tuple[float, float]:
    """Make a central meridian that goes back by 13.2 degrees a day, and a B0 over the year."""
    days = (moment - _PLATES).total_seconds() / 86400
    return round((300 - 13.2 * days) % 360, 3), round(7.25 * float(np.sin(days / 58.1)), 5)


def _row(code: str, moment: datetime, longitude: float, latitude: float, more: str = "") -> Row:
    modern = code.startswith("spectro")
    stamp = f"_{moment:%Y%m%d_%H%M%S}{more}.fits.gz" if modern else f"{moment:%y%m%d.%H%M%S}.fits"
    wavelength, unit = _LINES[code]
    profile = "fullprofile" in code
    path = f"{SYNTHETIC}bass2000/{moment:%Y/%m}/{code}{stamp}"
    row: Row = {
        "FILENAME": code + stamp,
        "DATE_OBS": moment,
        "DATE_END": moment,
        "WAVELNTH": wavelength,
        "WAVEUNIT": unit,
        "PASSBAND": 4.0 if profile else None,
        "INSTITUT": "Observatoire de Paris",
        "ORIGIN": "Meudon Observatory",
        "INSTRUME": "Spectroheliograph",
        "OBS_MODE": "SCAN",
        "PHYSPARA": "Intensity",
        "NAXIS": 3 if profile else 2,
        "SEQ_IND": 1,
        "LONGTRC": longitude,
        "LATIRC": latitude,
        "URL": path,
        "QUICKLOOK_URL": path.replace(".fits.gz", ".jpg").replace(".fits", ".gif"),
        "UPDATED": moment.replace(hour=18, minute=0, second=0),
    }
    row["FILE_SIZE"] = len(_content(row))
    return row


def _content(row: Row) -> bytes:
    plain = _file(row["NAXIS"])
    return _compress(plain) if row["FILENAME"].endswith(".gz") else plain


@cache
def _file(axes: int) -> bytes:
    """Write a FITS file of a few pixels."""
    shape = (4, 12, 12)[-axes:]
    image = fits.PrimaryHDU(np.arange(np.prod(shape), dtype=np.int16).reshape(shape))
    image.header["COMMENT"] = "synthetic: made for a replica of BASS2000, no observation"
    content: bytes = image.header.tostring().encode() + _pad(image.data.astype(">i2").tobytes())
    return content


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 2880)


@cache
def _compress(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
