"""Records of another source, with the files that Rucio holds of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import (
    ALL,
    BATCH_SIZE,
    UNORDERED,
    UNREADABLE,
    Order,
    Reconcilable,
    Source,
    Window,
)
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.configured import ConfiguredSource
from epnkit.sources.rucio.client import Did, RucioServer
from epnkit.sources.rucio.files import (
    FILE_FIELDS,
    DataFile,
    as_fields,
    group_by_did,
    split_versions,
)
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy, take_retry_policy

#: How many data sets are asked for at a time.
REQUEST_SIZE = 100

#: What stands before the names of the fields with older versions.
OLDER = "older_"


@dataclass(frozen=True)
class RucioSettings:
    """What a source file says about files in Rucio.

    Parameters
    ----------
    records : pathlib.Path
        The source file of the records.
    did : str
        The field with the name of a record's container or data set, ``scope:name``.
    prefix : str
        What stands before the names of the fields with the files: ``names``, ``urls``, ``sizes``,
        ``adler32``, ``md5``, and those with ``older_`` before.
    schemes : tuple of str
        The schemes that addresses may have.
    version : re.Pattern, optional
        What in a file's name is its version, with a group for the number.
    missing : str
        ``refuse`` if a record whose data set has no file is to be refused; ``keep`` if not.
    request : int
        Data sets a request.
    order : Order
        The cursor and the key of the records.
    authority : pathlib.Path, optional
        The certificates to trust.
    retry_policy : RetryPolicy
        How often to try again.
    """

    records: Path
    did: str
    prefix: str = "files."
    schemes: tuple[str, ...] = ("https", "http", "davs")
    version: re.Pattern[str] | None = None
    missing: str = "refuse"
    request: int = REQUEST_SIZE
    order: Order = UNORDERED
    authority: Path | None = None
    retry_policy: RetryPolicy = field(default=DEFAULT_RETRY)


class RucioSource(ConfiguredSource[RucioSettings]):
    """Records with the files of their data sets.

    Parameters
    ----------
    secret : Secret
        As :class:`~epnkit.sources.rucio.client.RucioServer` takes it.
    settings : RucioSettings
        Where the records come from, and which of their files count.
    """

    kind = "rucio"

    def __init__(self, secret: Secret, settings: RucioSettings) -> None:
        from epnkit.sources import open_source

        super().__init__(secret, settings)
        authority = None if settings.authority is None else str(settings.authority)
        self._server = RucioServer(secret, settings.retry_policy, authority)
        self._records: Source = open_source(settings.records, settings.order)
        self.label = f"{self._records.label}, with the files at {self._server.label}"

    @classmethod
    def take_settings(cls, settings: Settings, order: Order) -> RucioSettings:
        """Take the keys of a source file."""
        return RucioSettings(
            settings.path.parent / settings.take("records", str),
            settings.take("did", str),
            settings.take("prefix", str, RucioSettings.prefix),
            settings.take_names("schemes") or RucioSettings.schemes,
            _take_pattern(settings),
            settings.take_choice("missing", ("refuse", "keep"), RucioSettings.missing),
            settings.take_positive("request", REQUEST_SIZE),
            settings.take_order(order),
            settings.take_path("authority"),
            take_retry_policy(settings),
        )

    def schema(self) -> dict[str, str]:
        """Return the fields of a record and their types, as the source of the records says."""
        return self._records.schema() | super().schema()

    @property
    def _types(self) -> dict[str, pl.DataType]:
        prefix = self._settings.prefix
        names = [prefix + name for name in FILE_FIELDS]
        names += [prefix + OLDER + name for name in FILE_FIELDS]
        return dict(zip(names, [*FILE_FIELDS.values()] * 2, strict=True))

    def count(self, window: Window = ALL) -> int:
        """Ask the source of the records how many the window holds."""
        return self._records.count(window)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the records of a window, and add their files.

        Raises
        ------
        SourceError
            If either server does not answer.
        """
        for records in self._records.batches(window, size):
            yield self._add_files(records)

    @property
    def compared_by(self) -> Literal["digest", "key"]:
        """How the records can be compared with the table, as their own source says, if they can."""
        return self._records.compared_by if isinstance(self._records, Reconcilable) else "key"

    def digests(self, bounds: list[str]) -> pl.DataFrame:
        """Sum up the records between consecutive keys; see :class:`Reconcilable`."""
        return self._reconcilable.digests(bounds)

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high."""
        return self._reconcilable.keys(low, high)

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the records with these keys, and add their files."""
        for records in self._reconcilable.fetch(keys):
            yield self._add_files(records)

    @property
    def _reconcilable(self) -> Reconcilable:
        if isinstance(self._records, Reconcilable):
            return self._records
        raise SourceError(
            "this kind of source cannot list its records",
            where=self._records.label,
            cure="Load in full instead: epnkit load SERVICE --full.",
        )

    def _add_files(self, records: pl.DataFrame) -> pl.DataFrame:
        dids = records[self._settings.did].cast(pl.String)
        found = self._find_files(dids.drop_nulls().unique(maintain_order=True).to_list())
        files = [found.get(did, []) for did in dids.to_list()]
        split = [split_versions(each, self._settings.version) for each in files]
        prefix = self._settings.prefix
        newest = as_fields([each for each, _ in split], prefix)
        older = as_fields([each for _, each in split], prefix + OLDER)
        whole = pl.concat([records, newest, older], how="horizontal")
        return self._note_missing(whole, dids)

    def _find_files(self, dids: list[str]) -> dict[str, list[DataFile]]:
        asked = [did for did in dids if ":" in did]
        found: dict[str, list[DataFile]] = {}
        for first in range(0, len(asked), self._settings.request):
            part = asked[first : first + self._settings.request]
            replicas = self._server.list_files(list(map(_split_did, part)), self._settings.schemes)
            # Replicas name all their parents, also those of other requests, whose files they lack.
            grouped = group_by_did(replicas, self._unreadable)
            found |= {did: grouped[did] for did in part if did in grouped}
        return found

    @cached_property
    def _unreadable(self) -> set[str]:
        return self._server.list_unreadable()

    def _note_missing(self, records: pl.DataFrame, dids: pl.Series) -> pl.DataFrame:
        """Note as unreadable what Rucio knows no file of: an archive that lost it says the same."""
        if self._settings.missing == "keep":
            return records
        urls = self._settings.prefix + "urls"
        note = pl.format(f"{urls}: Rucio knows no file of {{}}", pl.lit(dids))
        without = pl.lit(dids).is_not_null() & (pl.col(urls).list.drop_nulls().list.len() == 0)
        noted: pl.Expr = pl.when(without).then(note)
        if UNREADABLE in records.columns:
            noted = pl.concat_str(UNREADABLE, noted, separator="; ", ignore_nulls=True)
            noted = pl.when(noted != "").then(noted)
        elif not records.select(without.any()).item():
            return records
        return records.with_columns(noted.alias(UNREADABLE))


def _split_did(did: str) -> Did:
    scope, _, name = did.partition(":")
    return {"scope": scope, "name": name}


def _take_pattern(settings: Settings) -> Any:
    text = settings.take_text("version")
    if text is None:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise settings.invalid_key_error(
            "version", str(error), "Write a regular expression"
        ) from None
    if pattern.groups != 1:
        raise settings.invalid_key_error(
            "version", "it has no single group", "Put the number into brackets: _v([0-9]+)"
        )
    return pattern
