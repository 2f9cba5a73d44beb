"""Documents of solar observations as an archive in MongoDB holds them; all of it synthetic.

Header keywords are SOLARNET's, under ``description``; how the archive's own fields are named is
inferred, since no document of a real one is public.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from epnkit.replicas.archive import SYNTHETIC, draw_picture, write_file
from epnkit.replicas.documents import PREVIEWS
from epnkit.replicas.synthetic import write_fits

#: Form of times in headers.
_ISO = "%Y-%m-%dT%H:%M:%S.%f"

#: When the replica was made, as far as its documents know.
MADE = datetime(2026, 1, 15, 12)


@dataclass(frozen=True)
class Archive:
    """What the documents of one instrument have in common.

    Parameters
    ----------
    service : str
        The service, which is the instrument's name in lower case.
    description : mapping
        Header keywords of every document.
    begin, end : str
        The keywords of the first and the last time.
    """

    service: str
    description: Mapping[str, Any]
    begin: str = "DATE-BEG"
    end: str = "DATE-END"

    def document(
        self, name: str, begin: datetime, seconds: float, description: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make the document of an observation.

        Parameters
        ----------
        name : str
            The observation.
        begin : datetime.datetime
            When it began.
        seconds : float
            How long it took.
        description : mapping
            Further header keywords.
        """
        end = begin + timedelta(seconds=seconds)
        return {
            "name": name,
            "updated": begin + timedelta(days=2),
            "description": {
                self.begin: begin.strftime(_ISO)[:-3],
                self.end: end.strftime(_ISO)[:-3],
                **self.description,
                **description,
            },
            "previews": {"urls": [self.locate_preview(name)]},
            "embargo": {"until": None, "held": None},
            "licence": "https://creativecommons.org/licenses/by/4.0/",
        }

    def locate_preview(self, name: str) -> str:
        """Return what stands for the address of a preview in GridFS."""
        return f"{PREVIEWS}{self.service}/{name}.png"

    def locate_file(self, path: str) -> str:
        """Return what stands for the address of a file."""
        return f"{SYNTHETIC}{self.service}/{path}"

    def describe_file(self, path: str) -> dict[str, Any]:
        """Return what a document says of its file."""
        return {"url": self.locate_file(path), "size": len(make_file(self.service, path))}

    def list_previews(self, documents: Iterator[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
        """Give identifier and content of each preview that documents name."""
        prefix = f"{PREVIEWS}{self.service}/"
        for each in documents:
            for number, url in enumerate(each["previews"]["urls"]):
                yield url.removeprefix(prefix), _draw_preview(number)


@cache
def _draw_preview(number: int) -> bytes:
    return draw_picture("PNG", brightness=200 - 40 * number)


def make_file(instrument: str, path: str = "") -> bytes:
    """Make the FITS file that stands for every file of an instrument, compressed if so named."""
    return _make_file(instrument, compressed=path.endswith(".gz"))


@cache
def _make_file(instrument: str, *, compressed: bool) -> bytes:
    content = write_fits({"INSTRUME": instrument.upper()})
    return gzip.compress(content, mtime=0) if compressed else content


def write_files(archive: Archive, documents: Iterator[dict[str, Any]], directory: Path) -> None:
    """Write the file of each document.

    Parameters
    ----------
    archive : Archive
        Whose documents they are.
    documents : iterator of dict
        The documents, with ``file.url``.
    directory : pathlib.Path
        The directory of the service's files.
    """
    for each in documents:
        url = each["file"]["url"]
        if url is not None:
            path = url.removeprefix(archive.locate_file(""))
            write_file(directory / path, make_file(archive.service, path))


def checksum(content: bytes) -> str:
    """Return the checksum that Rucio wants, Adler-32 in hexadecimal."""
    return f"{zlib.adler32(content):08x}"


def place_on_disc(number: int) -> tuple[float, float, float]:
    """Return a pointing on the disc, in arcseconds west and north, and its distance in radii."""
    angle, away = number * 2.399963, 0.95 * math.sqrt((number % 97 + 0.5) / 97)
    return 950 * away * math.cos(angle), 950 * away * math.sin(angle), away
