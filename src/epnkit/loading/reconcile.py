"""Comparing the source with the table, by ranges of keys, without reading the records.

For each range the source returns a sum of digests; the keys themselves are compared only if it
differs from the tracking table's, and only records that differ are read again.  Numbers of records
are not compared: several may be folded into one granule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl
from psycopg2 import sql

from epnkit.errors import LoadError
from epnkit.loading.table.catalog import has_tracking, tracking_name
from epnkit.loading.table.target import TEXTS
from epnkit.sources.base import Reconcilable

#: Keys in a range: if ten ranges in a thousand differ, few keys are fetched.
RANGE_SIZE = 1000

#: Ranges that are compared before the progress is saved.
_RANGES_PER_SAVE = 50


@dataclass
class Difference:
    """The records that differ between source and table.

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
        """Drop keys from `gone` that the source has in another range: it sorts differently."""
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
    range_size : int
        Keys in a range.
    """

    connection: Any
    service: str
    source: Reconcilable
    range_size: int = RANGE_SIZE

    def run(self) -> Difference:
        """Compare all ranges, continuing an interrupted comparison.

        Raises
        ------
        LoadError
            If nothing has been loaded yet.
        """
        self._require_tracking()
        bounds, done, found = self._resume()
        differing = [number for number in self._find_differing_ranges(bounds) if number >= done]
        for start in range(0, len(differing), _RANGES_PER_SAVE):
            numbers = differing[start : start + _RANGES_PER_SAVE]
            for number in numbers:
                self._compare_range(_range_bounds(bounds, number), found)
            self._save_progress(numbers[-1] + 1, found)
        self._execute("DELETE FROM epnkit.comparisons WHERE service = %s", self.service)
        found.drop_moved()
        found.to_read -= {key for (key,) in self._query("{unpublished}")}
        return found

    def _require_tracking(self) -> None:
        if not has_tracking(self.connection, self.service):
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
        bounds = [key for (key,) in self._query(_BOUNDS, self.range_size)]
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

    def _find_differing_ranges(self, bounds: list[str]) -> list[int]:
        """List the ranges whose digests differ between source and table, in ascending order."""
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
        # Unpublished records are in no sum of the table, so that one that is gone would be missed.
        unpublished = {part for (part,) in self._query(_UNPUBLISHED_RANGES, bounds)}
        return sorted({*both.filter(~same)["part"], *unpublished})

    def _compare_range(self, between: tuple[str | None, str | None], found: Difference) -> None:
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
            "tracking": sql.Identifier("epnkit", tracking_name(self.service)),
            "service": sql.Literal(self.service),
            "key": sql.SQL(_KEY),
            "texts": TEXTS,
        }
        unpublished = sql.SQL(_UNPUBLISHED).format(**words)
        return sql.SQL(query).format(**words, unpublished=unpublished)


#: Keys sort as the source sorts them: numbers by value, others by their bytes.
_KEY = """(CASE WHEN epnkit_key ~ '^[0-9]{1,18}$' THEN lpad(epnkit_key, 18, '0')
           ELSE epnkit_key END) COLLATE "C\""""

_BOUNDS = """
    SELECT epnkit_key FROM (
        SELECT epnkit_key, row_number() OVER (ORDER BY {key}) AS position
        FROM (SELECT DISTINCT epnkit_key FROM {tracking}) each) numbered
WHERE position %% %s = 0 ORDER BY {key}
"""

#: The source's digests are of 32 bits, but those that epnkit made before it hashed are of 64.
_DIGESTS = """
    SELECT width_bucket({key}, ARRAY(SELECT {key} FROM unnest({texts}) AS epnkit_key)) AS part,
           mod(sum(epnkit_digest), 2 ^ 62::numeric)::bigint
    FROM (SELECT DISTINCT epnkit_key, epnkit_digest FROM {tracking}) each GROUP BY 1
"""

#: The records that are in quarantine, or hidden by an embargo.
_UNPUBLISHED = """
    SELECT record_key AS epnkit_key FROM epnkit.quarantine
    WHERE service = {service} AND resolved IS NULL AND record_key IS NOT NULL
    UNION SELECT record_key FROM epnkit.embargoes e WHERE service = {service}
    AND NOT EXISTS (SELECT FROM {tracking} tracked WHERE tracked.epnkit_key = e.record_key)
"""

_UNPUBLISHED_RANGES = """
    SELECT DISTINCT width_bucket({key}, ARRAY(SELECT {key} FROM unnest({texts}) AS epnkit_key))
    FROM ({unpublished}) each
"""

_KEYS = """
    SELECT DISTINCT epnkit_key, epnkit_digest
    FROM (SELECT epnkit_key, epnkit_digest FROM {tracking}
          UNION ALL SELECT epnkit_key, NULL FROM ({unpublished}) waiting
          WHERE NOT EXISTS (SELECT FROM {tracking} tracked
                            WHERE tracked.epnkit_key = waiting.epnkit_key)) each
    WHERE (%s::text IS NULL OR {key} >= (SELECT {key} FROM (SELECT %s AS epnkit_key) low))
      AND (%s::text IS NULL OR {key} < (SELECT {key} FROM (SELECT %s AS epnkit_key) high))
"""


def _range_bounds(bounds: list[str], number: int) -> tuple[str | None, str | None]:
    low = bounds[number - 1] if number > 0 else None
    high = bounds[number] if number < len(bounds) else None
    return low, high
