"""A synthetic archive of BBI: images that were never taken, in keywords of public headers.

All of it is synthetic; the same documents come out every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from epnkit.replicas.observations import Archive, place_on_disc, write_files

COLLECTION = ("bbi", "observations")

ARCHIVE = Archive(
    "bbi",
    {"OBSRVTRY": "Observatorio del Teide", "TELESCOP": "GREGOR", "INSTRUME": "BBI", "WAVEUNIT": -9},
    begin="DATE_BEG",
    end="DATE_END",
)

#: The filters: centre and full width in nm.
_FILTERS = ((430.7, 1.0), (396.8, 1.1), (589.6, 1.0))

_FIRST = datetime(2016, 4, 24, 8, 0)
_COUNT = 1000

#: The first image's pointing, where the angle is about 18.5 degrees.
_POINTED = (250.0, 170.0)


def observations() -> Iterator[dict[str, Any]]:
    """Give each document."""
    for number in range(_COUNT):
        yield _make_image(number)
    yield from _make_traps()


def previews() -> Iterator[tuple[str, bytes]]:
    """Give identifier and content of each picture in GridFS."""
    return ARCHIVE.list_previews(observations())


def archive(directory: Path) -> None:
    """Write every file."""
    write_files(ARCHIVE, observations(), directory)


def _make_document(
    name: str, begin: datetime, pointed: tuple[float, float], **header: Any
) -> dict[str, Any]:
    x, y = pointed
    field = {
        "HELIOPROJECTIVE_X_MIN": x - 45,
        "HELIOPROJECTIVE_X_MAX": x + 45,
        "HELIOPROJECTIVE_Y_MIN": y - 30,
        "HELIOPROJECTIVE_Y_MAX": y + 30,
    }
    document = ARCHIVE.document(name, begin, 30, {"XPOSURE": 0.01, **field, **header})
    return {**document, "file": ARCHIVE.describe_file(f"{begin:%Y}/{name}.fits")}


def _make_image(number: int) -> dict[str, Any]:
    day, nth = divmod(number, 10)
    begin = _FIRST + timedelta(days=day, minutes=15 * nth)
    centre, width = _FILTERS[number % 3]
    document = _make_document(
        f"bbi_{begin:%Y%m%d}_{nth:03d}",
        begin,
        place_on_disc(number)[:2] if number else _POINTED,
        WAVELNTH=centre,
        WAVEMIN=round(centre - width / 2, 3),
        WAVEMAX=round(centre + width / 2, 3),
        BTYPE=("image", "burst")[number % 2],
        ATMOS_R0_MIN=0.05,
        ATMOS_R0_MAX=0.12,
        THETA=None,
    )
    if number % 60 == 1:
        document["embargo"]["until"] = datetime(2099, 1, 1)
    return document


def _make_traps() -> Iterator[dict[str, Any]]:
    """Make documents that cannot be granules, and odd ones that can."""
    begin = datetime(2018, 6, 7, 9, 0, 0)

    def trap(number: int, x: float = 0.0, **changes: Any) -> dict[str, Any]:
        header = {"WAVELNTH": 430.7, **changes}
        return _make_document(f"bbi_20180607_{number:03d}", begin, (x, 0.0), **header)

    yield trap(901, WAVEUNIT=4.8e-38)
    yield trap(902, DATE_END="018-06-07T09:00:30.000")
    yield trap(903, THETA=10.0, MU=0.2)
    # At the limb, beyond it, and without a kind.
    yield trap(904, 940.0)
    yield trap(905, 1400.0)
    # The limits the wrong way round.
    yield trap(906, HELIOPROJECTIVE_X_MIN=45.0, HELIOPROJECTIVE_X_MAX=-45.0)
    yield {**trap(907), "embargo": {"until": "never", "held": None}}
