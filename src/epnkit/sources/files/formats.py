"""Which reader reads which file, as a source file says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from epnkit.sources.config.settings import Settings
from epnkit.sources.files.asdf import read_asdf
from epnkit.sources.files.binary import RecordLayout, RecordsReader
from epnkit.sources.files.cards import CardsReader
from epnkit.sources.files.cdf import CdfReader
from epnkit.sources.files.fits import FitsReader
from epnkit.sources.files.pds3 import read_pds3
from epnkit.sources.files.readers import CsvReader, EcsvReader, Reader, read_json, read_nothing
from epnkit.sources.files.tables import read_json_lines, read_parquet, read_votable

#: The formats that a source file names; ``name`` is for files whose name says all.
FORMATS = (
    "fits",
    "cards",
    "cdf",
    "asdf",
    "pds3",
    "json",
    "ndjson",
    "csv",
    "ecsv",
    "parquet",
    "votable",
    "records",
    "name",
)

_PLAIN: dict[str, Reader] = {
    "asdf": read_asdf,
    "json": read_json,
    "ndjson": read_json_lines,
    "parquet": read_parquet,
    "votable": read_votable,
    "pds3": read_pds3,
    "name": read_nothing,
}


def read_formats(settings: Settings) -> tuple[Reader, tuple[str, ...]]:
    """Take the formats of a source file, and which names to take.

    Either ``format``, with the names in ``files``; or a table ``formats`` that gives for each
    pattern of names its format, or a table of format and settings, of which the first that fits a
    name counts.

    Returns
    -------
    reader : callable
        Reads any file of the source.
    globs : tuple of str
        The patterns of the names.

    Raises
    ------
    ConfigurationError
        When a format is unknown, or what it needs is missing.
    """
    if not settings.has("formats"):
        return _take_reader(settings), settings.take_names("files") or ("*",)
    formats: dict[str, object] = settings.take("formats", dict)
    readers = {glob: _glob_reader(settings.path, told) for glob, told in formats.items()}
    return ReaderByName(readers), tuple(readers)


def _glob_reader(path: Path, told: object) -> Reader:
    inner = Settings(path, dict(told) if isinstance(told, Mapping) else {"format": told})
    reader = _take_reader(inner)
    inner.finish()
    return reader


@dataclass(frozen=True)
class ReaderByName:
    """Reads each file by the first reader whose pattern fits its name.

    Parameters
    ----------
    readers : mapping of str to callable
        The readers by their patterns.
    """

    readers: Mapping[str, Reader]

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        """Read one file."""
        return self.choose(path)(path)

    def choose(self, path: Path) -> Reader:
        """Return the reader of a file."""
        names = self.readers.items()
        return next(reader for glob, reader in names if fnmatchcase(path.name, glob))


def _take_reader(settings: Settings) -> Reader:
    form = settings.take_choice("format", FORMATS)
    if form == "fits":
        extension: Any = settings.take("extension", object) if settings.has("extension") else None
        return FitsReader(extension, settings.take_names("limits"))
    if form == "cards":
        return CardsReader(settings.take_names("cards"), settings.take_text("name"))
    if form == "cdf":
        return CdfReader(settings.take_names("limits"))
    if form == "csv":
        return CsvReader(settings.take_text("separator"), settings.take_text("encoding"))
    if form == "ecsv":
        return EcsvReader(settings.take("rename", dict, {}))
    if form == "records":
        return RecordsReader(_take_layout(settings))
    return _PLAIN[form]


def _take_layout(settings: Settings) -> RecordLayout:
    """Take the fields of a record, in order: ``fields = {ydh = "<u4", num = "<u4"}``."""
    fields: dict[str, object] = settings.take("fields", dict)
    try:
        return RecordLayout([(name, str(kind)) for name, kind in fields.items()])
    except TypeError as error:
        raise settings.invalid_key_error(
            "fields", str(error), 'Write fields = {name = "<f8", …}, the types as numpy has them'
        ) from error
