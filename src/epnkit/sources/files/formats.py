"""Which reader reads which file, as a source file says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from epnkit.sources.config.settings import Settings
from epnkit.sources.files.binary import Layout, records_reader
from epnkit.sources.files.pds3 import read_pds3
from epnkit.sources.files.readers import (
    Reader,
    cdf_reader,
    csv_reader,
    fits_reader,
    read_asdf,
    read_json,
    read_nothing,
)

#: The formats that a source file names; ``name`` is for files whose name says all.
FORMATS = ("fits", "cdf", "asdf", "pds3", "json", "csv", "records", "name")

_PLAIN: dict[str, Reader] = {
    "asdf": read_asdf,
    "json": read_json,
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
        return _reader(settings), settings.names("files") or ("*",)
    formats: dict[str, object] = settings.take("formats", dict)
    readers = {glob: _of_glob(settings.path, told) for glob, told in formats.items()}
    return _by_name(readers), tuple(readers)


def _of_glob(path: Path, told: object) -> Reader:
    inner = Settings(path, dict(told) if isinstance(told, Mapping) else {"format": told})
    reader = _reader(inner)
    inner.finish()
    return reader


def _by_name(readers: Mapping[str, Reader]) -> Reader:
    def read(path: Path) -> Iterator[dict[str, Any]]:
        chosen = next(reader for glob, reader in readers.items() if fnmatchcase(path.name, glob))
        return chosen(path)

    return read


def _reader(settings: Settings) -> Reader:
    form = settings.choice("format", FORMATS)
    if form == "fits":
        extension: Any = settings.take("extension", object, 0)
        return fits_reader(extension)
    if form == "cdf":
        return cdf_reader(settings.names("limits"))
    if form == "csv":
        separator = settings.take("separator", str, ",")
        return csv_reader(separator, settings.take("encoding", str, "utf-8"))
    if form == "records":
        return records_reader(_layout(settings))
    return _PLAIN[form]


def _layout(settings: Settings) -> Layout:
    """Take the fields of a record, in order: ``fields = {ydh = "<u4", num = "<u4"}``."""
    fields: dict[str, object] = settings.take("fields", dict)
    try:
        return Layout([(name, str(kind)) for name, kind in fields.items()])
    except TypeError as error:
        raise settings.wrong(
            "fields", str(error), 'Write fields = {name = "<f8", …}, the types as numpy has them'
        ) from error
