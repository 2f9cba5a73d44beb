"""Synthetic records of AIA and HMI as MEDOC's SiTools2 has them, and images of nothing.

The records of 2011-02-15 and 2024-06-28 have the numbers and times of real headers (an image of
AIA, and a patch of HMI); of the others, and of all files, nothing was ever observed.  The names of
the pictures are inferred.  Where the records say a file is, without ``https://``, is complete here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from epnkit.replicas.archive import SYNTHETIC, draw_picture, write_file
from epnkit.replicas.regards_catalog import RegardsCatalog, RegardsFile, RegardsProduct
from epnkit.replicas.sitools import SitoolsColumn, SitoolsDataset
from epnkit.replicas.synthetic import write_fits

Record = dict[str, Any]

_COMMON = (
    SitoolsColumn("recnum", "int8", key=True),
    SitoolsColumn("sunum", "int8"),
    SitoolsColumn("series_name", "varchar"),
    SitoolsColumn("date__obs", "timestamp"),
    SitoolsColumn("wavelnth", "int4"),
    SitoolsColumn("ias_location", "varchar"),
    SitoolsColumn("exptime", "float8"),
    SitoolsColumn("t_rec_index", "int8"),
    SitoolsColumn("ias_path", "varchar"),
    SitoolsColumn("get", "varchar"),
    SitoolsColumn("mask_cadence", "varchar"),
)

_CHANNELS = (94, 131, 171, 193, 211, 304, 335, 1600, 1700)

#: What HMI makes of a slot, the file of it, and how many minutes after AIA's first image it begins.
_PRODUCTS = {
    "hmi.m_720s": "magnetogram",
    "hmi.ic_720s": "continuum",
    "hmi.ic_nolimbdark_720s": "continuum",
}

_FIRST = datetime(2014, 5, 1)

#: The slot of 720 seconds that begins that day in TAI, and the second of AIA's.
_SLOT, _SECOND = (datetime(2014, 5, 1) - datetime(1993, 1, 1)).days * 120, 1_177_977_635

#: The record whose date is none.
_BROKEN = 200_000_004

#: How many cycles of AIA and slots of HMI there are.
_CYCLES, _SLOTS = 120, 40


def datasets() -> list[SitoolsDataset]:
    """Give the two data sets."""
    harp = SitoolsColumn("harpnum", "int4")
    return [
        SitoolsDataset("webs_IAS_SDO_AIA_dataset", _COMMON, list(aia_records())),
        SitoolsDataset("webs_IAS_SDO_HMI_dataset", (*_COMMON, harp), list(hmi_records())),
    ]


def catalog() -> RegardsCatalog:
    """Give the same records as products of REGARDS, whose index takes no broken date."""
    held = (*aia_records(), *hmi_records())
    return RegardsCatalog("Solar", [_product(each) for each in held if each["recnum"] != _BROKEN])


def _product(record: Mapping[str, Any]) -> RegardsProduct:
    date = f"{record['date__obs']}Z"
    properties = {**record, "date__obs": date, "observatory": "SDO"}
    name = f"{record['series_name']}:{record['recnum']}"
    file = RegardsFile("RAWDATA", f"{name}.fits", "application/fits", url=record["get"])
    return RegardsProduct(name, properties, (file,), model="sdo")


def aia_records() -> Iterator[Record]:
    """Give the records of AIA."""
    real = datetime(2011, 2, 15, 0, 0, 0, 340_000)
    yield _record("aia.lev1", 69981867, real, 171, 2.000191, 1076803235, "image_lev1")
    number = 100_000_000
    for cycle in range(_CYCLES):
        for place, wave in enumerate(_CHANNELS):
            number += 1
            seconds = 12 * cycle + place
            time = _FIRST + timedelta(seconds=seconds, milliseconds=340 + number % 7)
            yield _record("aia.lev1", number, time, wave, 2.0, _SECOND + seconds, "image_lev1")
    yield from _aia_traps()


def _aia_traps() -> Iterator[Record]:
    """Make records without files at MEDOC, without an exposure, with broken dates and series."""
    time = datetime(2014, 6, 1, 0, 0, 0, 340_000)
    away = _record("aia.lev1", 200_000_001, time, 171, 2.0, 0, "image_lev1")
    dark = _record("aia.lev1", 200_000_002, time, 193, 0.0, 0, "image_lev1")
    visible = _record("aia.lev1", 200_000_003, time, 4500, 0.5, 0, "image_lev1")
    broken = _record("aia.lev1", _BROKEN, time, 171, 2.0, 0, "image_lev1")
    other = _record("aia.lev9", 200_000_005, time, 171, 2.0, 0, "image_lev1")
    yield {**away, "ias_location": "", "ias_path": ""}
    yield dark
    yield visible
    yield {**broken, "date__obs": "2014-02-30T00:00:00.000"}
    yield other


def hmi_records() -> Iterator[Record]:
    """Give the records of HMI."""
    real = datetime(2024, 6, 27, 23, 58, 46, 200_000)
    yield _patch("hmi.sharp_720s", 9170526, real, 1380120, 11465, "magnetogram")
    for slot in range(_SLOTS):
        # The slot's middle is 35 seconds earlier in UTC; the date that SiTools2 has is earlier yet.
        time = _FIRST + timedelta(seconds=720 * slot - 80)
        for place, (series, file) in enumerate(_PRODUCTS.items()):
            number = 500_000 + 10 * slot + place
            yield _hmi(series, number, time, _SLOT + slot, file)
        yield _patch("hmi.sharp_cea_720s", 600_000 + slot, time, _SLOT + slot, 4051, "Br")
    # What is near real time has numbers of its own, and may be of the same slot.
    nrt = _FIRST - timedelta(seconds=80)
    yield _hmi("hmi.m_720s_nrt", 500_000, nrt, _SLOT + 1000, "magnetogram")


def _hmi(series: str, number: int, time: datetime, slot: int, file: str) -> Record:
    return {**_record(series, number, time, 6173, 720.0, slot, file), "harpnum": None}


def _patch(series: str, number: int, time: datetime, slot: int, harp: int, file: str) -> Record:
    return {**_record(series, number, time, 6173, 720.0, slot, file), "harpnum": harp}


def _record(
    series: str, number: int, time: datetime, wave: int, exposure: float, index: int, file: str
) -> Record:
    folder = f"{SYNTHETIC}medoc_sdo/{series}/{number}"
    return {
        "recnum": number,
        "sunum": 500_000_000 + number,
        "series_name": series,
        "date__obs": time.isoformat(timespec="milliseconds"),
        "wavelnth": wave,
        "ias_location": f"/SUM{number % 90}/D{500_000_000 + number}/S00000",
        "exptime": exposure,
        "t_rec_index": index,
        # As the client expects it, with the file's name for AIA and without for HMI.
        "ias_path": f"{folder}/image_lev1.fits" if file == "image_lev1" else folder,
        "get": f"{folder}/{file}.fits",
        "mask_cadence": "12 sec|1 min" if number % 5 == 0 else "12 sec",
    }


def archive(directory: Path) -> None:
    """Write the file and the pictures of every record."""
    for record in (*aia_records(), *hmi_records()):
        path = directory / record["get"].removeprefix(f"{SYNTHETIC}medoc_sdo/")
        write_file(path, _image(record["series_name"]))
        for side in (64, 1024):
            write_file(path.with_name(f"{path.stem}_{side}.png"), _picture(side))


@cache
def _image(series: str) -> bytes:
    return write_fits({"OBJECT": "Sun", "TELESCOP": "SDO", "CONTENT": series})


@cache
def _picture(side: int) -> bytes:
    return draw_picture("PNG", size=min(side, 128))
