"""Rebuilding a table with another partition, or without one.

All of it is one transaction: until it is committed, readers use the old table, and nothing changes
if it fails.  Readers wait only during the last step, in which the tables are renamed; views of the
table are changed to read the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg2
from psycopg2 import sql

from epnkit.errors import LoadError
from epnkit.loading.table.partitions import Partitions
from epnkit.loading.table.table_locks import LOCK_TIMEOUT, repeat_attempts
from epnkit.loading.table.target import Target
from epnkit.times.periods import Partition

#: How long to repeat the attempts, in seconds.
GIVE_UP_AFTER = 600.0

_INDICES = """
    SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE indrelid = {regclass} ORDER BY relname
"""

#: The rights of roles; the grantee 0 is everybody.
_RIGHTS = """
    SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
           privilege_type, CASE WHEN is_grantable THEN 'WITH GRANT OPTION' ELSE '' END
    FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = {regclass}
"""

_TRIGGERS = """
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = {regclass} AND NOT tgisinternal
"""

_STATISTICS = """
    SELECT attname, attstattarget FROM pg_attribute
    WHERE attrelid = {regclass} AND attnum > 0 AND attstattarget >= 0
"""

_COMMENT = "SELECT obj_description({regclass}, 'pg_class')"

_VIEWS = """
    SELECT DISTINCT nspname, relname, relkind = 'm', pg_get_viewdef(v.oid),
           array_to_string(v.reloptions, ', ')
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
    JOIN pg_namespace n ON n.oid = v.relnamespace
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid = {regclass} ORDER BY nspname, relname
"""

_RELATIONS = """
    SELECT relname, relkind IN ('i', 'I') FROM pg_class
    WHERE relnamespace = quote_ident(%s)::regnamespace AND starts_with(relname, %s)
      AND relkind IN ('r', 'p', 'i', 'I')
"""


@dataclass
class Rebuild:
    """A table that replaces another one with the same columns.

    Parameters
    ----------
    old : Target
        The table, over a connection in a transaction that the caller commits or rolls back.
    partition : Partition, optional
        How the new one is partitioned; None for a plain table.
    give_up_after : float
        How long to try to lock the table if readers hold it, in seconds.
    """

    old: Target
    partition: Partition | None
    give_up_after: float = GIVE_UP_AFTER
    new: Target = field(init=False)
    _names: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Name the new table; its parts and indices are renamed with it."""
        self.new = Target(self.old.connection, self.old.schema, f"{self.old.table}_new", ())

    def execute(self) -> None:
        """Build the new table, fill it, and replace the old one.

        Raises
        ------
        LoadError
            If an object depends on the table that cannot be changed, or readers held it all the
            time.
        ConfigurationError
            If the table cannot be partitioned by the column.
        """
        # Writers wait, since their changes would be lost; readers do not.
        self.old.execute("LOCK TABLE {table} IN SHARE MODE")
        views = self._list_views()
        if self.partition is None:
            self._create(sql.SQL(""))
            self._copy_rows(self.new.name, sql.SQL("true"))
            self._create_indices()
        else:
            self._fill_parts(self._create_parts(self.partition))
        self.new.execute("ANALYZE {table}")
        self._lock(views)
        self._replace(views)

    def _list_views(self) -> list[tuple[Any, ...]]:
        views = self._query_old(_VIEWS)
        materialised = [
            f"{schema}.{name}" for schema, name, is_materialised, *_ in views if is_materialised
        ]
        if materialised:
            raise LoadError(
                f"{', '.join(materialised)} depends on the table",
                where=f"{self.old.schema}.{self.old.table}",
                why="a materialised view cannot be changed to read another table",
                cure="Drop it, do this again, and create it again.",
            )
        return views

    def _create_parts(self, partition: Partition) -> Partitions:
        """Create the new table as a partitioned one, with its indices and without parts."""
        kinds = {name: kind.removesuffix(" NOT NULL") for name, kind in self.old.column_types()}
        parts = Partitions(self.new, partition, kinds.get(partition.by, "missing"))
        self._create(sql.SQL("PARTITION BY LIST (({} IS NULL))").format(parts.by))
        parts.create_ranges()
        self._create_indices()
        return parts

    def _create(self, divided: sql.Composable) -> None:
        """Create the new table like the old one, without indices."""
        self.new.execute(
            "CREATE TABLE {table} (LIKE {old} INCLUDING ALL EXCLUDING INDEXES) {divided}",
            old=self.old.name,
            divided=divided,
        )
        for role, right, option in self._query_old(_RIGHTS):
            self.new.execute(
                "GRANT {right} ON {table} TO {role} {option}",
                right=sql.SQL(right),
                role=sql.SQL(role),
                option=sql.SQL(option),
            )
        for column, statistics in self._query_old(_STATISTICS):
            self.new.execute(
                "ALTER TABLE {table} ALTER {column} SET STATISTICS {statistics}",
                column=sql.Identifier(column),
                statistics=sql.Literal(statistics),
            )
        ((comment,),) = self._query_old(_COMMENT)
        if comment is not None:
            self.new.execute("COMMENT ON TABLE {table} IS {text}", text=sql.Literal(comment))

    def _create_indices(self) -> None:
        """Create the indices of the old table, with temporary names.

        A primary key would have to contain the column of the partition: it becomes an index of the
        same name, by which DaCHS takes it for the primary key.
        """
        primary = f"{self.old.table}_pkey"
        found = dict(self._query_old(_INDICES))
        if self.partition is not None and primary not in found:
            found[primary] = " USING btree (granule_uid)"
        for number, (name, definition) in enumerate(found.items()):
            temporary = f"{self.new.table}_{number}"
            self._names[temporary] = name
            unique = self.partition is None and name == primary
            self.new.execute(
                "CREATE {unique} INDEX {index} ON {table} USING {how}",
                unique=sql.SQL("UNIQUE" if unique else ""),
                index=sql.Identifier(temporary),
                how=sql.SQL(definition.partition(" USING ")[2]),
            )
            if unique:
                self.new.execute(
                    "ALTER TABLE {table} ADD PRIMARY KEY USING INDEX {index}",
                    index=sql.Identifier(temporary),
                )

    def _fill_parts(self, parts: Partitions) -> None:
        for label in sorted({*parts.find_labels(self.old.name)}):
            parts.create(label)
            self._copy_rows(parts.name(label), parts.condition(label))
            parts.attach(label)

    def _copy_rows(self, into: sql.Composable, condition: sql.Composable) -> None:
        columns = sql.SQL(", ").join(sql.Identifier(name) for name, _ in self.old.column_types())
        self.old.execute(
            "INSERT INTO {into} ({columns}) SELECT {columns} FROM {table} WHERE {condition}",
            into=into,
            columns=columns,
            condition=condition,
        )

    def _lock(self, views: list[tuple[Any, ...]]) -> None:
        """Lock the table against readers, in short attempts."""
        # Views first, as readers of views lock them: no deadlock.
        locked = [sql.Identifier(*view[:2]) for view in views] + [self.old.name]
        repeat_attempts(
            lambda: self._try_lock(locked),
            self.give_up_after,
            "the table cannot be replaced",
            f"{self.old.schema}.{self.old.table}",
        )

    def _try_lock(self, locked: list[sql.Identifier]) -> bool:
        lock = partial(
            self.old.execute,
            "SET LOCAL lock_timeout = {limit}; LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE;"
            " SET LOCAL lock_timeout TO DEFAULT",
            limit=sql.Literal(LOCK_TIMEOUT),
            locked=sql.SQL(", ").join(locked),
        )
        return self.old.attempt(lock, psycopg2.errors.LockNotAvailable) is None

    def _replace(self, views: list[tuple[Any, ...]]) -> None:
        triggers = self._query_old(_TRIGGERS)
        gone = Target(self.old.connection, self.old.schema, f"{self.old.table}_old", ())
        self._rename("TABLE", self.old.table, gone.table)
        self._rename("TABLE", self.new.table, self.old.table)
        for schema, name, _, definition, options in views:
            self.old.execute(
                "CREATE OR REPLACE VIEW {view} {options} AS {definition}",
                view=sql.Identifier(schema, name),
                options=sql.SQL(f"WITH ({options})" if options else ""),
                definition=sql.SQL(definition),
            )
        self._drop(gone)
        self._rename_relations()
        for (definition,) in triggers:
            self.old.execute("{trigger}", trigger=sql.SQL(definition))

    def _drop(self, gone: Target) -> None:
        try:
            gone.execute("DROP TABLE {table}")
        except psycopg2.errors.DependentObjectsStillExist as error:
            raise LoadError(
                "something depends on the table, and it cannot be replaced",
                where=f"{self.old.schema}.{self.old.table}",
                why=str(error.diag.message_detail),
                cure="Drop what it names, do this again, and create it again.",
            ) from error

    def _rename_relations(self) -> None:
        """Rename parts and indices of the new table to their final names."""
        prefix = f"{self.new.table}_"
        for name, is_index in self.old.query(_RELATIONS, (self.old.schema, prefix)):
            final = self._names.get(name, f"{self.old.table}_{name.removeprefix(prefix)}")
            self._rename("INDEX" if is_index else "TABLE", name, final)

    def _rename(self, kind: str, name: str, final: str) -> None:
        self.old.execute(
            "ALTER {kind} {name} RENAME TO {final}",
            kind=sql.SQL(kind),
            name=sql.Identifier(self.old.schema, name),
            final=sql.Identifier(final),
        )

    def _query_old(self, query: str) -> list[tuple[Any, ...]]:
        name = sql.Literal(self.old.name.as_string(self.old.connection))
        return self.old.query(query, regclass=sql.SQL("{}::regclass").format(name))
