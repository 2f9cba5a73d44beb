"""A synthetic archive of ChroTel: images that were never taken, in SOLARNET's keywords.

The first has the name and the time of the one public example.  The same documents come out every
time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from epnkit.replicas.observations import Archive, write_files

COLLECTION = ("chrotel", "observations")

ARCHIVE = Archive(
    "chrotel",
    {
        "OBSRVTRY": "Observatorio del Teide",
        "TELESCOP": "Chromospheric Telescope",
        "INSTRUME": "ChroTel",
        "WAVEUNIT": -9,
    },
)

#: The lines: wavelength in nm, exposure in s, and steps through the line.
_LINES = {"ca": (393.4, 1.0, 1), "ha": (656.2, 0.1, 1), "he": (1083.0, 0.3, 7)}

_FIRST = datetime(2014, 9, 2, 11, 3, 10)
_COUNT = 340


def observations() -> Iterator[dict[str, Any]]:
    """Give each document."""
    yield from list_images(_COUNT)
    yield from _make_traps()


def list_images(count: int, step: timedelta = timedelta(days=1)) -> Iterator[dict[str, Any]]:
    """Give the documents of so many times, three for each."""
    for number in range(count):
        begin = _FIRST + number * step + timedelta(minutes=3 * (number % 50))
        for line in _LINES:
            document = _make_document(begin, line)
            if number % 40 == 7:
                document["embargo"]["until"] = datetime(2099, 1, 1)
            yield document


def previews() -> Iterator[tuple[str, bytes]]:
    """Give identifier and content of each picture in GridFS."""
    return ARCHIVE.list_previews(observations())


def archive(directory: Path) -> None:
    """Write every file, compressed."""
    write_files(ARCHIVE, observations(), directory)


def _make_document(begin: datetime, line: str, **changes: Any) -> dict[str, Any]:
    wavelength, exposure, steps = _LINES[line]
    header = {"WAVELNTH": wavelength, "XPOSURE": exposure, "STEPS": steps, **changes}
    document = ARCHIVE.document(f"chroTel_{begin:%Y%m%d_%H%M%S}_{line}", begin, exposure, header)
    path = f"{begin:%Y/%m}/chrotel_{line}_lev1.0_{begin:%Y%m%d_%H%M%S}.fits.gz"
    return {**document, "file": ARCHIVE.describe_file(path)}


def _make_traps() -> Iterator[dict[str, Any]]:
    """Make documents that cannot be granules, and odd ones that can."""
    begin = datetime(2016, 3, 4, 9, 0, 0)
    times = [begin + timedelta(minutes=3 * number) for number in range(6)]
    yield _make_document(times[0], "ha", WAVEUNIT=4.8e-38)
    yield _make_document(times[1], "ha", **{"DATE-END": "016-03-04T09:03:00.000"})
    yield {**_make_document(times[2], "ha"), "name": "chroTel_20160305_090600_ha"}
    yield {**_make_document(times[3], "ha"), "name": "ChroTel 2016"}
    yield {**_make_document(times[4], "he"), "file": {"url": None, "size": None}}
    yield {**_make_document(times[5], "ca"), "embargo": {"until": None, "held": True}}
