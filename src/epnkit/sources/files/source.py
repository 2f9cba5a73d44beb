"""Files of a directory: what they say of themselves, read only where they changed."""

from __future__ import annotations

import bisect
import csv
import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import polars as pl

from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import SOURCE_DIGEST
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.credentials import credential
from epnkit.sources.config.settings import Settings, settings_of
from epnkit.sources.config.types import declared
from epnkit.sources.files.companions import companions
from epnkit.sources.files.formats import read_formats
from epnkit.sources.files.keys import FileKeys
from epnkit.sources.files.readers import Reader
from epnkit.sources.files.versions import latest
from epnkit.sources.files.walk import Found, walk
from epnkit.sources.values.documents import frame, types_of

#: How many files are looked at to find the fields.
_SAMPLE = 200

#: What every record tells of its file.
_OF_FILE: dict[str, pl.DataType] = {
    "path": pl.String(),
    "file_name": pl.String(),
    "file_size": pl.Int64(),
    "modified": pl.Datetime("us"),
    "line": pl.Int64(),
    "unreadable": pl.String(),
    "address": pl.String(),
    "url": pl.String(),
}

#: What a record tells of each companion of its file.
_OF_COMPANION: dict[str, pl.DataType] = {
    "path": pl.String(),
    "size": pl.Int64(),
    "url": pl.String(),
}

#: What readers raise at a file that isn't what it should be.
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    EOFError,
    csv.Error,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class FilesSettings:
    """What a source file says about files.

    Parameters
    ----------
    directory : pathlib.Path
        The directory; relative to the source file.
    reader : callable
        Reads one file.
    globs : tuple of str
        Which names to take.
    types : dict
        Declared types of fields.
    checksum : bool
        Whether a file counts as changed by its content, rather than by size and time.
    address : str, optional
        The URL where the directory is served, with a slash at its end.
    latest : bool
        Whether files of which there is a later version are left out.
    companions : dict of str to str
        Files that belong to each, by where they lie; see :mod:`epnkit.sources.files.companions`.
    parts : re.Pattern, optional
        What is found in a file's name, to be put in there.
    key : tuple of str
        The fields that tell one record from every other.
    """

    directory: Path
    reader: Reader
    globs: tuple[str, ...] = ("*",)
    types: dict[str, pl.DataType] = field(default_factory=dict)
    checksum: bool = False
    address: str | None = None
    latest: bool = False
    companions: dict[str, str] = field(default_factory=dict)
    parts: re.Pattern[str] | None = None
    key: tuple[str, ...] = ("path",)


class FilesSource:
    """Files under one directory, in the order of their paths.

    A record has the fields of its file, and ``path`` (relative to the directory, mostly its key),
    ``file_name``, ``file_size``, ``modified`` (the cursor), ``line`` (its number in the file),
    ``address`` and ``url`` (where directory and file are served, if they are) and ``unreadable``:
    why the file could not be read, when it could not; its own fields are null then. Beside them
    batches hold the digest of the file's state, which the schema doesn't list.

    Parameters
    ----------
    settings : FilesSettings
        Where they lie and how they are read.
    """

    compares: Literal["digest", "key"] = "digest"

    def __init__(self, settings: FilesSettings) -> None:
        self._settings = settings
        self.label = f"{settings.directory}/{{{','.join(settings.globs)}}}"
        self._keys = FileKeys(settings.key, self.label)

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> FilesSource:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            When the file is wrong, or another cursor than ``modified`` is wished.
        """
        if order.cursor not in (None, "modified"):
            raise ConfigurationError(
                f"files have no cursor {order.cursor!r}", where=str(path), cure="Use `modified`"
            )
        with settings_of(path, "files") as settings:
            key = settings.order(order).key or FilesSettings.key
            chosen = _files_settings(settings, key)
        return cls(chosen)

    def schema(self) -> dict[str, str]:
        """Give the fields that the first files have, and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Count the window's records; only tables are opened for it."""
        return sum(self._count(found) for found in self._walk(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the files that changed within a window, in the order of their paths."""
        return self._batches(self._walk(window), size)

    def digests(self, bounds: list[str]) -> pl.DataFrame:
        """Sum up the records between consecutive keys; see :class:`Reconcilable`."""
        listed = self.keys(None, None)
        parts = [bisect.bisect_right(bounds, key) for key in listed["record_key"]]
        part = pl.Series("part", parts, dtype=pl.Int64)
        sums = (
            listed.with_columns(part)
            .group_by("part")
            .agg(
                pl.len().cast(pl.Int64).alias("records"),
                pl.col("record_digest").sum().alias("digest"),
            )
        )
        return sums.sort("part")

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, with a digest of each file's state.

        Raises
        ------
        SourceError
            When the service's key is neither the path, nor path and line.
        """
        self._keys.require_known()
        rows: list[tuple[str, int]] = []
        for found in self._walk(ALL):
            keys = [
                key
                for key in self._keys.written(found.name, self._lines(found))
                if (low is None or key >= low) and (high is None or key < high)
            ]
            digest = self._digest(found) if keys else 0
            rows += [(key, digest) for key in keys]
        schema = {"record_key": pl.String(), "record_digest": pl.Int64()}
        return pl.DataFrame(rows, schema=schema, orient="row").sort("record_key")

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the records with these keys, whose form is that of :meth:`keys`."""
        self._keys.require_known()
        paths, wanted = {self._keys.path(key) for key in keys}, set(keys)
        files = (found for found in self._walk(ALL) if found.name in paths)
        return self._batches(files, BATCH_SIZE, wanted if self._keys.by_line else None)

    def _lines(self, found: Found) -> Iterator[int]:
        return (record["line"] for record in self._records(found))

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        sample = [
            record for found in self._sample() for record in islice(self._records(found), _SAMPLE)
        ]
        of_companions = {
            f"{name}.{part}": dtype
            for name in self._settings.companions
            for part, dtype in _OF_COMPANION.items()
        }
        return {**types_of(sample), **of_companions, **self._settings.types, **_OF_FILE}

    def _sample(self) -> Iterator[Found]:
        """Take the first files of each pattern of names: files of other formats have other fields.

        Going through all names opens nothing.
        """
        left = dict.fromkeys(self._settings.globs, _SAMPLE)
        for found in self._walk(ALL):
            glob = next(glob for glob in left if fnmatchcase(found.path.name, glob))
            left[glob] -= 1
            if left[glob] >= 0:
                yield found
            if max(left.values()) <= 0:
                return

    def _walk(self, window: Window) -> Iterator[Found]:
        """Go through the directory in order, and open nothing."""
        chosen = self._settings
        return walk(chosen.directory, chosen.globs, latest if chosen.latest else list, window)

    def _batches(
        self, files: Iterable[Found], size: int, wanted: set[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Read files, or only the lines whose keys are wanted."""
        records = (record for found in files for record in self._booked(found, wanted))
        while batch := list(islice(records, size)):
            yield frame(batch, self._types | {SOURCE_DIGEST: pl.Int64()}, self.label)

    def _booked(self, found: Found, wanted: set[str] | None) -> Iterator[dict[str, Any]]:
        """Put the digest of a file's state, taken before it is opened, beside its records.

        Where the path alone is the key, a file's lines are folded into one and their digests
        summed up: only the first line has it.
        """
        digest = self._digest(found)
        for record in self._records(found):
            line = record["line"]
            if wanted is None or wanted.intersection(self._keys.written(found.name, [line])):
                once = line == 1 or self._keys.fields != ("path",)
                yield record | {SOURCE_DIGEST: digest if once else 0}

    def _records(self, found: Found) -> Iterator[dict[str, Any]]:
        of_file = {
            "path": found.name,
            "file_name": found.path.name,
            "file_size": found.size,
            "modified": found.modified,
            **self._served(found),
        }
        number = 0
        try:
            for number, document in enumerate(self._settings.reader(found.path), 1):
                record = {**document, **of_file, "line": number}
                yield record | self._companions(record)
        except _UNREADABLE as error:
            why = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            yield {**of_file, "line": number + 1, "unreadable": why}

    def _companions(self, record: dict[str, Any]) -> dict[str, Any]:
        chosen = self._settings
        return companions(chosen.companions, record, chosen.directory, chosen.address, chosen.parts)

    def _served(self, found: Found) -> dict[str, str]:
        address = self._settings.address
        return {} if address is None else {"address": address, "url": address + quote(found.name)}

    def _count(self, found: Found) -> int:
        several = found.path.suffix in {".csv", ".json"}
        return sum(1 for _ in self._records(found)) if several else 1

    def _digest(self, found: Found) -> int:
        state = f"{found.name}\0{found.size}\0{found.ticks}".encode()
        if self._settings.checksum:
            # A file that cannot be opened is told as unreadable when its records are read.
            with suppress(OSError), found.path.open("rb") as stream:
                state = hashlib.file_digest(stream, "sha256").digest()
        return int.from_bytes(hashlib.blake2s(state, digest_size=4).digest(), "big")


def _files_settings(settings: Settings, key: tuple[str, ...]) -> FilesSettings:
    reader, globs = read_formats(settings)
    directory, address = _place(settings)
    return FilesSettings(
        directory,
        reader,
        globs,
        declared(settings),
        settings.take("checksum", bool, default=False),
        address,
        settings.take("latest", bool, default=False),
        settings.take("companions", dict, {}),
        _parts(settings),
        key,
    )


def _parts(settings: Settings) -> re.Pattern[str] | None:
    pattern = settings.text("parts")
    try:
        return None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise settings.wrong(
            "parts", str(error), "Write it as Python's re module reads it"
        ) from error


def _place(settings: Settings) -> tuple[Path, str | None]:
    """Say where the files lie and are served: in the source file, or as a credential has it."""
    name = settings.text("connection")
    if name is None:
        directory = settings.beside("directory")
        if directory is None:
            raise settings.missing("directory")
        return directory, settings.text("address")
    told = dict(part.partition("=")[::2] for part in credential(name).reveal().split(";"))
    if not {"directory"} <= told.keys() <= {"directory", "address"}:
        raise ConfigurationError(
            f"the credential {name!r} says not where the files lie",
            cure="Write directory=/…;address=https://…/ in it; the address may be left out.",
        )
    return Path(told["directory"]), told.get("address")
