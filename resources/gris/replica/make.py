"""A synthetic archive of GRIS: scans that were never observed, in SOLARNET's keywords.

The first observation has the values of the one public example: wavelength, heliocentric angle,
field, step, exposure and accumulations; where it pointed is made to fit them.  The same documents
come out every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from epnkit.replicas.archive import write_file
from epnkit.replicas.observations import Archive, checksum, make_file, place_on_disc

COLLECTION = ("gris", "observations")

ARCHIVE = Archive(
    "gris",
    {
        "OBSRVTRY": "Observatorio del Teide",
        "TELESCOP": "GREGOR",
        "INSTRUME": "GRIS",
        "WAVEUNIT": -9,
        "IMGSYS": "GREGOR Infrared Spectrograph",
    },
)

_FIRST = datetime(2018, 4, 2, 8, 30)
_COUNT = 1000
_SEED = "gris_20170929_011"

#: How many files the seed has.
_FILES = 250


def observations() -> Iterator[dict[str, Any]]:
    """Give each document."""
    yield _make_seed()
    for number in range(_COUNT):
        yield _make_scan(number)
    yield from _make_traps()


def previews() -> Iterator[tuple[str, bytes]]:
    """Give identifier and content of each picture in GridFS."""
    return ARCHIVE.list_previews(observations())


def containers() -> dict[str, list[dict[str, Any]]]:
    """Give the files of each container in Rucio."""
    content = make_file("GRIS")
    return {
        name: [
            {
                "name": file,
                "bytes": len(content),
                "adler32": checksum(content),
                "path": f"data/{file}",
            }
            for file in _list_files(name)
        ]
        for name in (each["name"] for each in observations() if each["rucio"])
        if not name.endswith(_LOST)
    }


def archive(directory: Path) -> None:
    """Write every file; that of a data set stands for all of it."""
    content = make_file("GRIS")
    for name in containers():
        for file in _list_files(name):
            write_file(directory / "data" / file, content)
    for each in observations():
        for product in ("inversion", "context"):
            if product in each:
                write_file(directory / product / f"{each['name']}.fits", content)
        log = each["log"]["url"].removeprefix(ARCHIVE.locate_file(""))
        write_file(directory / log, b"synthetic: nobody observed\n")


#: The number of the observation of which Rucio has no file.
_LOST = "_999"


def _list_files(name: str) -> list[str]:
    """Name the files of an observation; the last of a day has two, one in another version too."""
    last = name.endswith("_003")
    count = _FILES if name == _SEED else 2 if last else 1
    files = [f"{name}_{number:03d}_v01.fits" for number in range(count)]
    return [*files, f"{name}_000_v02.fits"] if last else files


def _make_document(name: str, begin: datetime, **description: Any) -> dict[str, Any]:
    size = len(make_file("GRIS"))
    document = ARCHIVE.document(name, begin, 600, description)
    return {
        **document,
        "rucio": f"gris:{name}",
        "package": {"url": ARCHIVE.locate_file(f"packages/{name}.zip"), "size": size},
        "log": {"url": ARCHIVE.locate_file(f"logs/{begin:%Y%m%d}.txt")},
        "calibration": {"url": ARCHIVE.locate_file(f"flats/{begin:%Y%m%d}.fits")},
    }


def _make_seed() -> dict[str, Any]:
    # 334.4 arcseconds from the centre, as far as the angle is at that day's distance.
    away = 333.65 / math.sqrt(2)
    document = _make_document(
        _SEED,
        datetime(2017, 9, 29, 9, 12, 31),
        WAVELNTH=1083.39,
        XPOSURE=1.0,
        ACCUMULA=10,
        STEPS=250,
        STEPSIZE=0.135,
        STATES=4,
        SERIES=1,
        THETA=20.369,
        MU=0.937,
        XCEN=away,
        YCEN=away,
        FOVX=65.0,
        FOVY=46.0,
        CROTA2=0.0,
        ATMOS_R0=0.11,
    )
    _add_products(document)
    document["previews"]["urls"].append(ARCHIVE.locate_preview(f"{_SEED}_stokes_v"))
    return {**document, "doi": "10.18727/kis-synthetic/1"}


def _make_scan(number: int) -> dict[str, Any]:
    begin = _FIRST + timedelta(days=number // 4, minutes=25 * (number % 4))
    name = f"gris_{begin:%Y%m%d}_{number % 4:03d}"
    x, y, away = place_on_disc(number)
    theta = round(math.degrees(math.asin(min(1.0, away))), 3)
    document = _make_document(
        name,
        begin,
        WAVELNTH=(1083.03, 1564.85)[number % 2],
        XPOSURE=1.0,
        ACCUMULA=10,
        STEPS=1 if number % 9 == 0 else 100,
        STEPSIZE=0.135,
        STATES=1 if number % 10 == 0 else 4,
        SERIES=1 + number % 3,
        THETA=theta if number % 5 else None,
        MU=round(math.cos(math.radians(theta)), 3) if number % 7 else None,
        XCEN=x,
        YCEN=y,
        FOVX=62.0,
        FOVY=13.5,
        CROTA2=float(number % 360),
        ATMOS_R0=0.05 + number % 10 / 100,
    )
    if number % 3 == 0:
        _add_products(document)
    if number % 50 == 1:
        document["embargo"]["until"] = datetime(2099, 1, 1)
    if number % 50 == 2:
        document["embargo"]["until"] = datetime(2020, 1, 1)
    return document


def _add_products(document: dict[str, Any]) -> None:
    """Add an inversion and a context image."""
    size = len(make_file("GRIS"))
    for product in ("inversion", "context"):
        url = ARCHIVE.locate_file(f"{product}/{document['name']}.fits")
        document[product] = {"url": url, "size": size}


def _make_traps() -> Iterator[dict[str, Any]]:
    """Make documents that cannot be granules, and odd ones that can."""
    begin = datetime(2020, 9, 6, 10, 11, 12)
    good = {"WAVELNTH": 1564.85, "XPOSURE": 1.0, "STEPS": 10, "STATES": 4, "THETA": 30.0}
    placed = {"XCEN": 480.0, "YCEN": 0.0, "FOVX": 60.0, "FOVY": 10.0}

    def trap(number: int, **changes: Any) -> dict[str, Any]:
        made = {**good, **placed, **changes}
        return _make_document(f"gris_20200906_{number:03d}", begin, **made)

    yield trap(901, WAVEUNIT=4.8e-38)
    yield trap(902, **{"DATE-END": "020-09-06T10:21:12.000"})
    yield trap(903, MU=0.5)
    # Pointed beyond the limb: no footprint; without a pointing and an angle: neither.
    yield trap(904, XCEN=1100.0, THETA=None)
    yield trap(905, XCEN=None, YCEN=None, THETA=None)
    yield {**trap(906), "embargo": {"until": None, "held": True}}
    yield {**trap(907), "embargo": {"until": "next year", "held": None}}
    yield _make_document("gris_20190101_001", begin, **good, **placed)
    yield {**trap(909), "rucio": None}
    yield trap(999)
