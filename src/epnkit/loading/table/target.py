"""The table of a service as the target of a load, with its tracking and staging tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import polars as pl
import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection

from epnkit.errors import LoadError
from epnkit.loading.prepare.columns import TRACKING_COLUMNS
from epnkit.loading.table.binary_rows import encode_rows
from epnkit.loading.table.catalog import has_tracking, tracking_name
from epnkit.loading.table.copying import (
    EncodedGranules,
    copy_encoded,
    copy_granules,
    encode_granules,
)
from epnkit.loading.table.partitions import Partitions, find_partitions
from epnkit.loading.table.refused_rows import find_refused_rows
from epnkit.loading.table.temporary_tables import copy_content, empty_temporary_tables

#: The column that numbers staged granules in the order of the source.
ROW = "epnkit_row"

#: A list of texts as a value in SQL. Within DaCHS its adapter makes NULL of an empty list, and a
#: condition such as ``NOT key = ANY(NULL)`` holds for no row.
TEXTS = sql.SQL("coalesce(%s::text[], ARRAY[]::text[])")


@dataclass(frozen=True)
class EncodedBatch:
    """A batch as it is copied straight into the table and the tracking table.

    Parameters
    ----------
    granules : EncodedGranules
        What the table gets.
    tracked : polars.DataFrame
        What the tracking table gets.
    tracked_content : bytes, optional
        The same in the binary format.
    validated : tuple of str
        The columns whose polygons are written as bytes.
    """

    granules: EncodedGranules
    tracked: pl.DataFrame
    tracked_content: bytes | None
    validated: tuple[str, ...]


@dataclass(frozen=True)
class BatchEncoder:
    """Encodes batches for a direct copy; it has no connection, and may do so in any thread.

    Parameters
    ----------
    kinds : dict of str to str
        The types of the columns, as :attr:`Target.kinds` has them.
    validated : tuple of str
        The columns whose polygons are written as bytes.
    """

    kinds: dict[str, str]
    validated: tuple[str, ...]

    def encode(self, granules: pl.DataFrame) -> EncodedBatch | None:
        """Encode granules of one batch, with their tracking columns.

        Returns
        -------
        EncodedBatch or None
            None if the table lacks one of the columns.
        """
        if not self.kinds.keys() >= {*granules.columns}:
            return None
        rows = granules.drop(*TRACKING_COLUMNS)
        tracked = granules.select("granule_uid", *TRACKING_COLUMNS)
        return EncodedBatch(
            encode_granules(rows, self.kinds, self.validated),
            tracked,
            encode_rows(tracked, self.kinds),
            self.validated,
        )


@dataclass(frozen=True)
class Target:
    """One ``epn_core`` table and its tracking table, over one connection.

    Parameters
    ----------
    connection : psycopg2 connection
        The connection for everything, in its open transaction.
    schema, table : str
        The table's name.
    columns : tuple of str
        The columns that granules may have: those that the RD declares.
    reader : str
        The role that may read the tracking table: DaCHS's own, for datalink, not that of TAP users.
    staging : psycopg2.sql.Identifier
        The table for granules that are to be merged.
    validated_columns : tuple of str
        Columns whose polygons are copied as bytes if they are validated; see
        :mod:`epnkit.loading.table.validated_polygons`.
    """

    connection: connection
    schema: str
    table: str
    columns: tuple[str, ...]
    reader: str = ""
    staging: sql.Identifier = field(default_factory=lambda: sql.Identifier("epnkit_staging"))
    validated_columns: tuple[str, ...] = ()

    @property
    def name(self) -> sql.Identifier:
        """The table, quoted."""
        return sql.Identifier(self.schema, self.table)

    @property
    def tracking(self) -> sql.Identifier:
        """The tracking table (keys, hashes and links of the granules), quoted."""
        return sql.Identifier("epnkit", tracking_name(self.schema))

    @cached_property
    def partitions(self) -> Partitions | None:
        """The partitions of the table; None if it is not partitioned."""
        return find_partitions(self)

    def execute(self, query: str, values: Sequence[Any] = (), **identifiers: sql.Composable) -> int:
        """Run a statement, and return how many rows it changed.

        Parameters
        ----------
        query : str
            The statement, with ``{table}``, ``{tracking}``, ``{texts}`` for the value of a list of
            texts, and the names of the identifiers.
        values : sequence
            The values bound in it; without any, a ``%`` in it is no placeholder.
        **identifiers
            Identifiers, and other parts of the statement.
        """
        with self.connection.cursor() as cursor:
            cursor.execute(self._compose(query, identifiers), values or None)
            return cursor.rowcount

    def query(
        self, query: str, values: Sequence[Any] = (), **identifiers: sql.Composable
    ) -> list[tuple[Any, ...]]:
        """Run a query, composed like a statement, and return its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(self._compose(query, identifiers), values or None)
            return cursor.fetchall()

    def attempt(
        self, action: Callable[[], object], *expected: type[psycopg2.Error]
    ) -> psycopg2.Error | None:
        """Do something within a savepoint, to which an expected error returns.

        Parameters
        ----------
        action : callable
            What is done over the connection.
        *expected
            The errors that it may raise.

        Returns
        -------
        psycopg2.Error or None
            The error, if there was one; then nothing of the action remains.
        """
        self.execute("SAVEPOINT epnkit_attempt")
        try:
            action()
        except expected as error:
            self.execute("ROLLBACK TO SAVEPOINT epnkit_attempt; RELEASE SAVEPOINT epnkit_attempt")
            return error
        self.execute("RELEASE SAVEPOINT epnkit_attempt")
        return None

    def open_tracking(self, *, new_table: bool) -> None:
        """Create the tracking table if it is missing; for a new table, always."""
        if new_table:
            self.execute("DROP TABLE IF EXISTS {tracking}")
        if has_tracking(self.connection, self.schema):
            return
        self.execute(
            "CREATE TABLE {tracking} (granule_uid text NOT NULL,"
            " epnkit_key text NOT NULL, epnkit_digest bigint, epnkit_links text NOT NULL,"
            " epnkit_content uuid NOT NULL)"
        )
        self.grant_tracking()
        if not self.empty:  # another kind of grammar filled the table
            self.index_tracking()

    def grant_tracking(self) -> None:
        """Let the reader read the tracking table."""
        if self.reader:
            role = sql.Identifier(self.reader)
            self.execute("GRANT USAGE ON SCHEMA epnkit TO {role}", role=role)
            self.execute("GRANT SELECT ON {tracking} TO {role}", role=role)

    def index_tracking(self) -> None:
        """Create the indices of the tracking table, after the data."""
        self._index("uid", "granule_uid", unique=True)
        self._index("key", "epnkit_key", unique=False)

    def index_uids(self) -> bool:
        """Create the index that keeps each uid unique, unless some granules have the same one.

        Returns
        -------
        bool
            Whether all uids are different.
        """
        create = partial(self._index, "uid", "granule_uid", unique=True)
        return self.attempt(create, errors.UniqueViolation) is None

    def _index(self, name: str, column: str, *, unique: bool) -> None:
        self.execute(
            "CREATE {unique} INDEX IF NOT EXISTS {index} ON {tracking} ({column})",
            unique=sql.SQL("UNIQUE" if unique else ""),
            index=sql.Identifier(f"{tracking_name(self.schema)}_{name}"),
            column=sql.Identifier(column),
        )

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The types of the columns of the table and the tracking table, without modifiers."""
        found = self.query(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid ="
            " (quote_ident(%s) || '.' || quote_ident(%s))::regclass AND attnum > 0"
            " AND NOT attisdropped",
            (self.schema, self.table),
        )
        return dict(found) | TRACKING_COLUMNS

    @property
    def empty(self) -> bool:
        """Whether the table holds no row."""
        return not self.query("SELECT EXISTS (SELECT FROM {table})")[0][0]

    def column_types(self) -> list[tuple[str, str]]:
        """Return the table's columns with their types, as PostgreSQL writes them.

        ``NOT NULL`` is part of the type unless the column has a default.
        """
        found = self.query(
            "SELECT attname, format_type(atttypid, atttypmod)"
            " || CASE WHEN attnotnull AND NOT atthasdef THEN ' NOT NULL' ELSE '' END"
            " FROM pg_attribute WHERE attrelid ="
            " (quote_ident(%s) || '.' || quote_ident(%s))::regclass AND attnum > 0"
            " AND NOT attisdropped",
            (self.schema, self.table),
        )
        return [(name, kind) for name, kind in found]

    def make_staging(self) -> None:
        """Create the staging table, which is dropped at the end of the transaction."""
        self.execute(
            "CREATE TEMP TABLE {staging} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DROP",
            staging=self.staging,
        )
        for name, kind in (*TRACKING_COLUMNS.items(), (ROW, "bigserial")):
            self.execute(
                "ALTER TABLE {staging} ADD COLUMN {column} {kind}",
                staging=self.staging,
                column=sql.Identifier(name),
                kind=sql.SQL(kind),
            )

    def copy_direct(self, granules: pl.DataFrame) -> None:
        """Copy granules straight into the table, or its parts, and the tracking table."""
        self.require_columns(granules.columns)
        rows = granules.drop(*TRACKING_COLUMNS)
        for into, some in (
            [(self.name, rows)] if self.partitions is None else self.partitions.route(rows)
        ):
            copy_granules(self, into, some)
        tracked = granules.select("granule_uid", *TRACKING_COLUMNS)
        copy_content(self, self.tracking, tracked, encode_rows(tracked, self.kinds))

    def _copy_encoded(self, batch: EncodedBatch) -> None:
        copy_encoded(self, self.name, batch.granules)
        copy_content(self, self.tracking, batch.tracked, batch.tracked_content)

    def attach_partitions(self, *, direct: bool) -> None:
        """Attach the parts of a partitioned table that the copied granules need.

        Parameters
        ----------
        direct : bool
            Whether they were copied straight into parts, and not into the staging table.
        """
        if self.partitions is None:
            return
        if direct:
            self.partitions.attach_created()
        else:
            self.partitions.attach_missing(self.staging)

    def copy_staged(self, granules: pl.DataFrame) -> None:
        """Copy granules into the staging table."""
        self.require_columns(granules.columns)
        copy_granules(self, self.staging, granules)

    def copy_accepted(
        self, granules: pl.DataFrame, *, direct: bool, encoded: EncodedBatch | None = None
    ) -> tuple[int, list[tuple[int, str]]]:
        """Copy what PostgreSQL accepts, and find what it refuses.

        Parameters
        ----------
        granules : polars.DataFrame
            Granules of one batch.
        direct : bool
            Whether they are copied straight into the table, and not into the staging table.
        encoded : EncodedBatch, optional
            What :class:`BatchEncoder` made of them, for a direct copy. It is of no use if this
            server takes no polygons as bytes after all.

        Returns
        -------
        int
            How many granules were copied.
        list of (int, str)
            The number of each refused granule, and the reason as PostgreSQL gives it.
        """
        copy = self.copy_direct if direct else self.copy_staged
        if encoded is not None and encoded.validated != self.validated_columns:
            encoded = None

        def process(start: int, end: int) -> None:
            if encoded is not None and end - start == len(granules):
                self.require_columns(granules.columns)
                self._copy_encoded(encoded)
            else:
                copy(granules[start:end])

        empty = partial(empty_temporary_tables, self)
        refused = find_refused_rows(self, len(granules), process, empty)
        return len(granules) - len(refused), refused

    def require_columns(self, names: Iterable[str]) -> None:
        """Refuse columns of granules, except those of the loader, that RD or table do not have.

        Raises
        ------
        LoadError
            If there is one.
        """
        self._refuse_unknown(names, {*self.columns} & self.kinds.keys())

    def require_declared(self, names: Iterable[str]) -> None:
        """Refuse columns of granules, except those of the loader, that the RD does not declare.

        The table may be missing, or lack a column that the next load adds.

        Raises
        ------
        LoadError
            If there is one.
        """
        self._refuse_unknown(names, {*self.columns})

    def _refuse_unknown(self, names: Iterable[str], known: Set[str]) -> None:
        unknown = sorted({*names} - known - {*TRACKING_COLUMNS, ROW})
        if unknown:
            raise LoadError(
                f"the table has no column {', '.join(unknown)}",
                where=f"{self.schema}.{self.table}",
                cure="Declare it in the RD (optional_columns, or a column): the next load adds it"
                " to the table. Or leave it out of the mapping.",
            )

    def _compose(self, query: str, identifiers: dict[str, sql.Composable]) -> sql.Composed:
        known = {"table": self.name, "tracking": self.tracking, "texts": TEXTS}
        return sql.SQL(query).format(**known, **identifiers)
