"""The records behind the granules, kept as the source gave them, for when the mapping changes.

A batch is kept as it was read, in Arrow's IPC format (https://arrow.apache.org/docs/format), with
the keys of its records beside it.  Of a record that was read by several runs the last one's state
counts; one that is neither in the book nor in quarantine is gone.  What a failed run refused waits
in quarantine too, but is not kept, since all else that it did is undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

import polars as pl
from psycopg2 import Binary

from epnkit.errors import LoadError
from epnkit.loading.prepare.packing import Batch, keys_of, unpacked
from epnkit.loading.table.catalog import exists
from epnkit.loading.table.target import Target
from epnkit.mapping.declare import SOURCE_DIGEST
from epnkit.service import Service
from epnkit.sources.base import ALL, BATCH_SIZE, Window

#: States of records that are outlived are taken out when they may be more than so many, and more
#: than the records that were kept at first.
_MANY = 10_000

#: The last state of each record that is not gone: its batch, and its place in it.
_FIND = """
    DROP TABLE IF EXISTS pg_temp.epnkit_kept;
    CREATE TEMP TABLE epnkit_kept ON COMMIT DROP AS
    SELECT number, place - 1 AS place, key FROM (
        SELECT number, place, key, run, max(run) OVER (PARTITION BY key) AS last
        FROM epnkit.records, unnest(keys) WITH ORDINALITY AS each (key, place) WHERE service = %s
    ) ranked
    WHERE run = last AND (
        EXISTS (SELECT FROM {book} b WHERE b.epnkit_key = key)
        OR EXISTS (SELECT FROM epnkit.quarantine q JOIN epnkit.runs r ON r.run = q.run
                   WHERE q.service = %s AND q.resolved IS NULL AND q.record_key = key
                     AND r.state = 'done'));
    CREATE INDEX ON epnkit_kept (number);
    ANALYZE epnkit_kept
"""

_NOT_KEPT = """
    SELECT count(*) FROM {book} b
    WHERE NOT EXISTS (SELECT FROM epnkit_kept k WHERE k.key = b.epnkit_key)
"""

_NOT_BOOKED = """
    SELECT count(*) FROM {table} t
    WHERE NOT EXISTS (SELECT FROM {book} b WHERE b.granule_uid = t.granule_uid)
"""

_NUMBERS = "SELECT DISTINCT number FROM epnkit_kept ORDER BY number"

_BATCH = """
    SELECT batch, (SELECT array_agg(place ORDER BY place) FROM epnkit_kept WHERE number = %s),
           (SELECT array_agg(key ORDER BY place) FROM epnkit_kept WHERE number = %s)
    FROM epnkit.records WHERE number = %s AND service = %s
"""

#: Whole numbers in some loads, others in others: one can stand for both.
_NUMBERS_OF_BOTH: set[pl.DataType] = {pl.Int64(), pl.Float64()}

#: How many are kept, and how many of them by the run of the oldest batch.
_COUNTS = """
    WITH kept AS (SELECT * FROM epnkit.records WHERE service = %s),
         first AS (SELECT run FROM kept ORDER BY number LIMIT 1)
    SELECT coalesce(sum(count), 0), coalesce(sum(count) FILTER (WHERE kept.run = first.run), 0)
    FROM kept, first
"""


def keep(target: Target, service: str, run: int, batch: Batch) -> None:
    """Keep a batch, in the transaction that brings its granules.

    Parameters
    ----------
    target : Target
        The table.
    service : str
        Whose records.
    run : int
        The run that read them.
    batch : Batch
        The records.
    """
    target.execute(
        "INSERT INTO epnkit.records (service, run, count, keys, batch) VALUES (%s, %s, %s, %s, %s)",
        (service, run, len(batch.keys), batch.keys, Binary(batch.content)),
    )


def forget(target: Target, service: str) -> None:
    """Delete the records that are kept of a service."""
    target.execute("DELETE FROM epnkit.records WHERE service = %s", (service,))


def tidy(target: Target, service: str, run: int) -> None:
    """Take out the states of records that are outlived, where they may have become many.

    Parameters
    ----------
    target : Target
        The table, into which all is merged that the run brings.
    service : str
        Whose records.
    run : int
        The run that goes on, which then counts as the one that read them.
    """
    counts = target.query(_COUNTS, (service,))
    if not any(kept - first > max(first, _MANY) for kept, first in counts):
        return
    ((newest,),) = target.query("SELECT max(number) FROM epnkit.records")
    for keys, records in _joined(Records(target, service).kept()):
        keep(target, service, run, Batch.of(keys, records))
    target.execute(
        "DELETE FROM epnkit.records WHERE service = %s AND number <= %s", (service, newest)
    )


def complete(target: Target, service: Service) -> Records:
    """Give the records behind all granules of a service, in place of its source.

    Parameters
    ----------
    target : Target
        The table, in the transaction that goes on.
    service : Service
        Whose records, with the fields that it reads now.

    Raises
    ------
    LoadError
        Where there are granules whose record is not kept, or not with all of these fields.
    """
    if not exists(target.connection, "epnkit", f"granules_{target.schema}"):
        raise not_without_source(service.name, "epnkit has loaded nothing of it")
    records = Records(target, service.name, service.key)
    ((missing,),) = target.query(_NOT_KEPT)
    if missing:
        raise not_without_source(service.name, f"the records of {missing} granules are not kept")
    ((strangers,),) = target.query(_NOT_BOOKED)
    if strangers:
        raise not_without_source(
            service.name, f"{strangers} granules of the table were not loaded in bulk"
        )
    if not records.count():
        raise not_without_source(service.name, "it has no granules, and nothing in quarantine")
    absent = sorted(service.fields - set(records.schema()))
    if absent:
        raise not_without_source(service.name, f"no {', '.join(absent)} was kept of each record")
    return records


def not_without_source(service: str, why: str) -> LoadError:
    """Say why granules can only be made anew of records that are read again, and how."""
    return LoadError(
        "its granules cannot be made anew of the records that are kept",
        where=service,
        why=why,
        cure=f"Read the source again: epnkit load {service} --full.",
    )


class Records:
    """The records that are kept of a service, as a source that is read whole.

    Parameters
    ----------
    target : Target
        The table, in the transaction that goes on.
    service : str
        Whose records.
    key : sequence of str
        The fields that tell them apart now.
    """

    def __init__(self, target: Target, service: str, key: Sequence[str] = ()) -> None:
        self.label = f"the records kept of {service}"
        self._target, self._service, self._key = target, service, key
        target.execute(_FIND, (service, service))
        self._numbers = [number for (number,) in target.query(_NUMBERS)]

    def schema(self) -> dict[str, str]:
        """Give the fields that all records have, with their types."""
        return {name: str(kind) for name, kind in self._types.items()}

    @cached_property
    def _types(self) -> dict[str, pl.DataType]:
        """Give the one type that each common field has, but for batches where it says nothing.

        Raises
        ------
        LoadError
            Where a field has been of several types.
        """
        told = [_told(records) for _, records in self.kept()]
        names = dict.fromkeys(chain.from_iterable(told))
        # A hash that not every source made is made up by none.
        common = [n for n in names if n == SOURCE_DIGEST or all(n in each for each in told)]
        kinds = {n: {each[n] for each in told if each.get(n) is not None} for n in common}
        for name in common:
            if kinds[name] == _NUMBERS_OF_BOTH:
                kinds[name] = {pl.Float64()}
        several = sorted(name for name in common if len(kinds[name]) > 1)
        if several:
            why = f"{', '.join(several)} was of one type in some loads and of another in others"
            raise not_without_source(self._service, why)
        return {name: next(iter(kinds[name]), None) or pl.String() for name in common}

    def count(self, window: Window = ALL) -> int:
        """Count the records; there is but one window."""
        ((count,),) = self._target.query("SELECT count(*) FROM epnkit_kept")
        return int(count)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Give the records in the batches, and in the order, in which they were read.

        Raises
        ------
        LoadError
            Where the book knows them by another key than that of now.
        """
        for keys, records in self.kept():
            if not keys_of(records, self._key).equals(keys):
                why = "the key was another when they were loaded"
                raise not_without_source(self._service, why)
            absent = [pl.lit(None).alias(n) for n in self._types if n not in records.columns]
            yield records.with_columns(absent).select(*self._types).cast(pl.Schema(self._types))

    def kept(self) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
        """Give the records batch by batch, each batch with the keys beside it."""
        for number in self._numbers:
            ((content, places, keys),) = self._target.query(
                _BATCH, (number, number, number, self._service)
            )
            yield pl.Series(keys), unpacked(content)[places]


def _told(records: pl.DataFrame) -> dict[str, pl.DataType | None]:
    """Give the type of each field, None where no record says anything in it."""
    return {name: kind if _says(records[name]) else None for name, kind in records.schema.items()}


def _says(values: pl.Series) -> bool:
    """Tell whether there is a value, or a part of a list."""
    parts = values.list.len().sum() if isinstance(values.dtype, pl.List) else len(values)
    return bool(parts) and values.null_count() < len(values)


def _joined(
    batches: Iterator[tuple[pl.Series, pl.DataFrame]],
) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
    """Lay batches of the same fields together that follow one another, while they are small."""
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
