"""The records of the granules, kept as the source gave them, for a change of the mapping.

A batch is stored as it was read, in Arrow's IPC format (https://arrow.apache.org/docs/format), with
the keys of its records.  If several runs read a record, the last version counts; a record that is
neither in the tracking table nor in quarantine, nor hidden by an embargo, is gone.  Records
that a failed run refused are in quarantine too, but not kept: the run was rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

import polars as pl
from psycopg2 import Binary

from epnkit.errors import LoadError
from epnkit.loading.prepare.packing import PackedBatch, record_keys, unpack
from epnkit.loading.state import embargoes
from epnkit.loading.table.catalog import has_tracking
from epnkit.loading.table.target import Target
from epnkit.service import Service
from epnkit.sources.base import ALL, BATCH_SIZE, SOURCE_DIGEST, UNREADABLE, Window

#: Superseded versions of records are deleted when there may be more than this many of them, and
#: more than the records that were kept at first.
MANY_SUPERSEDED = 10_000

#: The last version of each record that is not gone: its batch, and its position in it.
_FIND = """
    DROP TABLE IF EXISTS pg_temp.epnkit_kept;
    CREATE TEMP TABLE epnkit_kept ON COMMIT DROP AS
    SELECT number, nth - 1 AS nth, key FROM (
        SELECT number, nth, key, run, max(run) OVER (PARTITION BY key) AS last
        FROM epnkit.records, unnest(keys) WITH ORDINALITY AS each (key, nth) WHERE service = %s
    ) ranked
    WHERE run = last AND (%s OR key = ANY({texts})) AND (
        EXISTS (SELECT FROM {tracking} tracked WHERE tracked.epnkit_key = key)
        OR EXISTS (SELECT FROM epnkit.embargoes e WHERE e.service = %s AND e.record_key = key)
        OR EXISTS (SELECT FROM epnkit.quarantine q JOIN epnkit.runs r ON r.run = q.run
                   WHERE q.service = %s AND q.resolved IS NULL AND q.record_key = key
                     AND r.state = 'done'));
    CREATE INDEX ON epnkit_kept (number);
    ANALYZE epnkit_kept
"""

_NOT_KEPT = """
    SELECT count(*) FROM {tracking} tracked
    WHERE NOT EXISTS (SELECT FROM epnkit_kept k WHERE k.key = tracked.epnkit_key)
"""

_NOT_TRACKED = """
    SELECT count(*) FROM {table} t
    WHERE NOT EXISTS (SELECT FROM {tracking} tracked WHERE tracked.granule_uid = t.granule_uid)
"""

_NUMBERS = "SELECT DISTINCT number FROM epnkit_kept ORDER BY number"

_BATCH = """
    SELECT batch, (SELECT array_agg(nth ORDER BY nth) FROM epnkit_kept WHERE number = %s),
           (SELECT array_agg(key ORDER BY nth) FROM epnkit_kept WHERE number = %s)
    FROM epnkit.records WHERE number = %s AND service = %s
"""

#: The types of a field with integers in some loads and floats in others, which becomes float.
_INTEGERS_AND_FLOATS: set[pl.DataType] = {pl.Int64(), pl.Float64()}

#: How many records are kept, and how many of them from the run of the oldest batch.
_COUNTS = """
    WITH kept AS (SELECT * FROM epnkit.records WHERE service = %s),
         first AS (SELECT run FROM kept ORDER BY number LIMIT 1)
    SELECT coalesce(sum(count), 0), coalesce(sum(count) FILTER (WHERE kept.run = first.run), 0)
    FROM kept, first
"""


def keep(target: Target, service: str, run: int, batch: PackedBatch) -> None:
    """Store a batch of records, in the transaction that loads its granules.

    Parameters
    ----------
    target : Target
        The table.
    service : str
        The service.
    run : int
        The run that read them.
    batch : PackedBatch
        The records.
    """
    target.execute(
        "INSERT INTO epnkit.records (service, run, count, keys, batch) VALUES (%s, %s, %s, %s, %s)",
        (service, run, len(batch.keys), batch.keys, Binary(batch.content)),
    )


def forget(target: Target, service: str) -> None:
    """Delete the kept records of a service."""
    target.execute("DELETE FROM epnkit.records WHERE service = %s", (service,))


def compact(target: Target, service: str, run: int) -> None:
    """Delete superseded versions of records, if there may be many of them.

    Parameters
    ----------
    target : Target
        The table, into which everything of the run has been merged.
    service : str
        The service.
    run : int
        The current run, which is stored as the one that read the records.
    """
    counts = target.query(_COUNTS, (service,))
    if not any(kept - first > max(first, MANY_SUPERSEDED) for kept, first in counts):
        return
    ((newest,),) = target.query("SELECT max(number) FROM epnkit.records")
    kept = find_kept_records(target, service)
    for keys, records in _join_small_batches(kept.read_batches()):
        keep(target, service, run, PackedBatch.of(keys, records))
    target.execute(
        "DELETE FROM epnkit.records WHERE service = %s AND number <= %s", (service, newest)
    )


def open_kept_records(target: Target, service: Service) -> KeptRecords:
    """Return the kept records of all granules of a service, in place of its source.

    Parameters
    ----------
    target : Target
        The table, in the current transaction.
    service : Service
        The service, with the fields that it reads now.

    Raises
    ------
    LoadError
        If the record of a granule is not kept, or not with all of these fields.
    """
    if not has_tracking(target.connection, target.schema):
        raise source_needed_error(service.name, "epnkit has loaded nothing of it")
    records = find_kept_records(target, service.name, service.key)
    ((missing,),) = target.query(_NOT_KEPT)
    if missing:
        raise source_needed_error(service.name, f"the records of {missing} granules are not kept")
    ((untracked,),) = target.query(_NOT_TRACKED)
    if untracked:
        raise source_needed_error(
            service.name, f"{untracked} granules of the table were not loaded in bulk"
        )
    if not records.count():
        raise source_needed_error(service.name, "it has no granules, and nothing in quarantine")
    return _require_fields(records, service)


def open_due_records(target: Target, service: Service) -> KeptRecords:
    """Return the kept records whose embargo has ended.

    Parameters
    ----------
    target : Target
        The table, in the current transaction.
    service : Service
        The service, with the fields that it reads now.

    Raises
    ------
    LoadError
        If not all of these fields were kept.
    """
    due = embargoes.list_due(target, service.name)
    records = find_kept_records(target, service.name, service.key, due)
    # Those that are still embargoed by the clock of this machine are saved again.
    embargoes.forget(target, service.name, due)
    return _require_fields(records, service)


def _require_fields(records: KeptRecords, service: Service) -> KeptRecords:
    absent = sorted(service.fields - set(records.schema())) if records.count() else []
    if absent:
        raise source_needed_error(service.name, f"{', '.join(absent)} is not in all kept records")
    return records


def source_needed_error(service: str, why: str) -> LoadError:
    """Return the error that describes why the kept records do not suffice."""
    return LoadError(
        "its granules cannot be regenerated from the kept records",
        where=service,
        why=why,
        cure=f"Read the source again: epnkit load {service} --full.",
    )


def find_kept_records(
    target: Target, service: str, key: Sequence[str] = (), only: list[str] | None = None
) -> KeptRecords:
    """Find the last version of each kept record of a service.

    Parameters
    ----------
    target : Target
        The table; what is found is held in a temporary table of its transaction.
    service : str
        The service.
    key : sequence of str
        The fields that identify a record now.
    only : list of str, optional
        The keys of the records; by default all.
    """
    target.execute(_FIND, (service, only is None, only or [], service, service))
    numbers = [number for (number,) in target.query(_NUMBERS)]
    return KeptRecords(target, service, numbers, key)


class KeptRecords:
    """The kept records of a service, as a source that is read as a whole.

    Parameters
    ----------
    target : Target
        The table, in the transaction in which :func:`find_kept_records` found them.
    service : str
        The service.
    numbers : list of int
        The numbers of the batches that hold them.
    key : sequence of str
        The fields that identify a record now.
    """

    def __init__(
        self, target: Target, service: str, numbers: list[int], key: Sequence[str]
    ) -> None:
        self.label = f"the kept records of {service}"
        self._target, self._service, self._numbers, self._key = target, service, numbers, key

    def schema(self) -> dict[str, str]:
        """Return the fields that all records have, with their types."""
        return {name: str(kind) for name, kind in self._types.items()}

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        """Return the type of each common field, ignoring batches in which it has no value.

        Raises
        ------
        LoadError
            If a field had several types.
        """
        types = [_value_types(records) for _, records in self.read_batches()]
        names = dict.fromkeys(chain.from_iterable(types))
        # Digests and problems are kept even if some batches have none.
        hidden = {SOURCE_DIGEST, UNREADABLE}
        common = [n for n in names if n in hidden or all(n in each for each in types)]
        kinds = {n: {each[n] for each in types if each.get(n) is not None} for n in common}
        for name in common:
            if kinds[name] == _INTEGERS_AND_FLOATS:
                kinds[name] = {pl.Float64()}
        several = sorted(name for name in common if len(kinds[name]) > 1)
        if several:
            why = f"{', '.join(several)} had different types in different loads"
            raise source_needed_error(self._service, why)
        return {name: next(iter(kinds[name]), None) or pl.String() for name in common}

    def count(self, window: Window = ALL) -> int:
        """Count the records; there is only one window."""
        ((count,),) = self._target.query("SELECT count(*) FROM epnkit_kept")
        return int(count)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Yield the records in the batches, and in the order, in which they were read.

        Raises
        ------
        LoadError
            If the service's key has changed since they were loaded.
        """
        for keys, records in self.read_batches():
            if not record_keys(records, self._key).equals(keys):
                why = "the service's key has changed since they were loaded"
                raise source_needed_error(self._service, why)
            absent = [pl.lit(None).alias(n) for n in self._types if n not in records.columns]
            yield records.with_columns(absent).select(*self._types).cast(pl.Schema(self._types))

    def read_batches(self) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
        """Yield the records batch by batch, each batch with its keys."""
        for number in self._numbers:
            ((content, nths, keys),) = self._target.query(
                _BATCH, (number, number, number, self._service)
            )
            yield pl.Series(keys), unpack(content)[nths]


def _value_types(records: pl.DataFrame) -> dict[str, pl.DataType | None]:
    """Return the type of each field; None if no record has a value in it."""
    return {
        name: kind if _has_values(records[name]) else None for name, kind in records.schema.items()
    }


def _has_values(values: pl.Series) -> bool:
    """Return whether there is a value, or a list with items."""
    parts = values.list.len().sum() if isinstance(values.dtype, pl.List) else len(values)
    return bool(parts) and values.null_count() < len(values)


def _join_small_batches(
    batches: Iterator[tuple[pl.Series, pl.DataFrame]],
) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
    """Join consecutive batches of the same fields, while they are small."""
    waiting: tuple[pl.Series, pl.DataFrame] | None = None
    for keys, records in batches:
        if waiting is None:
            waiting = keys, records
        elif waiting[1].schema == records.schema and len(waiting[0]) + len(keys) <= BATCH_SIZE:
            waiting = pl.concat([waiting[0], keys]), pl.concat([waiting[1], records])
        else:
            yield waiting
            waiting = keys, records
    if waiting is not None:
        yield waiting
