"""Files that describe what a record is about, whose fields join those of the record.

A source file names them, by where they lie::

    [attachments.asdf]
    directory = "/data/dkist"
    path = "{bucket}/{asdfObjectKey}"
    format = "dataset"

The fields of such a file stand behind its name, as ``asdf.outline``.  A record whose file is not
there has none of them; of one that cannot be read, ``asdf.problem`` says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.sources.asdf.datasets import DATASET_FIELDS, read_dataset
from epnkit.sources.config.settings import Settings
from epnkit.sources.files.companions import fill_pattern
from epnkit.sources.files.isolation import IsolatedReader, UnreadableFileError
from epnkit.sources.files.readers import Reader
from epnkit.sources.files.walk import FoundFile
from epnkit.sources.values.documents import build_frame

#: The formats of such files: a reader, and the fields that it gives.
FORMATS: dict[str, tuple[Reader, Mapping[str, pl.DataType]]] = {
    "dataset": (read_dataset, DATASET_FIELDS)
}

#: The field that says why a file could not be read, and those that are told of any file.
_PROBLEM = "problem"
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
    """

    name: str
    directory: Path
    paths: tuple[str, ...]
    form: str

    @property
    def types(self) -> dict[str, pl.DataType]:
        """The fields that it adds to a record."""
        fields = {**FORMATS[self.form][1], **_FILE_FIELDS}
        return {f"{self.name}.{name}": dtype for name, dtype in fields.items()}

    def locate(self, record: Mapping[str, Any]) -> FoundFile | None:
        """Find the file of a record, if it is there."""
        named = (fill_pattern(pattern, record) for pattern in self.paths)
        found = (self._find(name) for name in named if name is not None)
        return next((file for file in found if file is not None), None)

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
        documents = [{} if file is None else _describe(*next(read)) for file in found]
        for _ in read:  # lets the reader keep its process
            pass
        named = [{f"{attachment.name}.{n}": v for n, v in each.items()} for each in documents]
        return build_frame(named, attachment.types, str(attachment.directory))

    def _reader_of(self, attachment: Attachment) -> IsolatedReader:
        reader, _ = FORMATS[attachment.form]
        return self._readers.setdefault(attachment.form, IsolatedReader(reader))


def _describe(file: FoundFile, documents: Iterator[dict[str, Any]]) -> dict[str, Any]:
    of_file = {"path": file.name, "size": file.size}
    try:
        (document,) = documents
    except UnreadableFileError as error:
        return {**of_file, _PROBLEM: str(error)}
    return {**of_file, **document}


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
    chosen = inner.take_path("directory") or directory
    if chosen is None:
        raise inner.missing_key_error("directory")
    form = inner.take_choice("format", tuple(FORMATS))
    given: object = inner.take("path", object)
    paths = tuple(map(str, given)) if isinstance(given, list) else (str(given),)
    attachment = Attachment(name, chosen, paths, form)
    inner.finish()
    return attachment
