"""The partitions of a table: which exist, which a load needs, creating and attaching them.

``SERVICE.epn_core`` has at most two partitions: ``epn_core_part_none`` for granules without a
value, and ``epn_core_ranges``, whose partitions are the parts of the periods
(``epn_core_part_2003``).  There is no default partition, which PostgreSQL would lock against
readers whenever a part is attached.  Without it, a load attaches parts in its transaction, and no
reader waits.  A comment on ``epn_core_ranges`` holds the declaration of the partition, so that a
load follows the table, whatever ``service.py`` declares meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
from psycopg2 import sql

from epnkit.errors import ConfigurationError
from epnkit.times.periods import EPOCH, EPOCH_JD, NONE, Partition, Periods

if TYPE_CHECKING:
    from epnkit.loading.table.target import Target

#: Before and after all days of the calendar.
_EARLIEST, _LATEST = -1_000_000, 4_000_000

#: The types of columns that a table can be partitioned by, with the day of a value (days since
#: :data:`~epnkit.times.periods.EPOCH`). Values outside the calendar are limited to its bounds; NaN
#: is greater than all.
_DAYS = {
    "double precision": (
        f"least(greatest(floor({{by}} - {EPOCH_JD}), {_EARLIEST}), {_LATEST})::integer"
    ),
    "timestamp without time zone": (
        f"least(greatest({{by}}, '{date.min}'), '{date.max}')::date - date '{EPOCH}'"
    ),
}

#: The other column of the times, the bound of a period that limits it, and the condition.
_OTHER_ENDS = {"time_min": ("time_max", 0, "{} >= {}"), "time_max": ("time_min", 1, "{} < {}")}

_COMMENT = """
    SELECT obj_description(ranges.oid, 'pg_class'), format_type(a.atttypid, NULL)
    FROM pg_inherits JOIN pg_class ranges ON ranges.oid = inhrelid
    JOIN pg_partitioned_table p ON p.partrelid = ranges.oid
    JOIN pg_attribute a ON a.attrelid = ranges.oid AND a.attnum = p.partattrs[0]
    WHERE inhparent = to_regclass(quote_ident(%s) || '.' || quote_ident(%s))
"""

_LABELS = """
    SELECT right(relname, -length(%s)) FROM pg_class
    WHERE relnamespace = quote_ident(%s)::regnamespace AND relkind = 'r'
      AND starts_with(relname, %s) AND relispartition = %s ORDER BY relname
"""

_INDICES = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = (quote_ident(%s) || '.' || quote_ident(%s))::regclass ORDER BY indexrelid
"""


@dataclass(frozen=True)
class Partitions:
    """The partitions of a table, over the connection of a load and in its transaction.

    Parameters
    ----------
    target : Target
        The table.
    partition : Partition
        How it is partitioned.
    column_type : str
        The type of the column that it is partitioned by, as PostgreSQL writes it.

    Raises
    ------
    ConfigurationError
        If a column of this type holds no times.
    """

    target: Target
    partition: Partition
    column_type: str

    def __post_init__(self) -> None:
        if self.column_type not in _DAYS:
            raise ConfigurationError(
                f"a table cannot be partitioned by {self.partition.by}, which is"
                f" {self.column_type}",
                where=f"{self.target.schema}.{self.target.table}",
                cure="Partition by a Julian date (double precision) or a timestamp.",
            )

    @property
    def periods(self) -> Periods:
        """The periods of the parts."""
        return Periods(self.partition)

    @property
    def by(self) -> sql.Identifier:
        """The column, quoted."""
        return sql.Identifier(self.partition.by)

    @property
    def ranges(self) -> sql.Identifier:
        """The partition that is divided into the parts of the periods, quoted."""
        return sql.Identifier(self.target.schema, f"{self.target.table}_ranges")

    def name(self, label: str) -> sql.Identifier:
        """Return the name of a part, quoted."""
        return sql.Identifier(self.target.schema, self._prefix + label)

    @property
    def _prefix(self) -> str:
        return f"{self.target.table}_part_"

    def create_ranges(self) -> None:
        """Create the partition for granules with a value; its comment holds the declaration."""
        self.target.execute(
            "CREATE TABLE {ranges} PARTITION OF {table} FOR VALUES IN (false)"
            " PARTITION BY RANGE ({by}); COMMENT ON TABLE {ranges} IS {comment}",
            ranges=self.ranges,
            by=self.by,
            comment=sql.Literal(json.dumps(asdict(self.partition))),
        )

    def list_attached(self) -> list[str]:
        """List the labels of the parts that the table has."""
        return self._list_labels(attached=True)

    def _list_labels(self, *, attached: bool) -> list[str]:
        prefix = self._prefix
        rows = self.target.query(_LABELS, (prefix, self.target.schema, prefix, attached))
        return [label for (label,) in rows]

    def route(self, granules: pl.DataFrame) -> Iterator[tuple[sql.Identifier, pl.DataFrame]]:
        """Divide granules among their parts; missing parts are created, but not attached.

        Granules of one ``granule_uid`` are yielded in their order, also if their parts differ: by
        the order :func:`~epnkit.loading.table.merge.remove_repeated` chooses among them.

        Parameters
        ----------
        granules : polars.DataFrame
            Granules of one batch.

        Yields
        ------
        psycopg2.sql.Identifier, polars.DataFrame
            A part, and its granules.
        """
        nth = pl.int_range(pl.len()).over("granule_uid").alias("epnkit_nth")
        routed = granules.with_columns(nth, self.label_granules(granules))
        groups = routed.partition_by("epnkit_nth", "epnkit_label", as_dict=True, include_key=False)
        for (_, label), group in sorted(groups.items()):
            self.create(str(label))
            yield self.name(str(label)), group

    def label_granules(self, granules: pl.DataFrame) -> pl.Series:
        """Return the label of each granule's part, as the column ``epnkit_label``."""
        days = _count_days(granules, self.partition.by)
        periods = self.periods
        labels = {day: periods.label(periods.number(day)) for day in days.drop_nulls().unique()}
        labelled = days.replace_strict(labels, default=NONE, return_dtype=pl.String)
        return labelled.fill_null(NONE).alias("epnkit_label")

    def create(self, label: str) -> None:
        """Create a part that is not attached to the table yet, unless it exists."""
        self.target.execute(
            "CREATE TABLE IF NOT EXISTS {part} (LIKE {table} INCLUDING ALL EXCLUDING INDEXES)",
            part=self.name(label),
        )

    def attach_created(self) -> None:
        """Attach the parts that were created and filled."""
        for label in self._list_labels(attached=False):
            self.attach(label)

    def attach(self, label: str) -> None:
        """Index, check, analyse and attach a part."""
        part, constraint = self.name(label), sql.Identifier("epnkit_period")
        table = self.target.schema, self.target.table
        for (definition,) in self.target.query(_INDICES, table):
            how = sql.SQL(definition.partition(" USING ")[2])
            self.target.execute("CREATE INDEX ON {part} USING {how}", part=part, how=how)
        self.target.execute(
            "ALTER TABLE {part} ADD CONSTRAINT {constraint} CHECK ({holds}); ANALYZE {part}",
            part=part,
            constraint=constraint,
            holds=self._check_expression(label),
        )
        if label == NONE:
            # The constraint stays, so that queries for a value exclude this part.
            self.target.execute(
                "ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES IN (true)", part=part
            )
            return
        self.target.execute(
            "ALTER TABLE {ranges} ATTACH PARTITION {part} FOR VALUES FROM ({low}) TO ({high});"
            " ALTER TABLE {part} DROP CONSTRAINT {constraint}",
            ranges=self.ranges,
            part=part,
            constraint=constraint,
            low=self._bound(label, 0) or sql.SQL("MINVALUE"),
            high=self._bound(label, 1) or sql.SQL("MAXVALUE"),
        )
        self._limit_other_end(label)

    def _limit_other_end(self, label: str) -> None:
        """Let PostgreSQL exclude a part by the other column of the times, too.

        No granule ends before it begins (rule 13).  By this constraint, ``time_max < …`` excludes
        later parts of ``time_min``.
        """
        other, side, holds = _OTHER_ENDS.get(self.partition.by, ("", 0, ""))
        bound = self._bound(label, side)
        columns = [name for name, _ in self.target.column_types()]
        if bound is None or other not in columns:
            return
        limit = sql.SQL(holds).format(sql.Identifier(other), bound)
        part = self.name(label)
        # Rows that epnkit did not check may break rule 13.
        query = "SELECT EXISTS (SELECT FROM {part} WHERE NOT ({limit}))"
        if not self.target.query(query, part=part, limit=limit)[0][0]:
            self.target.execute("ALTER TABLE {part} ADD CHECK ({limit})", part=part, limit=limit)

    def _check_expression(self, label: str) -> sql.Composed:
        """Return a condition from which PostgreSQL infers the part's bounds, without a scan."""
        check = "({by} IS NULL) IS NOT NULL AND ({by} IS NULL) = {none} AND {holds}"
        return sql.SQL(check).format(
            by=self.by, none=sql.Literal(label == NONE), holds=self.condition(label)
        )

    def condition(self, label: str) -> sql.Composed:
        """Return the condition that the rows of a part meet, in SQL."""
        if label == NONE:
            return sql.SQL("{} IS NULL").format(self.by)
        low, high = self._bound(label, 0), self._bound(label, 1)
        terms = [sql.SQL("{} IS NOT NULL").format(self.by)]
        if low is not None:
            terms.append(sql.SQL("{} >= {}").format(self.by, low))
        if high is not None:
            terms.append(sql.SQL("{} < {}").format(self.by, high))
        return sql.SQL(" AND ").join(terms)

    def _bound(self, label: str, side: int) -> sql.Composable | None:
        number = self.periods.parse_label(label)
        day = None if number is None else self.periods.bounds(number)[side]
        return None if day is None else _write_bound(day, self.column_type)

    def attach_missing(self, rows: sql.Composable) -> None:
        """Attach an empty part for each missing period of the rows of another table.

        Parameters
        ----------
        rows : psycopg2.sql.Composable
            The table with the rows, which also has the column of the partition.
        """
        for label in sorted({*self.find_labels(rows)} - {*self.list_attached()}):
            self.create(label)
            self.attach(label)

    def find_labels(self, rows: sql.Composable) -> Iterator[str]:
        """Yield the labels of the parts to which the rows of a table belong."""
        # For a null and a limit, "least" returns the limit.
        known = f"CASE WHEN {{by}} IS NOT NULL THEN {_DAYS[self.column_type]} END"
        day = sql.SQL(known).format(by=self.by)
        periods = self.periods
        found = self.target.query("SELECT DISTINCT {day} FROM {rows}", day=day, rows=rows)
        numbers: set[Any] = {None if day is None else periods.number(day) for (day,) in found}
        yield from map(periods.label, numbers)


def find_partitions(target: Target) -> Partitions | None:
    """Return the partitions of a table; None if it is not partitioned, or not by epnkit."""
    for comment, kind in target.query(_COMMENT, (target.schema, target.table)):
        if comment is not None:
            return Partitions(target, Partition(**json.loads(comment)), kind)
    return None


def describe_difference(declared: Partition | None, parts: Partitions | None) -> str | None:
    """Describe how the partition of a table differs from the declared one; None if it does not.

    Parameters
    ----------
    declared : Partition, optional
        What ``service.py`` declares.
    parts : Partitions, optional
        The partitions of the table.
    """
    found = None if parts is None else parts.partition
    if declared == found:
        return None
    is_now = "not partitioned" if found is None else f"partitioned {found}"
    wanted = "no partition" if declared is None else f"a partition {declared}"
    return f"the table is {is_now}, and service.py declares {wanted}"


def _count_days(granules: pl.DataFrame, column: str) -> pl.Series:
    """Return the day of each value, days since the epoch; null if there is none."""
    if column not in granules.columns:
        return pl.Series([None] * len(granules), dtype=pl.Int32)
    values = granules[column]
    if values.dtype.is_float():
        days = (values.fill_nan(_LATEST + EPOCH_JD) - EPOCH_JD).floor()
        return days.clip(_EARLIEST, _LATEST).cast(pl.Int32)
    return values.cast(pl.Date).cast(pl.Int32) - (EPOCH - date(1970, 1, 1)).days


def _write_bound(day: date, kind: str) -> sql.Composable:
    if kind == "double precision":
        return sql.SQL(repr((day - EPOCH).days + EPOCH_JD))
    return sql.SQL("'{}'").format(sql.SQL(day.isoformat()))
