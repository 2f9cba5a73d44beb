"""Comparing granules with those in the table, by PostgreSQL and in its own types."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl
import psycopg2
from psycopg2 import sql

from epnkit.loading.prepare.columns import REFUSAL
from epnkit.loading.prepare.refuse import taken_refusals
from epnkit.loading.table.catalog import table_exists
from epnkit.loading.table.target import Target

#: How many granules are compared at a time.
CHUNK = 2000

#: PostgreSQL's errors about a value.
_BAD_VALUE = (psycopg2.DataError, psycopg2.errors.InternalError_, psycopg2.IntegrityError)

#: What differs where nothing in the table does, but the granule's hash.
_LINKS = "links"

_TRACKED = """
    SELECT granule_uid, epnkit_key, replace(epnkit_content::text, '-', '') FROM {tracking}
    WHERE granule_uid = ANY(%s::text[])
"""

#: The values that differ.  The set of rows is made whole, so that each value is read as the table
#: would read it, also those of granules that are not in it.
_DIFFERENCES = """
    SELECT new.granule_uid, each.name, each.old, each.new
    FROM json_populate_recordset(NULL::{table}, %s::json) new
    JOIN {table} old USING (granule_uid)
    CROSS JOIN LATERAL (VALUES {pairs}) AS each (name, old, new)
    WHERE new.granule_uid = ANY(%s::text[]) AND each.old IS DISTINCT FROM each.new
"""

#: A granule without a release of its own keeps the one that it got when it was opened.
_RELEASED = """CASE WHEN new.release_date = new.creation_date
    THEN least(old.release_date, new.release_date) ELSE new.release_date END"""

_UIDS_OF_KEYS = "SELECT granule_uid FROM {tracking} WHERE epnkit_key = ANY(%s::text[])"

#: One granule as it waits: number, uid, key, hash, and its columns in JSON.
Granule = tuple[int, str, str, str, str]


class Staged(Protocol):
    """What is known of all granules of a run."""

    def has_key(self, key: str) -> bool:
        """Return whether a record was read and has granules."""

    def keys(self, size: int) -> Iterator[list[str]]:
        """Give the keys of the records that have granules."""

    def closed_keys(self, size: int) -> Iterator[list[str]]:
        """Give the keys of the records under an embargo."""

    def find_missing(self, uids: list[str]) -> list[str]:
        """Return those of some uids that no granule of the run has."""


@dataclass
class ChunkDifference:
    """How some granules compare with the table.

    Parameters
    ----------
    new : list of str
        The ``granule_uid`` of those that the table lacks.
    unchanged, changed : int
        How many are the same, or differ.
    changes : list
        ``granule_uid``, column, old and new value of each value that differs.
    refusals : polars.DataFrame
        Those that would be refused, as :data:`~epnkit.loading.prepare.columns.REFUSAL`.
    """

    new: list[str] = field(default_factory=list)
    unchanged: int = 0
    changed: int = 0
    changes: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    refusals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUSAL))


@dataclass(frozen=True)
class TableComparison:
    """Compares granules with one table.

    Parameters
    ----------
    target : Target
        The table.
    kept : collection of str
        The columns that are not compared: a change leaves them as they are, or sets them itself.
    embargoed : bool
        Whether ``release_date`` is that of an embargo, which stays once it has come.
    """

    target: Target
    kept: Collection[str]
    embargoed: bool = False

    def compare(self, granules: list[Granule], staged: Staged, *, whole: bool) -> ChunkDifference:
        """Compare some granules.

        Parameters
        ----------
        granules : list
            The granules.
        staged : Staged
            All of the run.
        whole : bool
            Whether all granules of the table are made again, so that no uid is taken.
        """
        found = ChunkDifference()
        known = self._read_tracked([uid for _, uid, *_ in granules])
        fit, found.refusals = self._split_taken(granules, known, staged, whole=whole)
        differing = [g for g in fit if g[1] in known and known[g[1]][1] != g[3]]
        changes, refused = self._read_differences(fit, {uid for _, uid, *_ in differing})
        found.refusals = pl.concat([found.refusals, _refuse(refused)])
        lost = {number for (number, *_), _ in refused}
        left = [granule for granule in fit if granule[0] not in lost]
        found.new = [uid for _, uid, *_ in left if uid not in known]
        found.changed = sum(1 for granule in differing if granule[0] not in lost)
        found.unchanged = len(left) - len(found.new) - found.changed
        shown = {uid for uid, *_ in changes}
        bare = [g[1] for g in differing if g[0] not in lost and g[1] not in shown]
        found.changes = [*changes, *((uid, _LINKS, None, None) for uid in bare)]
        return found

    def find_gone(self, staged: Staged, *, whole: bool) -> Iterator[list[str]]:
        """Find the granules that a load would delete.

        Parameters
        ----------
        staged : Staged
            All of the run.
        whole : bool
            Whether those that were not made again go, or only those of records that were read.

        Yields
        ------
        list of str
            The ``granule_uid`` of some.
        """
        if not self._is_tracked:
            return
        for uids in self._list_all() if whole else self._list_of(staged.keys(CHUNK)):
            yield staged.find_missing(uids)
        if not whole:
            for uids in self._list_of(staged.closed_keys(CHUNK)):
                yield staged.find_missing(uids)

    @property
    def _is_tracked(self) -> bool:
        return table_exists(self.target.connection, "epnkit", f"granules_{self.target.schema}")

    def _read_tracked(self, uids: list[str]) -> dict[str, tuple[str, str]]:
        if not self._is_tracked:
            return {}
        return {uid: (key, hashed) for uid, key, hashed in self.target.query(_TRACKED, (uids,))}

    def _split_taken(
        self,
        granules: list[Granule],
        known: dict[str, tuple[str, str]],
        staged: Staged,
        *,
        whole: bool,
    ) -> tuple[list[Granule], pl.DataFrame]:
        """Split off the granules whose uid another record has, which is not read again."""
        taken = [
            granule
            for granule in granules
            if not whole
            and granule[1] in known
            and known[granule[1]][0] != granule[2]
            and not staged.has_key(known[granule[1]][0])
        ]
        numbers = {granule[0] for granule in taken}
        refusals = taken_refusals([(uid, key, text, False) for _, uid, key, _, text in taken])
        return [granule for granule in granules if granule[0] not in numbers], refusals

    def _read_differences(
        self, granules: list[Granule], uids: Collection[str]
    ) -> tuple[list[tuple[str, str, str | None, str | None]], list[tuple[Granule, str]]]:
        """Read the values that differ, and find the granules that PostgreSQL refuses."""
        todo, changes, refused = [granules], [], []
        while todo:
            some = todo.pop()
            made, problem = self._try(some, uids) if some else ([], None)
            if problem is None:
                changes += made
            elif len(some) == 1:
                refused.append((some[0], problem))
            else:
                middle = len(some) // 2
                todo += [some[middle:], some[:middle]]
        return changes, refused

    def _try(
        self, granules: list[Granule], uids: Collection[str]
    ) -> tuple[list[tuple[str, str, str | None, str | None]], str | None]:
        text = f"[{','.join(granule[4] for granule in granules)}]"
        names = [name for name, _ in self.target.column_types() if name not in self.kept]
        pairs = sql.SQL(", ").join(map(self._pair, names))
        self.target.execute("SAVEPOINT epnkit_compared")
        try:
            rows = self.target.query(_DIFFERENCES, (text, list(uids) or [""]), pairs=pairs)
        except _BAD_VALUE as error:
            self.target.execute("ROLLBACK TO SAVEPOINT epnkit_compared")
            return [], str(error.diag.message_primary or error).strip()
        self.target.execute("RELEASE SAVEPOINT epnkit_compared")
        return [(uid, name, old, new) for uid, name, old, new in rows], None

    def _pair(self, name: str) -> sql.Composed:
        """Write the old and the new value of a column, as the table would hold it."""
        new = _RELEASED if self.embargoed and name == "release_date" else "new.{1}"
        text = "({0}, old.{1}::text, (" + new + ")::text)"
        return sql.SQL(text).format(sql.Literal(name), sql.Identifier(name))

    def _list_all(self) -> Iterator[list[str]]:
        query = sql.SQL("SELECT granule_uid FROM {}").format(self.target.tracking)
        with self.target.connection.cursor("epnkit_all_granules") as cursor:
            cursor.itersize = CHUNK
            cursor.execute(query)
            while rows := cursor.fetchmany(CHUNK):
                yield [uid for (uid,) in rows]

    def _list_of(self, keys: Iterator[list[str]]) -> Iterator[list[str]]:
        for some in keys:
            yield [uid for (uid,) in self.target.query(_UIDS_OF_KEYS, (some,))]


def _refuse(refused: list[tuple[Granule, str]]) -> pl.DataFrame:
    rows = [
        (key, uid, None, None, f"PostgreSQL refuses it: {problem}", text)
        for (_, uid, key, _, text), problem in refused
    ]
    return pl.DataFrame(rows, schema=REFUSAL, orient="row")
