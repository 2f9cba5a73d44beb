"""A synthetic archive of LARS: spectra that were never taken, in SOLARNET's keywords.

All of it is synthetic; the same documents come out every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from epnkit.replicas.observations import Archive, place_on_disc, write_files

COLLECTION = ("lars", "observations")

ARCHIVE = Archive(
    "lars",
    {
        "OBSRVTRY": "Observatorio del Teide",
        "TELESCOP": "Vacuum Tower Telescope",
        "INSTRUME": "LARS",
        "WAVEUNIT": -9,
        "WAVEREF": "laser frequency comb",
    },
)

#: Ranges of wavelengths in nm.
_RANGES = ((614.9, 615.5), (656.0, 656.6), (537.8, 538.4))

_FIRST = datetime(2016, 9, 12, 8, 0)
_COUNT = 1000


def observations() -> Iterator[dict[str, Any]]:
    """Give each document."""
    for number in range(_COUNT):
        yield _make_series(number)
    yield from _make_traps()


def previews() -> Iterator[tuple[str, bytes]]:
    """Give identifier and content of each picture in GridFS."""
    return ARCHIVE.list_previews(observations())


def archive(directory: Path) -> None:
    """Write every file."""
    write_files(ARCHIVE, observations(), directory)


def _make_document(name: str, begin: datetime, **header: Any) -> dict[str, Any]:
    document = ARCHIVE.document(name, begin, 1200, {"XPOSURE": 1.5, "ACCUMULA": 800, **header})
    return {**document, "file": ARCHIVE.describe_file(f"{begin:%Y}/{name}_lev1.fits")}


def _make_series(number: int) -> dict[str, Any]:
    day, nth = divmod(number, 5)
    begin = _FIRST + timedelta(days=day, minutes=30 * nth)
    low, high = _RANGES[number // 2 % 3]
    x, y, away = place_on_disc(number)
    theta = round(math.degrees(math.asin(min(1.0, away))), 3)
    document = _make_document(
        f"lars_{begin:%Y%m%d}_{nth:03d}",
        begin,
        WAVELNTH=round((low + high) / 2, 2),
        WAVEMIN=low,
        WAVEMAX=high,
        THETA=theta if number % 11 else None,
        MU=round(math.cos(math.radians(theta)), 3),
        XCEN=x,
        YCEN=y,
        FOVX=(10.0, 3.0)[number % 2],
        CROTA2=0.0,
    )
    if number % 60 == 1:
        document["embargo"]["until"] = datetime(2099, 1, 1)
        document["embargo"]["held"] = True
    return document


def _make_traps() -> Iterator[dict[str, Any]]:
    """Make documents that cannot be granules, and odd ones that can."""
    begin = datetime(2019, 5, 6, 9, 0, 0)
    good = {"WAVELNTH": 615.2, "XCEN": 0.0, "YCEN": 0.0, "FOVX": 10.0, "THETA": 0.0, "MU": 1.0}

    def trap(number: int, **changes: Any) -> dict[str, Any]:
        return _make_document(f"lars_20190506_{number:03d}", begin, **{**good, **changes})

    yield trap(901, WAVEUNIT=4.8e-38)
    yield trap(902, **{"DATE-END": "019-05-06T09:20:00.000"})
    yield trap(903, THETA=80.0)
    # Unknown, as headers write it; and at the limb, which cuts the field.
    yield trap(904, THETA=-1.0, MU=999.0)
    yield trap(905, XCEN=950.0, THETA=None, MU=None)
    yield {**trap(906), "name": "lars_20190508_906"}
