"""Features of TFCat documents as records: of a directory, or by their addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import polars as pl

from epnkit.errors import ConfigurationError, SourceError
from epnkit.sources.base import (
    ALL,
    BATCH_SIZE,
    SOURCE_DIGEST,
    UNORDERED,
    UNREADABLE,
    WHOLE,
    Order,
    Window,
)
from epnkit.sources.comparing import ComparedByDigest
from epnkit.sources.config.settings import open_settings
from epnkit.sources.files.isolation import IsolatedReader, UnreadableFileError
from epnkit.sources.files.walk import FoundFile, walk
from epnkit.sources.tfcat.download import UNDATED, DocumentServer
from epnkit.sources.tfcat.fields import DIGEST, FILE_FIELDS, PROBLEM, READER_FIELDS
from epnkit.sources.tfcat.settings import TfcatSettings, take_tfcat_settings
from epnkit.sources.tfcat.text import DocumentError
from epnkit.sources.transport.http import HttpClient
from epnkit.sources.transport.paging import require_cursor
from epnkit.sources.values.documents import build_frame, infer_types
from epnkit.sources.values.keys import key_expression
from epnkit.sources.values.window_bounds import parse_window, window_filter

#: How many documents, and how many features of each, are looked at to find the fields.
_SAMPLE = 200

#: What the reader's process writes before what a document's error says.
_PREFIX = f"{DocumentError.__name__}: "


class TfcatSource(ComparedByDigest):
    """Features of TFCat documents, in the order of the documents' paths.

    A record has the properties of its feature, those of its document as ``catalogue.NAME``, what
    :data:`~epnkit.sources.tfcat.fields.READER_FIELDS` lists (limits of time as Julian dates in UTC,
    of frequency in Hz and of wavelength in m, the feature as a document of its own), and of its
    file ``path``, ``file_name``, ``file_size``, ``modified`` (the cursor), ``address`` and ``url``.
    What cannot be read has its key, and why: it is refused, and nothing else.

    Parameters
    ----------
    settings : TfcatSettings
        Where the documents are and how they are read.
    """

    def __init__(self, settings: TfcatSettings) -> None:
        self._settings = settings
        self._reader = IsolatedReader(settings.reader, settings.seconds)
        self.skipped: Counter[str] = Counter()
        self._server: DocumentServer | None = None
        self._address = settings.address
        self.label = f"{settings.directory}/{{{','.join(settings.globs)}}}"
        if settings.server is not None:
            policy = settings.retry_policy
            client = HttpClient(settings.server, settings.authority, policy.read_timeout)
            self._server = DocumentServer(client, settings.documents, policy)
            self._address = f"{client.base}/"
            self.label = client.address("/")

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> TfcatSource:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            If the file is wrong, or the cursor another field than ``modified``.
        """
        if order.cursor not in (None, "modified"):
            raise ConfigurationError(
                f"TFCat documents have no cursor {order.cursor!r}",
                where=str(path),
                cure="Use `modified`",
            )
        with open_settings(path, "tfcat") as settings:
            chosen = take_tfcat_settings(settings, order)
        return cls(chosen)

    def schema(self) -> dict[str, str]:
        """Return the fields that the first documents have, and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Count the window's features: each document is read."""
        return sum(batch.height for batch in self.batches(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the documents that changed within a window.

        Raises
        ------
        SourceError
            If the directory or the server cannot be read; a document that cannot be is a record.
        """
        require_cursor(self._settings.order.cursor, window, self.label)
        kept = None
        if not window.everything:
            kept = window_filter("modified", parse_window(window, "modified", FILE_FIELDS))
        for batch in self._read_batches(window, size):
            chosen = batch if kept is None else batch.filter(kept)
            if chosen.height:
                yield chosen

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, each with a digest of what its feature says."""
        schema = {"record_key": pl.String(), "record_digest": pl.Int64()}
        key = key_expression(self._settings.order.key).alias("record_key")
        parts = [
            batch.select(key, pl.col(SOURCE_DIGEST).alias("record_digest"))
            for batch in self._read_batches(ALL, BATCH_SIZE)
        ]
        listed = pl.concat([pl.DataFrame(schema=schema), *parts])
        inside = pl.lit(low is None) | (pl.col("record_key") >= pl.lit(low or ""))
        inside &= pl.lit(high is None) | (pl.col("record_key") < pl.lit(high or ""))
        return listed.filter(inside).sort("record_key")

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the features with these keys."""
        wanted = key_expression(self._settings.order.key).is_in(keys)
        for batch in self._read_batches(ALL, BATCH_SIZE):
            chosen = batch.filter(wanted)
            if chosen.height:
                yield chosen

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        sample = [
            record
            for _, records in islice(self._read_files(ALL), _SAMPLE)
            for record in islice(records, _SAMPLE)
        ]
        found = infer_types(sample)
        hidden = (PROBLEM, DIGEST, SOURCE_DIGEST)
        own = {name: dtype for name, dtype in found.items() if name not in hidden}
        return {**own, **self._settings.types, **FILE_FIELDS, **READER_FIELDS}

    def _read_batches(self, window: Window, size: int) -> Iterator[pl.DataFrame]:
        types = {**self._types, SOURCE_DIGEST: pl.Int64()}
        records = (record for _, of_file in self._read_files(window) for record in of_file)
        while batch := list(islice(records, size)):
            yield build_frame(batch, types, self.label)

    def _read_files(self, window: Window) -> Iterator[tuple[FoundFile, Iterator[dict[str, Any]]]]:
        """Read documents one after the other, each whole before the next."""
        self.skipped = Counter()
        with TemporaryDirectory(prefix="epnkit-tfcat-") as directory:
            for found, documents in self._reader.read(self._find(window, Path(directory))):
                yield found, self._records_of(found, documents)

    def _find(self, window: Window, directory: Path) -> Iterable[FoundFile]:
        """Find the documents; those of a server are fetched, whatever the window."""
        if self._server is not None:
            return self._server.fetch(directory)
        chosen = self._settings
        if chosen.directory is None:
            raise SourceError("there is no directory", cure="Write `directory` or `documents`")
        return walk(chosen.directory, chosen.globs, list, window, chosen.follow_links, self.skipped)

    def _records_of(
        self, found: FoundFile, documents: Iterator[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        of_file = {
            "path": found.name,
            "file_name": found.name.rpartition("/")[2],
            "file_size": found.size,
            "modified": None if found.ticks == UNDATED else found.modified,
            "address": self._address,
            "url": None if self._address is None else self._address + quote(found.name),
        }
        try:
            for document in documents:
                yield {**document, **of_file, **_state(document, found.name)}
        except UnreadableFileError as error:
            why = _describe(found.name, str(error).removeprefix(_PREFIX))
            yield {**of_file, "feature": "", "number": 0, SOURCE_DIGEST: 0, UNREADABLE: why}


def _state(document: dict[str, Any], path: str) -> dict[str, Any]:
    """Give the digest of a feature, and what is wrong with it."""
    problem = document.get(PROBLEM)
    noted = {} if problem is None else {UNREADABLE: _describe(path, problem)}
    return {SOURCE_DIGEST: document[DIGEST], **noted}


def _describe(path: str, why: str) -> str:
    """Say what is wrong and where; a semicolon would end it."""
    return f"{WHOLE}: {path}, {why}".replace(";", ",")
