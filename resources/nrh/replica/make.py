"""A synthetic index of the radioheliograph: days that were never observed, in the real fields.

The first document has the values of the one example that is public; of the others, and of all
movies, nothing was ever observed.  ``unique_id`` and ``plots`` are inferred.  The same documents
come out every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from epnkit.replicas.archive import SYNTHETIC, draw_picture, write_file

INDEX = "nrh"

PROPERTIES = {
    "unique_id": {"type": "keyword"},
    "typ": {"type": "keyword"},
    "frq": {"type": "integer"},
    "hdeb": {"type": "date"},
    "hfin": {"type": "date"},
    "@timestamp": {"type": "date"},
    "file": {"type": "keyword"},
    "physpara": {"type": "keyword"},
    "plots": {"type": "keyword"},
    "observatory": {"type": "text"},
    "obs-type": {"type": "keyword"},
    "itg": {"type": "long"},
    "obs-subtype": {"type": "keyword"},
    "telescope": {"type": "text"},
    "instrument": {"type": "keyword"},
    "source": {"type": "keyword"},
    "bunits": {"type": "keyword"},
}

#: Sets of frequencies in units of 100 kHz, as they were observed one after the other.
_SETS = (
    [2280, 3270, 4080, 1509, 4320],
    [1509, 1732, 2280, 2706, 2987, 3270, 4080, 4320, 4450],
    [4080],
)

_FIRST = datetime(2008, 1, 1, 8, 32, 15, 250000, tzinfo=UTC)
_DAYS = 400
_FREQUENCIES = 10


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each document with its identifier."""
    begin = datetime(2007, 12, 21, 11, 44, 13, 5000, tzinfo=UTC)
    end = datetime(2007, 12, 21, 14, 35, 44, 89000, tzinfo=UTC)
    yield from _of_day(begin, end, _SETS[0], ["01Z"])
    for number in range(_DAYS):
        begin = _FIRST + timedelta(days=number, milliseconds=7 * number)
        chosen = _SETS[min(number % 5, 2)]
        yield from _of_day(begin, begin + timedelta(hours=6), chosen, ["01", "01Z", "01ZZ"])
    yield from _traps()


def movies(document: dict[str, Any]) -> list[dict[str, Any]]:
    """List the movies of a document, as the archive's service answers."""
    begin = datetime.fromisoformat(document["hdeb"])
    size = len(_MOVIE)
    return [
        {
            "frequency": each,
            "size": size,
            "url": f"{document['plots']}/nrh{begin:%d%m%Y}_{each:04d}.gif",
        }
        for each in document["frq"]
        if each
    ]


def archive(directory: Path) -> None:
    """Write every movie."""
    for _, document in documents():
        for movie in movies(document):
            write_file(directory / movie["url"].removeprefix(f"{SYNTHETIC}nrh/"), _MOVIE)


_MOVIE = draw_picture("GIF", frames=3)


def _of_day(
    begin: datetime, end: datetime, frequencies: list[int], parts: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in parts:
        document = _document(begin, end, frequencies, f"2d{begin:%y%m%d}.{part}")
        yield document["unique_id"], document


def _document(begin: datetime, end: datetime, frequencies: list[int], file: str) -> dict[str, Any]:
    start = begin.isoformat(timespec="microseconds")
    return {
        "unique_id": f"nrh_{begin:%Y%m%d_%H%M%S}_{file.partition('.')[2]}",
        "typ": "",
        "frq": frequencies + [0] * (_FREQUENCIES - len(frequencies)),
        "hdeb": start,
        "hfin": end.isoformat(timespec="microseconds"),
        "@timestamp": start,
        # What an exposure of 37 years looks like in real headers.
        "itg": 1168576512,
        "file": file,
        "plots": f"{SYNTHETIC}nrh/{begin:%Y/%m}",
        "physpara": "I+V",
        "observatory": "Observatoire de Paris – Nançay",
        "obs-type": "radio",
        "obs-subtype": "visibilité",
        "telescope": "radio interferometer",
        "instrument": "nrh",
        "source": "sun",
        "bunits": "sfu",
    }


def _traps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Make documents that cannot be granules, and odd ones that can."""
    begin = datetime(2010, 5, 6, 9, 0, 0, tzinfo=UTC)
    end = begin + timedelta(hours=1)
    backwards = _document(begin, begin - timedelta(hours=1), _SETS[0], "2d100506.01")
    endless = {**_document(begin, end, _SETS[0], "2d100506.02"), "hfin": None}
    noisy = _document(begin, end, [1732, 4450], "2d100506.03")
    silent = _document(begin, end, [], "2d100506.04")
    accented = {**_document(begin, end, _SETS[2], "2d100506.05"), "unique_id": "Nançay 2010/05/06"}
    another = {**_document(begin, end, _SETS[2], "2d100506.06"), "instrument": "orfees"}
    for document in (backwards, endless, noisy, silent, accented, another):
        yield document["unique_id"], document
