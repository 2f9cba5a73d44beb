"""A synthetic data set of Gaia-DEM in SiTools2: the real columns, and maps of nothing.

The first two records have the values that the tests of MEDOC's own client pySitools2 assert; of the
others, and of all files, nothing was ever observed.  Files are named by complete addresses, where
the real ones begin at the server's root.  The names of the pictures are inferred.
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
    SitoolsColumn("download", "varchar"),
    SitoolsColumn("date_obs", "timestamp"),
    SitoolsColumn("sunum_193", "int8", key=True),
    SitoolsColumn("filename", "varchar"),
    *(SitoolsColumn(f"{kind}_fits_rice", "varchar") for kind in ("temp", "em", "width", "chi2")),
)

_FIRST = datetime(2013, 1, 1, 0, 5, 1, 840_000)
_COUNT = 1000

#: How far the files of a replica are there: the links of a sample are opened.
_KINDS = ("temp", "em", "width", "chi2")


def datasets() -> list[SitoolsDataset]:
    """Give the data set."""
    return [SitoolsDataset("webs_GAIA-DEM_dataset", COLUMNS, list(records()))]


def records() -> Iterator[Record]:
    """Give each record."""
    yield _record(datetime(2012, 8, 10, 0, 5, 1, 875_000), 349340243)
    yield _record(datetime(2012, 8, 10, 1, 5, 1, 877_000), 349344872)
    for number in range(_COUNT):
        time = _FIRST + timedelta(hours=number, milliseconds=number % 160)
        yield _record(time, 400_000_000 + number)
    yield from _traps()


def _record(time: datetime, sunum: int) -> Record:
    name = f"DEM_aia_{time:%Y-%m-%dT%H_%M}_"
    folder = f"{SYNTHETIC}gaia_dem/{time:%Y/%m}/{name}"
    return {
        "download": f"{folder}.tar",
        "date_obs": time.isoformat(timespec="milliseconds"),
        "sunum_193": sunum,
        "filename": name,
        **{f"{kind}_fits_rice": f"{folder}{kind}.fits" for kind in _KINDS},
    }


def _traps() -> Iterator[Record]:
    """Make a record without a map, one a second after another, and ones that are refused."""
    lacking = _record(datetime(2014, 3, 1, 0, 5, 1, 850_000), 500_000_001)
    # Two of one minute have files of one name, and are told apart by their milliseconds.
    twins = [_record(datetime(2014, 3, 2, 0, 5, 1, ms * 1000), 500_000_002 + ms) for ms in (1, 2)]
    # The real identifier that has a blank: its time field is a millisecond off.
    blank = _record(datetime(2023, 6, 14, 23, 34, 51, 622_000), 500_000_010)
    broken = {**_record(datetime(2014, 3, 3), 500_000_011), "date_obs": "2014-02-30T00:00:00.000"}
    yield {**lacking, "chi2_fits_rice": None}
    yield from twins
    yield blank
    yield broken


def archive(directory: Path) -> None:
    """Write the maps and pictures of every record."""
    for record in records():
        for kind in _KINDS:
            address = record[f"{kind}_fits_rice"]
            if address is not None:
                _write(directory / address.removeprefix(f"{SYNTHETIC}gaia_dem/"), kind)


def _write(path: Path, kind: str) -> None:
    write_file(path, _map(kind))
    for side in (64, 1024):
        write_file(path.with_name(f"{path.stem}_{side}.png"), _picture(side))


@cache
def _map(kind: str) -> bytes:
    return write_fits({"OBJECT": "Sun", "TELESCOP": "SDO/AIA", "CONTENT": kind})


@cache
def _picture(side: int) -> bytes:
    return draw_picture("PNG", size=min(side, 128))
