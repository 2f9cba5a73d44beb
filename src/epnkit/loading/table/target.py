"""The table of a service as the loader sees it: copied into, merged into, counted."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from epnkit.errors import LoadError
from epnkit.loading.prepare.preparation import BOOKED
from epnkit.loading.table.catalog import exists

#: The column that numbers staged granules in the order of the source.
ROW = "epnkit_row"

#: What PostgreSQL says of a value that it cannot take: not of the disk, a lock or the connection.
_BAD_VALUE = (psycopg2.DataError, psycopg2.errors.InternalError_, psycopg2.IntegrityError)


@dataclass(frozen=True)
class Target:
    """One ``epn_core`` table, and the book of its granules, on one connection.

    Parameters
    ----------
    connection : psycopg2 connection
        On which everything happens, in the transaction that is open.
    schema, table : str
        The table's name.
    columns : tuple of str
        The columns that the table has.
    reader : str
        The role that may read the book: DaCHS's own, for datalink, not that of TAP's users.
    staging : psycopg2.sql.Identifier
        The table for granules that are to be merged.
    """

    connection: connection
    schema: str
    table: str
    columns: tuple[str, ...]
    reader: str = ""
    staging: sql.Identifier = field(default_factory=lambda: sql.Identifier("epnkit_staging"))

    @property
    def name(self) -> sql.Identifier:
        """The table, quoted."""
        return sql.Identifier(self.schema, self.table)

    @property
    def book(self) -> sql.Identifier:
        """The book of its granules: keys, hashes, quoted."""
        return sql.Identifier("epnkit", f"granules_{self.schema}")

    def execute(self, query: str, values: Sequence[Any] = (), **parts: sql.Composable) -> int:
        """Run a statement whose ``{table}``, ``{book}`` and other parts are identifiers."""
        with self.connection.cursor() as cursor:
            cursor.execute(self._compose(query, parts), values)
            return cursor.rowcount

    def query(
        self, query: str, values: Sequence[Any] = (), **parts: sql.Composable
    ) -> list[tuple[Any, ...]]:
        """Run a query likewise and give its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(self._compose(query, parts), values)
            return cursor.fetchall()

    def open_book(self, *, anew: bool) -> None:
        """Make the book of granules where there is none, or anew with a new table."""
        if anew:
            self.execute("DROP TABLE IF EXISTS {book}")
        if exists(self.connection, "epnkit", f"granules_{self.schema}"):
            return
        self.execute(
            "CREATE TABLE {book} (granule_uid text NOT NULL,"
            " epnkit_key text NOT NULL, epnkit_digest bigint, epnkit_links text NOT NULL,"
            " epnkit_content uuid NOT NULL)"
        )
        self.grant_book()
        if not self.empty:  # another kind of grammar filled the table
            self.index_book()

    def grant_book(self) -> None:
        """Let the reader read the book."""
        if self.reader:
            role = sql.Identifier(self.reader)
            self.execute("GRANT USAGE ON SCHEMA epnkit TO {role}", role=role)
            self.execute("GRANT SELECT ON {book} TO {role}", role=role)

    def index_book(self) -> None:
        """Give the book its indices, after the data."""
        for name, columns in (("uid", "granule_uid"), ("key", "epnkit_key")):
            unique = sql.SQL("UNIQUE" if name == "uid" else "")
            self.execute(
                "CREATE {unique} INDEX IF NOT EXISTS {index} ON {book} ({column})",
                unique=unique,
                index=sql.Identifier(f"granules_{self.schema}_{name}"),
                column=sql.Identifier(columns),
            )

    @property
    def empty(self) -> bool:
        """Whether the table holds no row."""
        return not self.query("SELECT EXISTS (SELECT FROM {table})")[0][0]

    def types(self) -> list[tuple[str, str]]:
        """Give the table's columns with their types, as PostgreSQL writes them.

        ``NOT NULL`` belongs to the type, but where a default stands in.
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
        """Make the staging table, which goes with the transaction."""
        self.execute(
            "CREATE TEMP TABLE {staging} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DROP",
            staging=self.staging,
        )
        for name, kind in (*BOOKED.items(), (ROW, "bigserial")):
            self.execute(
                "ALTER TABLE {staging} ADD COLUMN {column} {kind}",
                staging=self.staging,
                column=sql.Identifier(name),
                kind=sql.SQL(kind),
            )

    def copy_direct(self, granules: pl.DataFrame) -> None:
        """Copy granules straight into the table, and into the book."""
        self._copy(self.name, granules.drop(*BOOKED))
        self._copy(self.book, granules.select("granule_uid", *BOOKED))

    def copy_staged(self, granules: pl.DataFrame) -> None:
        """Copy granules into the staging table."""
        self._copy(self.staging, granules)

    def refused_by_database(
        self, granules: pl.DataFrame, *, direct: bool
    ) -> tuple[int, list[tuple[int, str]]]:
        """Copy what PostgreSQL takes, and find what it refuses.

        A batch that goes through costs one savepoint; one that does not is halved until the rows
        that are at fault stand alone.

        Returns
        -------
        int
            How many granules were copied.
        list of (int, str)
            The number of each refused granule, and the reason as PostgreSQL gives it.
        """
        copy = self.copy_direct if direct else self.copy_staged
        todo, copied, refused = [(0, len(granules))], 0, []
        while todo:
            start, end = todo.pop()
            problem = self._attempt(copy, granules[start:end]) if end > start else None
            if problem is None:
                copied += end - start
            elif end - start == 1:
                refused.append((start, problem))
            else:
                middle = (start + end) // 2
                todo += [(middle, end), (start, middle)]
        return copied, refused

    def _attempt(self, copy: Any, granules: pl.DataFrame) -> str | None:
        self.execute("SAVEPOINT epnkit_batch")
        try:
            copy(granules)
        except _BAD_VALUE as error:
            self.execute("ROLLBACK TO SAVEPOINT epnkit_batch")
            return str(error.diag.message_primary or error).strip()
        self.execute("RELEASE SAVEPOINT epnkit_batch")
        return None

    def _copy(self, into: sql.Composable, granules: pl.DataFrame) -> None:
        unknown = sorted(set(granules.columns) - set(self.columns) - {*BOOKED, ROW})
        if unknown:
            raise LoadError(
                f"the table has no column {', '.join(unknown)}",
                where=f"{self.schema}.{self.table}",
                cure="Declare it in the RD (optional_columns, or a column), or leave it out of"
                " the mapping; a table that exists already also needs: epnkit migrate.",
            )
        lines = io.BytesIO()
        granules.write_csv(
            lines,
            include_header=False,
            quote_style="non_numeric",
            datetime_format="%Y-%m-%dT%H:%M:%S%.6f",
        )
        lines.seek(0)
        names = sql.SQL(", ").join(map(sql.Identifier, granules.columns))
        command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(into, names)
        with self.connection.cursor() as cursor:
            cursor.copy_expert(command, lines)

    def _compose(self, query: str, parts: dict[str, sql.Composable]) -> sql.Composed:
        return sql.SQL(query).format(table=self.name, book=self.book, **parts)
