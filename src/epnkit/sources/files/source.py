"""Files of a directory: what they say of themselves, read only where they changed."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import translate
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from epnkit.errors import ConfigurationError
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
from epnkit.sources.files.companions import find_companions
from epnkit.sources.files.isolation import IsolatedReader, UnreadableFileError
from epnkit.sources.files.keys import FileKeys
from epnkit.sources.files.settings import FilesSettings, take_files_settings
from epnkit.sources.files.versions import keep_latest
from epnkit.sources.files.walk import GONE, FoundFile, LargestListing, look_at, walk, walk_names
from epnkit.sources.values.documents import Note, build_frame, infer_types

#: How many files are looked at to find the fields.
_SAMPLE = 200

#: Fewer files than this are remembered between counting and reading: some 20 MB.
_REMEMBERED = 100_000

#: What every record tells of its file.
_FILE_FIELDS: dict[str, pl.DataType] = {
    "path": pl.String(),
    "file_name": pl.String(),
    "file_size": pl.Int64(),
    "modified": pl.Datetime("us"),
    "line": pl.Int64(),
    "unreadable": pl.String(),
    "address": pl.String(),
    "url": pl.String(),
    "group": pl.String(),
}

#: The endings of files that may hold several records.
_OF_SEVERAL = frozenset(
    [".csv", ".ecsv", ".json", ".ndjson", ".jsonl", ".parquet", ".vot", ".votable"]
)

#: The names that no field of a file's own may have; ``address`` and ``url`` only if it is served.
_TAKEN = frozenset([*_FILE_FIELDS, UNREADABLE, SOURCE_DIGEST]) - {"address", "url", "group"}

#: What a record tells of each companion of its file.
_COMPANION_FIELDS: dict[str, pl.DataType] = {
    "path": pl.String(),
    "size": pl.Int64(),
    "url": pl.String(),
}


class FilesSource(ComparedByDigest):
    """Files under one directory, in the order of their paths.

    A record has the fields of its file, and ``path`` (relative to the directory, mostly its key),
    ``file_name``, ``file_size``, ``modified`` (the cursor), ``line`` (its number in the file),
    ``address`` and ``url`` (where directory and file are served, if they are) and ``unreadable``:
    why the file could not be read, when it could not; its own fields are null then. What the file
    itself says under one of these names is in a field ``own.NAME``. Beside them
    batches hold the digest of the file's state, which the schema doesn't list.

    Parameters
    ----------
    settings : FilesSettings
        Where they lie and how they are read.
    """

    def __init__(self, settings: FilesSettings) -> None:
        self._settings = settings
        self.label = f"{settings.directory}/{{{','.join(settings.globs)}}}"
        self._keys = FileKeys(settings.key, self.label)
        self._reader = IsolatedReader(settings.reader, settings.seconds)
        self.skipped: Counter[str] = Counter()
        self._counted: tuple[Window, list[FoundFile]] | None = None
        self._listing = LargestListing()

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
        with open_settings(path, "files") as settings:
            key = settings.take_order(order).key or FilesSettings.key
            chosen = take_files_settings(settings, key)
        return cls(chosen)

    def schema(self) -> dict[str, str]:
        """Give the fields that the first files have, and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Count the window's records; only tables are opened for it.

        Unless they are many, the files are remembered for the reading that follows: in a large
        directory, finding the few that changed takes longer than reading them.
        """
        files = self._walk(window)
        first = list(islice(files, _REMEMBERED))
        self._counted = (window, first) if len(first) < _REMEMBERED else None
        single, several = 0, []
        for found in chain(first, files):
            if _has_several(found):
                several.append(found)
            else:
                single += 1
        return single + sum(1 for _ in self._read_all(several))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the files that changed within a window, in the order of their paths."""
        counted, self._counted = self._counted, None
        if counted is not None and counted[0] == window:
            return self._read_batches(self._look_again(counted[1]), size)
        return self._read_batches(self._walk(window), size)

    def _look_again(self, files: list[FoundFile]) -> Iterator[FoundFile]:
        """Look at files that were found before; some may be gone since."""
        for found in files:
            if (now := look_at(found.root, found.name)) is None:
                self.skipped[GONE] += 1
            else:
                yield now

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, with a digest of each file's state.

        Raises
        ------
        SourceError
            When the service's key is neither the path, nor path and line.
        """
        self._keys.require_known()
        # The digest of a group is the sum of those of its files, as it is of folded records.
        sums: dict[str, int] = {}
        for found, keys in self._keys_of_files():
            wanted = [
                key for key in keys if (low is None or key >= low) and (high is None or key < high)
            ]
            digest = self._digest(found) if wanted else 0
            for key in wanted:
                sums[key] = sums.get(key, 0) + digest
        listed = {"record_key": list(sums), "record_digest": list(sums.values())}
        schema = {"record_key": pl.String(), "record_digest": pl.Int64()}
        return pl.DataFrame(listed, schema=schema).sort("record_key")

    def _keys_of_files(self) -> Iterator[tuple[FoundFile, list[str]]]:
        """Give each file with the keys of its records; a group's is written once."""
        write = self._keys.write_keys
        if not self._keys.by_group:
            yield from ((found, write(found.name, lines)) for found, lines in self._line_numbers())
            return
        written: dict[str, list[str]] = {}
        for found in self._walk(ALL):
            group = self._settings.group_of(found.name)
            if group not in written:
                written[group] = write(group, ())
            yield found, written[group]

    def _key_path(self, found: FoundFile) -> str:
        """Return what of a file is in its key: its path or its group."""
        return self._settings.group_of(found.name) if self._keys.by_group else found.name

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the records with these keys, whose form is that of :meth:`keys`."""
        self._keys.require_known()
        paths, wanted = {self._keys.path_of(key) for key in keys}, set(keys)
        files = (found for found in self._walk(ALL) if self._key_path(found) in paths)
        return self._read_batches(files, BATCH_SIZE, wanted if self._keys.by_line else None)

    def _line_numbers(self) -> Iterator[tuple[FoundFile, list[int]]]:
        """Give the numbers of each file's records; files are opened only if keys have them."""
        if not self._keys.by_line:
            yield from ((found, []) for found in self._walk(ALL))
            return
        for found, records in self._read_files(self._walk(ALL)):
            yield found, [record["line"] for record in records]

    @property
    def _types(self) -> dict[str, pl.DataType]:
        return {**self._own_types, **self._settings.attachments.types}

    @cached_property
    def _own_types(self) -> dict[str, pl.DataType]:
        sample = [
            record
            for _, records in self._read_files(self._sample())
            for record in islice(records, _SAMPLE)
        ]
        of_companions = {
            f"{name}.{part}": dtype
            for name in self._settings.companions
            for part, dtype in _COMPANION_FIELDS.items()
        }
        return {**infer_types(sample), **of_companions, **self._settings.types, **_FILE_FIELDS}

    def _sample(self) -> Iterator[FoundFile]:
        """Take the first files of each pattern of names: files of other formats have other fields.

        Going through all names opens nothing.
        """
        chosen = self._settings
        left = {re.compile(translate(glob)).match: _SAMPLE for glob in chosen.globs}
        where = chosen.directory, chosen.globs, self._choose
        for name in walk_names(*where, chosen.follow_links, listing=self._listing):
            file_name = name.rpartition("/")[2]
            matches = next(matches for matches in left if matches(file_name))
            if left[matches] > 0 and (found := look_at(chosen.directory, name)):
                left[matches] -= 1
                yield found
                if not any(left.values()):
                    return

    def _walk(self, window: Window) -> Iterator[FoundFile]:
        """Go through the directory in order, and open nothing."""
        if not self._keys.by_group or window.everything:
            return self._walk_window(window)
        return self._walk_groups(window)

    def _walk_groups(self, window: Window) -> Iterator[FoundFile]:
        """Go through the files of each group of which one changed: a group is read whole."""
        group_of = self._settings.group_of
        changed = {group_of(found.name) for found in self._walk_window(window)}
        return (found for found in self._walk_window(ALL) if group_of(found.name) in changed)

    def _walk_window(self, window: Window) -> Iterator[FoundFile]:
        chosen = self._settings
        self.skipped = Counter()
        where = chosen.directory, chosen.globs, self._choose
        return walk(*where, window, chosen.follow_links, self.skipped, self._listing)

    def _choose(self, names: list[str]) -> list[str]:
        """Choose among the names in one directory."""
        return keep_latest(names) if self._settings.latest else names

    def _read_batches(
        self, files: Iterable[FoundFile], size: int, wanted: set[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Read files, or only the lines whose keys are wanted."""
        records = (
            record
            for found, of_file in self._read_files(files)
            for record in self._add_digest(found, of_file, wanted)
        )
        while batch := list(islice(records, size)):
            types = self._own_types | {SOURCE_DIGEST: pl.Int64()}
            yield self._settings.attachments.join(build_frame(batch, types, self.label))

    def _add_digest(
        self, found: FoundFile, records: Iterator[dict[str, Any]], wanted: set[str] | None
    ) -> Iterator[dict[str, Any]]:
        """Add the digest of a file's state to its records.

        Where the path alone is the key, a file's lines are folded into one and their digests
        summed up: only the first line has it.
        """
        digest = self._digest(found)
        for record in records:
            line = record["line"]
            if wanted is None or wanted.intersection(self._keys.write_keys(found.name, [line])):
                once = line == 1 or self._keys.fields != ("path",)
                yield record | {SOURCE_DIGEST: digest if once else 0}

    def _read_all(self, files: Iterable[FoundFile]) -> Iterator[dict[str, Any]]:
        return (record for _, records in self._read_files(files) for record in records)

    def _read_files(
        self, files: Iterable[FoundFile]
    ) -> Iterator[tuple[FoundFile, Iterator[dict[str, Any]]]]:
        """Read files one after the other, each whole before the next."""
        for found, documents in self._reader.read(files):
            yield found, self._records_of(found, documents)

    def _records_of(
        self, found: FoundFile, documents: Iterator[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        of_file = {
            "path": found.name,
            "file_name": found.name.rpartition("/")[2],
            "file_size": found.size,
            "modified": found.modified,
            "group": self._settings.group_of(found.name),
            **self._address_fields(found),
        }
        number, taken = 0, _TAKEN.union(of_file)
        try:
            for number, document in enumerate(documents, 1):
                record = {**_keep_own(document, taken), **of_file, "line": number}
                yield record | self._companion_fields(record)
        except UnreadableFileError as error:
            why = str(error)
            yield {**of_file, "line": number + 1, "unreadable": why, UNREADABLE: f"{WHOLE}: {why}"}

    def _companion_fields(self, record: dict[str, Any]) -> dict[str, Any]:
        chosen = self._settings
        return find_companions(
            chosen.companions, record, chosen.directory, chosen.address, chosen.parts
        )

    def _address_fields(self, found: FoundFile) -> dict[str, str]:
        address = self._settings.address
        return {} if address is None else {"address": address, "url": address + quote(found.name)}

    def _digest(self, found: FoundFile) -> int:
        state = f"{found.name}\0{found.size}\0{found.ticks}".encode()
        if self._settings.checksum:
            # A file that cannot be opened is told as unreadable when its records are read.
            with suppress(OSError), found.path.open("rb") as stream:
                state = hashlib.file_digest(stream, "sha256").digest()
        return int.from_bytes(hashlib.blake2s(state, digest_size=4).digest(), "big")


def _keep_own(document: dict[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """Keep what a file says under a name that is told of every file: ``own.file_name``."""
    if taken.isdisjoint(document):
        return document
    named = {f"own.{n}" if n in taken else n: value for n, value in document.items()}
    note = document.get(UNREADABLE)
    if isinstance(note, Note):  # by the reader, and not by the file
        del named[f"own.{UNREADABLE}"]
        named[UNREADABLE] = str(note)
    return named


def _has_several(found: FoundFile) -> bool:
    """Say whether a file may hold several records."""
    return found.path.suffix.lower() in _OF_SEVERAL
