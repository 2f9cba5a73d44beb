"""Comparing granules with those in the table, by PostgreSQL and in its own types."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import polars as pl
from psycopg2 import sql

from epnkit.loading.prepare.columns import REFUSAL
from epnkit.loading.prepare.refuse import describe_database_refusal, duplicate_uid_refusals
from epnkit.loading.spool import Spool, SpooledGranule
from epnkit.loading.table.catalog import has_tracking
from epnkit.loading.table.merge import write_release_date
from epnkit.loading.table.refused_rows import find_refused_rows
from epnkit.loading.table.target import Target

#: How many granules are compared at a time.
CHUNK = 2000

#: The name of the difference if no column differs, but the granule's hash.
_LINKS = "links"

_TRACKED = """
    SELECT granule_uid, epnkit_key, replace(epnkit_content::text, '-', '') FROM {tracking}
    WHERE granule_uid = ANY({texts})
"""

#: The values that differ.  All rows are built, also those of granules that are not in the table, so
#: that each value is converted as an insert would convert it.
_DIFFERENCES = """
    SELECT new.granule_uid, each.name, each.old, each.new
    FROM json_populate_recordset(NULL::{table}, %s::json) new
    JOIN {table} old USING (granule_uid)
    CROSS JOIN LATERAL (VALUES {pairs}) AS each (name, old, new)
    WHERE new.granule_uid = ANY({texts}) AND each.old IS DISTINCT FROM each.new
"""

_UIDS_OF_KEYS = "SELECT granule_uid FROM {tracking} WHERE epnkit_key = ANY({texts})"

#: uid, column, old and new value, as PostgreSQL writes them.
ChangedValue = tuple[str, str, str | None, str | None]


@dataclass
class ChunkDifference:
    """The differences between some granules and the table.

    Parameters
    ----------
    new : list of str
        The ``granule_uid`` of those that the table lacks.
    unchanged, changed : int
        How many are the same, or differ.
    changes : list
        ``granule_uid``, column, old and new value of each value that differs.
    refusals : polars.DataFrame
        The granules that would be refused, as :data:`~epnkit.loading.prepare.columns.REFUSAL`.
    """

    new: list[str] = field(default_factory=list)
    unchanged: int = 0
    changed: int = 0
    changes: list[ChangedValue] = field(default_factory=list)
    refusals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUSAL))


@dataclass(frozen=True)
class TableComparison:
    """Compares granules with one table.

    Parameters
    ----------
    target : Target
        The table.
    kept : collection of str
        The columns that are not compared, since a change keeps them, or sets them itself.
    embargoed : bool
        Whether ``release_date`` is that of an embargo; then it stays after the release.
    """

    target: Target
    kept: Collection[str]
    embargoed: bool = False

    def compare(
        self, granules: list[SpooledGranule], spool: Spool, *, replaces_all: bool
    ) -> ChunkDifference:
        """Compare some granules.

        Parameters
        ----------
        granules : list
            Some of the granules of a run.
        spool : Spool
            All granules of the run.
        replaces_all : bool
            Whether the granules of the run replace all of the table, so that no other record has
            their uid.
        """
        found = ChunkDifference()
        known = self._read_tracked([uid for _, uid, *_ in granules])
        fit, found.refusals = self._split_duplicate_uids(
            granules, known, spool, replaces_all=replaces_all
        )
        differing = [g for g in fit if g[1] in known and known[g[1]][1] != g[3]]
        changes, refused = self._read_differences(fit, {uid for _, uid, *_ in differing})
        found.refusals = pl.concat([found.refusals, _refuse(refused)])
        lost = {number for (number, *_), _ in refused}
        left = [granule for granule in fit if granule[0] not in lost]
        found.new = [uid for _, uid, *_ in left if uid not in known]
        changed = [granule for granule in differing if granule[0] not in lost]
        changes += self._list_added_values(changed)
        found.changed = len(changed)
        found.unchanged = len(left) - len(found.new) - found.changed
        shown = {uid for uid, *_ in changes}
        bare = [uid for _, uid, *_ in changed if uid not in shown]
        found.changes = [*changes, *((uid, _LINKS, None, None) for uid in bare)]
        return found

    def find_gone(self, spool: Spool, *, replaces_all: bool) -> Iterator[list[str]]:
        """Find the granules that a load would delete.

        Parameters
        ----------
        spool : Spool
            All granules of the run.
        replaces_all : bool
            Whether all granules are deleted that the run does not have, or only those of records
            that were read.

        Yields
        ------
        list of str
            The ``granule_uid`` of some.
        """
        if not self._is_tracked:
            return
        for uids in self._list_all() if replaces_all else self._list_of(spool.keys(CHUNK)):
            yield spool.find_missing(uids)
        if not replaces_all:
            for uids in self._list_of(spool.list_embargoed(CHUNK)):
                yield spool.find_missing(uids)

    @property
    def _is_tracked(self) -> bool:
        return has_tracking(self.target.connection, self.target.schema)

    def _read_tracked(self, uids: list[str]) -> dict[str, tuple[str, str]]:
        if not self._is_tracked:
            return {}
        return {uid: (key, hashed) for uid, key, hashed in self.target.query(_TRACKED, (uids,))}

    def _split_duplicate_uids(
        self,
        granules: list[SpooledGranule],
        known: dict[str, tuple[str, str]],
        spool: Spool,
        *,
        replaces_all: bool,
    ) -> tuple[list[SpooledGranule], pl.DataFrame]:
        """Split off the granules whose uid belongs to another record, which is not read again."""
        duplicates = [
            granule
            for granule in granules
            if not replaces_all
            and granule[1] in known
            and known[granule[1]][0] != granule[2]
            and not spool.has_key(known[granule[1]][0])
        ]
        numbers = {granule[0] for granule in duplicates}
        refusals = duplicate_uid_refusals(
            [(uid, key, text, False) for _, uid, key, _, text in duplicates]
        )
        return [granule for granule in granules if granule[0] not in numbers], refusals

    def _read_differences(
        self, granules: list[SpooledGranule], uids: Collection[str]
    ) -> tuple[list[ChangedValue], list[tuple[SpooledGranule, str]]]:
        """Read the values that differ, and find the granules that PostgreSQL refuses."""
        names = [name for name, _ in self.target.column_types() if name not in self.kept]
        pairs = sql.SQL(", ").join(map(self._pair, names))
        changes: list[ChangedValue] = []

        def read(start: int, end: int) -> None:
            text = f"[{','.join(granule[4] for granule in granules[start:end])}]"
            changes.extend(self.target.query(_DIFFERENCES, (text, list(uids)), pairs=pairs))

        refused = find_refused_rows(self.target, len(granules), read)
        return changes, [(granules[number], problem) for number, problem in refused]

    def _list_added_values(self, granules: list[SpooledGranule]) -> list[ChangedValue]:
        """List the values of columns that the table lacks, and the next load adds."""
        added = sorted({*self.target.columns} - self.target.kinds.keys())
        if not added:
            return []
        parsed = ((uid, json.loads(text)) for _, uid, _, _, text in granules)
        values = ((uid, name, values.get(name)) for uid, values in parsed for name in added)
        return [(uid, name, None, str(value)) for uid, name, value in values if value is not None]

    def _pair(self, name: str) -> sql.Composed:
        """Write the expressions of the old and the new value of a column, in the table's type."""
        released = self.embargoed and name == "release_date"
        new = write_release_date("old", "new") if released else "new.{1}"
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


def _refuse(refused: list[tuple[SpooledGranule, str]]) -> pl.DataFrame:
    rows = [
        (key, uid, None, None, describe_database_refusal(problem), text)
        for (_, uid, key, _, text), problem in refused
    ]
    return pl.DataFrame(rows, schema=REFUSAL, orient="row")
