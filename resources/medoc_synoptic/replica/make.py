"""A synthetic data set of EUV synoptic maps in SiTools2: the real columns, and maps of nothing.

The first record has the values that the tests of MEDOC's own client pySitools2 assert; of the
others, and of all files, nothing was ever observed.  Files have complete addresses, where the real
ones begin at the server's root; that maps of STEREO and SDO are among them is inferred.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from epnkit.replicas.archive import SYNTHETIC, draw_picture, write_file
from epnkit.replicas.sitools import SitoolsColumn, SitoolsDataset
from epnkit.replicas.synthetic import write_fits

Record = dict[str, Any]

COLUMNS = (
    SitoolsColumn("preview", "varchar"),
    SitoolsColumn("download", "varchar"),
    SitoolsColumn("obs_date", "varchar"),
    SitoolsColumn("wavelength", "int4"),
    SitoolsColumn("index", "int4", key=True),
    SitoolsColumn("filename", "varchar"),
    SitoolsColumn("crea_date", "varchar"),
)

_WAVELENGTHS = (171, 195, 284, 304)
_DAYS = 260
_HOST = f"{SYNTHETIC}medoc_synoptic/"


def datasets() -> list[SitoolsDataset]:
    """Give the data set."""
    return [SitoolsDataset("webs_EUV-SYN_dataset", COLUMNS, list(records()))]


def records() -> Iterator[Record]:
    """Give each record."""
    first = datetime(2004, 3, 2)
    yield _record(2635, first, 171, "syn171_20040302.005959_efz20040302.010014")
    number = 3000
    for day in range(_DAYS):
        date = first + timedelta(days=1 + day)
        for wavelength in _WAVELENGTHS:
            number += 1
            name = f"syn{wavelength}_{date:%Y%m%d}.005959_{_image(date, day)}"
            yield _record(number, date, wavelength, name)
    # Of STEREO, of SDO, of an image of a name that nobody knows; and a name that is none.
    later = datetime(2011, 5, 1)
    for number, name in enumerate(
        ("20110501_001530_n4euA", "aia.lev1.171A_2011-05-01", "unknown0501", None), start=9000
    ):
        file = "map" if name is None else f"syn171_20110501.005959_{name}"
        yield _record(number, later, 171, file)


def _image(date: datetime, day: int) -> str:
    return f"efz{date:%Y%m%d}.01{day % 60:02d}14"


def _record(index: int, date: datetime, wavelength: int, name: str) -> Record:
    file = f"syn{wavelength}/{name}.fts"
    return {
        "preview": f"{_HOST}{file.removesuffix('.fts')}.png",
        "download": f"{_HOST}{file}",
        "obs_date": date.isoformat(timespec="milliseconds"),
        "wavelength": wavelength,
        "index": index,
        "filename": file,
        "crea_date": (date + timedelta(days=14)).isoformat(timespec="milliseconds"),
    }


def archive(directory: Path) -> None:
    """Write the map and the picture of each record."""
    for record in records():
        write_file(directory / record["filename"], _map())
        write_file((directory / record["filename"]).with_suffix(".png"), _picture())


@cache
def _map() -> bytes:
    return write_fits({"OBJECT": "Sun", "CTYPE1": "CRLN-CAR", "CTYPE2": "CRLT-CAR"})


@cache
def _picture() -> bytes:
    return draw_picture("PNG")
