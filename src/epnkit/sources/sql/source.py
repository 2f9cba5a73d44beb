"""SQL databases by ODBC or SQLAlchemy: a service's query, read in windows with flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from operator import or_
from typing import Literal

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import (
    ALL,
    BATCH_SIZE,
    SOURCE_DIGEST,
    UNORDERED,
    CursorValue,
    Order,
    Window,
)
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.configured import ConfiguredSource
from epnkit.sources.sql.arrow import VALUE_LIMITS, ArrowReader, NotInArrowError, can_read_by_arrow
from epnkit.sources.sql.column_types import Row, SqlColumn, build_frame
from epnkit.sources.sql.columns import NO_OVERRIDES, ColumnOverrides, QuerySchema, read_query_schema
from epnkit.sources.sql.connect import open_session
from epnkit.sources.sql.driver_errors import describe_connection
from epnkit.sources.sql.key_index import KeyIndex
from epnkit.sources.sql.keys import COMPARABLE, KeyExpressions
from epnkit.sources.sql.pages import RowReader
from epnkit.sources.sql.reading import QueryReader, split_by_order
from epnkit.sources.sql.select_list import representable_condition
from epnkit.sources.sql.session import SqlSession, Statement, iterate_rows
from epnkit.sources.sql.statements import NO_CONDITION, Condition
from epnkit.sources.transport.paging import BatchAndCheckpoint, Checkpoint, Segment, split_window
from epnkit.sources.transport.prefetch import prefetch
from epnkit.sources.transport.retry import (
    DEFAULT_RETRY,
    RetryPolicy,
    resume,
    retry,
    take_retry_policy,
)

#: How many values a batch has, and how many records at most, if they are short: what a batch costs
#: whatever it holds counts less for more records, and those of few columns take little memory.
_VALUES, _MOST = 300_000, 25_000

#: The read timeout in seconds: a database may have to sort before it sends the first row.
_READ_TIMEOUT = 600


@dataclass(frozen=True)
class SqlSettings:
    """The settings of a SQL source.

    Parameters
    ----------
    query : str
        One SELECT; its columns are the fields of a record.
    order : Order
        The cursor and the key.
    encoding : str, optional
        The encoding of texts, if the driver does not handle it.
    overrides : ColumnOverrides
        The types and encodings of columns that the database gives wrongly or not at all.
    digest : bool
        Whether the database hashes each record, if it can and there is a key; changed records are
        found by the hash.
    retry_policy : RetryPolicy
        How often to try again.
    """

    query: str
    order: Order = UNORDERED
    encoding: str | None = None
    overrides: ColumnOverrides = NO_OVERRIDES
    digest: bool = True
    retry_policy: RetryPolicy = DEFAULT_RETRY


class SqlSource(ConfiguredSource[SqlSettings]):
    """Records of one SELECT.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string or a SQLAlchemy URL.
    settings : SqlSettings
        The query and how to read its result.
    """

    kind = "sql"
    digests_cover_records = True

    def __init__(self, secret: Secret, settings: SqlSettings) -> None:
        super().__init__(secret, settings)
        self.label = describe_connection(secret)

    @classmethod
    def take_settings(cls, settings: Settings, order: Order) -> SqlSettings:
        """Take the keys of a source file."""
        types = {name.lower(): dtype for name, dtype in take_types(settings, lists=False).items()}
        encodings = {
            name.lower(): str(code) for name, code in settings.take("encodings", dict, {}).items()
        }
        return SqlSettings(
            settings.take("query", str),
            settings.take_order(order),
            settings.take_text("encoding"),
            ColumnOverrides(types, encodings),
            settings.take("digest", bool, default=True),
            take_retry_policy(settings, _READ_TIMEOUT),
        )

    def count(self, window: Window = ALL) -> int:
        """Ask the database how many records the window holds."""
        statement = self._query.wrapped.select("COUNT(*)", self._condition(window))
        return int(self._fetch_all(statement)[0][0])

    def batches(self, window: Window = ALL, size: int = 0) -> Iterator[pl.DataFrame]:
        """Read the records of a window, ordered by cursor and key.

        Batches have :data:`~epnkit.sources.base.BATCH_SIZE` records, or more if these have few
        columns and short texts, unless a size is given.

        Records without a value in the cursor come last. If the connection breaks, reading
        continues after the last whole batch, which needs a key.
        """
        read = partial(self._read, self._segments(window), size)
        return resume(read, self._settings.retry_policy)

    def cut_points(self, window: Window, size: int) -> list[CursorValue]:
        """Return values of the cursor at which the window may be cut; see :class:`Divisible`."""
        if self._cursor is None:
            raise SourceError(
                "only a source with a cursor can be cut",
                where=self.label,
                cure='Name one in service.py, cursor=Cursor("modified"), or load with --jobs 1',
            )
        with_value, *_ = self._segments(window)
        wrapped, cursor = self._query.wrapped, self._cursor
        rows = self._fetch_all(wrapped.select_every(cursor, with_value.condition, size))
        values = build_frame(rows, [cursor])[cursor.field]
        return list(values.drop_nulls().unique(maintain_order=True))

    @property
    def compared_by(self) -> Literal["digest", "key"]:
        """Whether the database hashes records, or only lists keys."""
        return "digest" if self._query.digest else "key"

    def digests(self, bounds: list[str]) -> pl.DataFrame:
        """Sum up the records between consecutive keys; see :class:`Reconcilable`."""
        return self._ask_index(lambda session, index: index.sum_digests(session, bounds))

    def keys(self, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, with their digests."""
        return self._ask_index(lambda session, index: index.list_keys(session, low, high))

    def fetch(self, keys: list[str]) -> Iterator[pl.DataFrame]:
        """Read the records with these keys."""
        for statement in self._key_index.select_keys(keys):
            rows = self._fetch_all(statement)
            if rows:
                yield build_frame(rows, self._query.columns)

    @property
    def _types(self) -> dict[str, pl.DataType]:
        columns = (column for column in self._query.columns if column.name != SOURCE_DIGEST)
        return {column.field: column.dtype for column in columns}

    @cached_property
    def _key_index(self) -> KeyIndex:
        query = self._query
        if not self._key:
            raise SourceError(
                "the records cannot be compared with the table",
                where=self.label,
                why="they have no key",
                cure='Name the key in service.py, key=("id",), or load in full',
            )
        if query.dialect not in COMPARABLE:
            raise SourceError(
                "the records cannot be compared with the table",
                where=self.label,
                why=f"{query.dialect} is not supported for that",
                cure="Load in full: epnkit load SERVICE --full",
            )
        self._refuse_ambiguous_keys()
        return KeyIndex(query, KeyExpressions(query.wrapped, query.dialect, self._key))

    def _refuse_ambiguous_keys(self) -> None:
        """Refuse keys that the database writes otherwise than the tracking table."""
        for column in self._key:
            if column.dtype not in (pl.Int64, pl.String):
                raise SourceError(
                    "the records cannot be compared with the table",
                    where=self.label,
                    why=f"the key's column {column.field!r} is {column.dtype}, which each database"
                    " writes in its own way",
                    cure="Use a key of whole numbers or texts, or load in full",
                )

    def _ask_index(self, ask: Callable[[SqlSession, KeyIndex], pl.DataFrame]) -> pl.DataFrame:
        def ask_once() -> pl.DataFrame:
            with self._session() as session:
                return ask(session, self._key_index)

        return retry(ask_once, self._settings.retry_policy)

    def _fetch_all(self, statement: Statement) -> Sequence[Row]:
        return retry(partial(self._fetch_all_once, statement), self._settings.retry_policy)

    def _fetch_all_once(self, statement: Statement) -> Sequence[Row]:
        with self._session() as session:
            answer = session.execute(statement)
            return list(iterate_rows(answer, BATCH_SIZE))

    @cached_property
    def _query(self) -> QuerySchema:
        return retry(self._read_query_schema, self._settings.retry_policy)

    def _read_query_schema(self) -> QuerySchema:
        chosen = self._settings
        with self._session() as session:
            order = [*chosen.order.key, *filter(None, [chosen.order.cursor])]
            query = read_query_schema(session, chosen.query, chosen.overrides, self.label, order)
        return query.with_digest() if chosen.digest and chosen.order.key else query

    def _session(self) -> AbstractContextManager[SqlSession]:
        settings = self._settings
        keyed, read_timeout = bool(settings.order.key), settings.retry_policy.read_timeout
        return open_session(self._secret, read_timeout, settings.encoding, paged=keyed)

    @cached_property
    def _key(self) -> tuple[SqlColumn, ...]:
        return tuple(self._query.column(name, self.label) for name in self._settings.order.key)

    @cached_property
    def _cursor(self) -> SqlColumn | None:
        name = self._settings.order.cursor
        return None if name is None else self._query.column(name, self.label)

    def _condition(self, window: Window) -> Condition:
        """Return the condition that a record is in a window."""
        if window.everything:
            return NO_CONDITION
        return reduce(or_, (segment.condition for segment in self._segments(window)))

    def _segments(self, window: Window) -> list[Segment[Condition, SqlColumn]]:
        wrapped = self._query.wrapped
        return split_window(
            window,
            self._cursor,
            self._key,
            every=NO_CONDITION,
            inside=lambda cursor: wrapped.between(cursor, window) & self._cursor_condition(cursor),
            absent=lambda cursor: _or_negated(
                wrapped.is_null(cursor), self._cursor_condition(cursor)
            ),
            where=self.label,
        )

    def _cursor_condition(self, cursor: SqlColumn) -> Condition:
        """Require a value of the cursor that Python can represent; others count as null."""
        return Condition(
            representable_condition(self._query.wrapped, self._query.dialect, cursor) or ""
        )

    def _read(
        self,
        segments: list[Segment[Condition, SqlColumn]],
        size: int,
        checkpoint: Checkpoint | None,
    ) -> Iterator[BatchAndCheckpoint]:
        start = checkpoint or Checkpoint()
        if self._key and self._secret.kind == "odbc":  # whose results may be read in pages
            segments = list(split_by_order(segments, self._query.wrapped))
        while self.value_limits:
            try:
                chosen = size or self._choose_size()
                for batch, next_checkpoint in self._read_by_arrow(segments, chosen, start):
                    start = next_checkpoint
                    yield batch, next_checkpoint
            except NotInArrowError:
                # Neither for the rest, nor for later readings.
                self.value_limits = self.value_limits[1:]
            else:
                return
        yield from self._read_rows(segments, size or BATCH_SIZE, start)

    def _choose_size(self) -> int:
        """Choose how many records a batch has: more as long as all texts were short."""
        most = min(_VALUES // len(self._query.columns), _MOST)
        return max(BATCH_SIZE, most) if self.value_limits == VALUE_LIMITS else BATCH_SIZE

    def _read_by_arrow(
        self, segments: list[Segment[Condition, SqlColumn]], size: int, start: Checkpoint
    ) -> Iterator[BatchAndCheckpoint]:
        query, read_timeout = self._query, self._settings.retry_policy.read_timeout
        with closing(
            ArrowReader(
                self._secret, query.dialect, query.columns, read_timeout, self.value_limits[0]
            )
        ) as reader:
            yield from prefetch(self._query_reader.read(reader, segments, start, size))

    def _read_rows(
        self, segments: list[Segment[Condition, SqlColumn]], size: int, start: Checkpoint
    ) -> Iterator[BatchAndCheckpoint]:
        with self._session() as session:
            reader = RowReader(session, self._query.columns)
            read = self._query_reader.read(reader, segments, start, size)
            # The next page is requested while this one is processed. With a driver that streams,
            # two threads would only compete for the interpreter.
            yield from read if reader.streams_results else prefetch(read)

    @cached_property
    def _query_reader(self) -> QueryReader:
        return QueryReader(self._query, bool(self._key), self.label)

    @cached_property
    def value_limits(self) -> tuple[int, ...]:
        """The limits of values with which records are fetched in Arrow record batches, if at all.

        A limit is dropped when something does not fit.
        """
        if not self._key or self._secret.kind != "odbc" or self._settings.encoding:
            return ()
        order = (*self._key, *filter(None, [self._cursor]))
        return VALUE_LIMITS if can_read_by_arrow(self._query, order) else ()


def _or_negated(one: Condition, other: Condition) -> Condition:
    """Require one condition, or that the other one, unless it is empty, does not hold."""
    return one | Condition(f"NOT ({other.text})") if other.text else one
