r"""Files that describe what a record is about, whose fields join those of the record.

A source file names them, by where they lie::

    [attachments.asdf]
    directory = "/data/dkist"
    path = "{bucket}/{asdfObjectKey}"
    format = "dataset"

The fields of such a file stand behind its name, as ``asdf.outline``.  A record whose file is not
there has none of them; of one that cannot be read, ``asdf.problem`` says why.  Instead of the
directory a ``connection`` may be named, a credential with the directory and the address where it is
served: then ``asdf.url`` is where the file is.  Under ``parts`` patterns take fields of the record
apart, whose groups can be put in as well::

    [attachments.fits]
    connection = "spice_files"
    path = "level2/{year}/{month}/{filename}"
    format = "windows"
    parts = {filename = '_(?P<year>\d{4})(?P<month>\d{2})'}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from epnkit.sources.asdf.datasets import DATASET_FIELDS, read_dataset
from epnkit.sources.config.location import take_location
from epnkit.sources.config.settings import Settings
from epnkit.sources.files.companions import fill_pattern
from epnkit.sources.files.isolation import IsolatedReader, UnreadableFileError
from epnkit.sources.files.readers import Reader, read_nothing
from epnkit.sources.files.walk import FoundFile
from epnkit.sources.files.windows import WINDOW_FIELDS, read_windows
from epnkit.sources.values.documents import build_frame

#: The formats of such files: a reader, and the fields that it gives.
FORMATS: dict[str, tuple[Reader, Mapping[str, pl.DataType]]] = {
    "dataset": (read_dataset, DATASET_FIELDS),
    "windows": (read_windows, WINDOW_FIELDS),
    "name": (read_nothing, {}),
}

#: The field that says why a file could not be read, and those that are told of any file.
_PROBLEM, _URL = "problem", "url"
_FILE_FIELDS: dict[str, pl.DataType] = {
    "path": pl.String(),
    "size": pl.Int64(),
    _PROBLEM: pl.String(),
}


@dataclass(frozen=True)
class Attachment:
    """One kind of file that may belong to a record.

    Parameters
    ----------
    name : str
        What its fields stand behind.
    directory : pathlib.Path
        Where such files lie.
    paths : tuple of str
        Where that of a record may lie below it, with fields of the record in braces; the first
        that is there counts.
    form : str
        One of :data:`FORMATS`.
    address : str, optional
        The URL where the directory is served, with a slash at its end.
    parts : mapping of str to re.Pattern
        For fields of the record what takes them apart.
    """

    name: str
    directory: Path
    paths: tuple[str, ...]
    form: str
    address: str | None = None
    parts: Mapping[str, re.Pattern[str]] = field(default_factory=dict)

    @property
    def types(self) -> dict[str, pl.DataType]:
        """The fields that it adds to a record."""
        served = {} if self.address is None else {_URL: pl.String()}
        fields = {**FORMATS[self.form][1], **_FILE_FIELDS, **served}
        return {f"{self.name}.{name}": dtype for name, dtype in fields.items()}

    def locate(self, record: Mapping[str, Any]) -> FoundFile | None:
        """Find the file of a record, if it is there."""
        known = {**record, **self._take_apart(record)}
        named = (fill_pattern(pattern, known) for pattern in self.paths)
        found = (self._find(name) for name in named if name is not None)
        return next((file for file in found if file is not None), None)

    def _take_apart(self, record: Mapping[str, Any]) -> dict[str, str]:
        given = ((record.get(of), pattern) for of, pattern in self.parts.items())
        found = (pattern.search(str(value)) for value, pattern in given if value is not None)
        return {name: part for each in found if each for name, part in each.groupdict().items()}

    def describe(self, file: FoundFile) -> dict[str, Any]:
        """Return what is known of a file without reading it."""
        served = {} if self.address is None else {_URL: self.address + quote(file.name)}
        return {"path": file.name, "size": file.size, **served}

    def _find(self, name: str) -> FoundFile | None:
        path = self.directory / name
        with suppress(OSError):
            state = path.stat()
            if path.is_file() and path.resolve().is_relative_to(self.directory.resolve()):
                return FoundFile(self.directory, name, state.st_size, state.st_mtime_ns)
        return None


@dataclass
class Attachments:
    """The attachments of a source, each read by a process of its own.

    Parameters
    ----------
    listed : tuple of Attachment
        What the source file names.
    """

    listed: tuple[Attachment, ...] = ()
    _readers: dict[str, IsolatedReader] = field(default_factory=dict, repr=False)

    @property
    def types(self) -> dict[str, pl.DataType]:
        """The fields that they add to a record."""
        return {name: dtype for each in self.listed for name, dtype in each.types.items()}

    def join(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Add the fields of its attachments to each record.

        Parameters
        ----------
        batch : polars.DataFrame
            Records.
        """
        frames = [self._read(each, batch) for each in self.listed]
        return pl.concat([batch, *frames], how="horizontal") if frames else batch

    def _read(self, attachment: Attachment, batch: pl.DataFrame) -> pl.DataFrame:
        found = [attachment.locate(record) for record in batch.iter_rows(named=True)]
        read = self._reader_of(attachment).read(each for each in found if each is not None)
        documents = [
            {} if file is None else attachment.describe(file) | _read_document(next(read)[1])
            for file in found
        ]
        for _ in read:  # lets the reader keep its process
            pass
        named = [{f"{attachment.name}.{n}": v for n, v in each.items()} for each in documents]
        return build_frame(named, attachment.types, str(attachment.directory))

    def _reader_of(self, attachment: Attachment) -> IsolatedReader:
        reader, _ = FORMATS[attachment.form]
        return self._readers.setdefault(attachment.form, IsolatedReader(reader))


def _read_document(documents: Iterator[dict[str, Any]]) -> dict[str, Any]:
    try:
        (document,) = documents
    except UnreadableFileError as error:
        return {_PROBLEM: str(error)}
    return document


def take_attachments(settings: Settings, directory: Path | None = None) -> Attachments:
    """Take the attachments that a source file names.

    Parameters
    ----------
    settings : Settings
        The source file.
    directory : pathlib.Path, optional
        Where they lie if they do not say it.

    Raises
    ------
    ConfigurationError
        If one lacks something, or its format is unknown.
    """
    tables: dict[str, object] = settings.take("attachments", dict, {})
    return Attachments(
        tuple(_take_one(settings, name, table, directory) for name, table in tables.items())
    )


def _take_one(settings: Settings, name: str, table: object, directory: Path | None) -> Attachment:
    inner = Settings(settings.path, dict(table) if isinstance(table, Mapping) else {})
    chosen, address = take_location(inner, directory)
    form = inner.take_choice("format", tuple(FORMATS))
    given: object = inner.take("path", object)
    paths = tuple(map(str, given)) if isinstance(given, list) else (str(given),)
    attachment = Attachment(name, chosen, paths, form, address, _take_parts(inner))
    inner.finish()
    return attachment


def _take_parts(settings: Settings) -> dict[str, re.Pattern[str]]:
    given: dict[str, object] = settings.take("parts", dict, {})
    try:
        return {name: re.compile(str(pattern)) for name, pattern in given.items()}
    except re.error as error:
        raise settings.invalid_key_error(
            "parts", str(error), "Write the patterns as Python's re module reads them"
        ) from error
