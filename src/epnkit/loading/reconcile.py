"""Comparing the source with the table, part by part, without reading the records.

The keys are divided into parts.  For each part the source gives a sum of hashes; the keys
themselves are compared only if it differs from the tracking table's, and only records that differ
are read again.  Numbers of records are not compared: several may be folded into one granule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl
from psycopg2 import sql

from epnkit.errors import LoadError
from epnkit.loading.table.catalog import table_exists
from epnkit.sources.base import Reconcilable

#: Keys in a part: if ten parts in a thousand differ, little is fetched.
PART_SIZE = 1000

#: Parts that are compared before the progress is saved.
_PARTS_PER_SAVE = 50


@dataclass
class Difference:
    """What differs between source and table.

    Parameters
    ----------
    to_read : set of str
        Keys of records that only the source has, or that differ there.
    gone : set of str
        Keys of granules whose record the source no longer has.
    """

    to_read: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def drop_moved(self) -> None:
        """Keep keys that the source has in another part, which sorts differently, as not gone."""
        self.gone -= self.to_read


@dataclass
class Comparison:
    """A comparison of one service, which can be interrupted and continued.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, autocommitting.
    service : str
        Whose granules.
    source : Reconcilable
        Where the records come from.
    part_size : int
        Keys in a part.
    """

    connection: Any
    service: str
    source: Reconcilable
    part_size: int = PART_SIZE

    def run(self) -> Difference:
        """Compare all parts, continuing an interrupted comparison.

        Raises
        ------
        LoadError
            If nothing has been loaded yet.
        """
        self._require_tracking()
        bounds, done, found = self._resume()
        parts = [part for part in self._find_differing_parts(bounds) if part >= done]
        for start in range(0, len(parts), _PARTS_PER_SAVE):
            stretch = parts[start : start + _PARTS_PER_SAVE]
            for part in stretch:
                self._compare_part(_part_bounds(bounds, part), found)
            self._save_progress(stretch[-1] + 1, found)
        self._execute("DELETE FROM epnkit.comparisons WHERE service = %s", self.service)
        found.drop_moved()
        found.to_read -= {key for (key,) in self._query("{unpublished}")}
        return found

    def _require_tracking(self) -> None:
        if not table_exists(self.connection, "epnkit", f"granules_{self.service}"):
            raise LoadError(
                "nothing has been loaded yet",
                where=self.service,
                cure=f"Load it: epnkit load {self.service}.",
            )

    def _resume(self) -> tuple[list[str], int, Difference]:
        rows = self._query(
            "SELECT bounds, done, missing, gone FROM epnkit.comparisons WHERE service = %s"
            " AND begun > clock_timestamp() - interval '1 day'",
            self.service,
        )
        if rows:
            bounds, done, missing, gone = rows[0]
            return bounds, done, Difference(set(missing), set(gone))
        bounds = [key for (key,) in self._query(_BOUNDS, self.part_size)]
        self._execute("DELETE FROM epnkit.comparisons WHERE service = %s", self.service)
        self._execute(
            "INSERT INTO epnkit.comparisons (service, bounds) VALUES (%s, {texts})",
            self.service,
            bounds,
        )
        return bounds, 0, Difference()

    def _save_progress(self, done: int, found: Difference) -> None:
        self._execute(
            "UPDATE epnkit.comparisons SET done = %s, missing = {texts}, gone = {texts}"
            " WHERE service = %s",
            done,
            sorted(found.to_read),
            sorted(found.gone),
            self.service,
        )

    def _find_differing_parts(self, bounds: list[str]) -> list[int]:
        """List the parts that are not the same on both sides, in ascending order."""
        if self.source.compared_by == "key":
            return list(range(len(bounds) + 1))
        there = self.source.digests(bounds)
        here = pl.DataFrame(
            self._query(_DIGESTS, bounds),
            schema={"part": pl.Int64, "digest": pl.Int64},
            orient="row",
        )
        both = there.cast({"part": pl.Int64, "digest": pl.Int64}).join(
            here, on="part", how="full", coalesce=True, suffix="_here"
        )
        same = pl.col("digest").fill_null(0) == pl.col("digest_here").fill_null(0)
        # A record that is not published is in no sum: that it is gone makes no difference.
        unpublished = {part for (part,) in self._query(_UNPUBLISHED_PARTS, bounds)}
        return sorted({*both.filter(~same)["part"], *unpublished})

    def _compare_part(self, between: tuple[str | None, str | None], found: Difference) -> None:
        listed = self.source.keys(*between)
        summed = listed.group_by("record_key").agg(pl.col("record_digest").sum())
        there = dict(summed.select("record_key", "record_digest").iter_rows())
        here = dict(self._query(_KEYS, *(each for bound in between for each in (bound, bound))))
        digests = self.source.compared_by == "digest"
        found.gone |= here.keys() - there.keys()
        found.to_read |= {
            key
            for key, digest in there.items()
            if key not in here or (digests and here[key] != digest)
        }

    def _query(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(self._compose(query), values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def _execute(self, query: str, *values: object) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(self._compose(query), values)

    def _compose(self, query: str) -> sql.Composed:
        words = {
            "tracking": sql.Identifier("epnkit", f"granules_{self.service}"),
            "service": sql.Literal(self.service),
            "key": sql.SQL(_KEY),
            "texts": sql.SQL(_TEXTS),
        }
        unpublished = sql.SQL(_UNPUBLISHED).format(**words)
        return sql.SQL(query).format(**words, unpublished=unpublished)


#: A list of texts as a value; if DaCHS is imported, its adapter makes NULL of an empty one.
_TEXTS = "coalesce(%s::text[], ARRAY[]::text[])"

#: Keys sort as the source sorts them: numbers by value, others by their bytes.
_KEY = """(CASE WHEN epnkit_key ~ '^[0-9]{1,18}$' THEN lpad(epnkit_key, 18, '0')
           ELSE epnkit_key END) COLLATE "C\""""

_BOUNDS = """
    SELECT epnkit_key FROM (
        SELECT epnkit_key, row_number() OVER (ORDER BY {key}) AS position
        FROM (SELECT DISTINCT epnkit_key FROM {tracking}) each) numbered
WHERE position %% %s = 0 ORDER BY {key}
"""

_DIGESTS = """
    SELECT width_bucket({key}, ARRAY(SELECT {key} FROM unnest({texts}) AS epnkit_key)) AS part,
           sum(epnkit_digest)::bigint
    FROM (SELECT DISTINCT epnkit_key, epnkit_digest FROM {tracking}) each GROUP BY 1
"""

#: The records that are in quarantine, or hidden by an embargo.
_UNPUBLISHED = """
    SELECT record_key AS epnkit_key FROM epnkit.quarantine
    WHERE service = {service} AND resolved IS NULL AND record_key IS NOT NULL
    UNION SELECT record_key FROM epnkit.embargoes e WHERE service = {service}
    AND NOT EXISTS (SELECT FROM {tracking} b WHERE b.epnkit_key = e.record_key)
"""

_UNPUBLISHED_PARTS = """
    SELECT DISTINCT width_bucket({key}, ARRAY(SELECT {key} FROM unnest({texts}) AS epnkit_key))
    FROM ({unpublished}) each
"""

_KEYS = """
    SELECT DISTINCT epnkit_key, epnkit_digest
    FROM (SELECT epnkit_key, epnkit_digest FROM {tracking}
          UNION ALL SELECT epnkit_key, NULL FROM ({unpublished}) waiting
          WHERE NOT EXISTS (SELECT FROM {tracking} b WHERE b.epnkit_key = waiting.epnkit_key)) each
    WHERE (%s::text IS NULL OR {key} >= (SELECT {key} FROM (SELECT %s AS epnkit_key) low))
      AND (%s::text IS NULL OR {key} < (SELECT {key} FROM (SELECT %s AS epnkit_key) high))
"""


def _part_bounds(bounds: list[str], part: int) -> tuple[str | None, str | None]:
    low = bounds[part - 1] if part > 0 else None
    high = bounds[part] if part < len(bounds) else None
    return low, high
