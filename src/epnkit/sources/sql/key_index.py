"""The keys and digests of the records of a SQL source, listed without reading the records."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from epnkit.sources.sql.columns import QuerySchema
from epnkit.sources.sql.keys import KeyExpressions, is_number, sort_key
from epnkit.sources.sql.session import SqlSession, Statement, iterate_rows

#: How many rows are fetched at a time.
_AT_A_TIME = 10_000

#: How many keys go into one condition.
_IN_A_CONDITION = 500

_LISTED = {"record_key": pl.String(), "record_digest": pl.Int64()}
_SUMMED = {"part": pl.Int64(), "digest": pl.Int64()}


@dataclass(frozen=True)
class KeyIndex:
    """The keys of a query's records.

    Parameters
    ----------
    query : QuerySchema
        The query.
    keys : KeyExpressions
        Its key.
    """

    query: QuerySchema
    keys: KeyExpressions

    @property
    def _digest(self) -> str:
        return self.query.digest or "NULL"

    def sum_digests(self, session: SqlSession, bounds: list[str]) -> pl.DataFrame:
        """Sum up the digests of the ranges between consecutive keys."""
        if self.keys.integer_column and self.keys.dialect in _PARTS and all(map(is_number, bounds)):
            return self._sum_at_database(session, [int(bound) for bound in bounds])
        return self._sum_locally(session, [sort_key(bound).encode() for bound in bounds])

    def _sum_at_database(self, session: SqlSession, bounds: list[int]) -> pl.DataFrame:
        part = _PARTS[self.keys.dialect](str(self.keys.integer_column), bounds)
        # A null is written as a text, which sorts after all numbers.
        part = f"CASE WHEN {self.keys.integer_column} IS NULL THEN {len(bounds)} ELSE {part} END"
        what = f"{part} AS part, SUM({self.query.digest or 0}) AS digest"
        summed = self.query.wrapped.select(what)
        answer = session.execute(Statement(summed.head, f"{summed.tail} GROUP BY 1"))
        rows = [tuple(int(v or 0) for v in row) for row in iterate_rows(answer, _AT_A_TIME)]
        return pl.DataFrame(rows, schema=_SUMMED, orient="row").sort("part")

    def _sum_locally(self, session: SqlSession, bounds: list[bytes]) -> pl.DataFrame:
        sums: Counter[int] = Counter()
        answer = session.execute(self._key_statement(None, None))
        for key, digest in iterate_rows(answer, _AT_A_TIME):
            number = bisect.bisect_right(bounds, sort_key(_as_text(key)).encode())
            sums[number] += int(digest or 0)
        return pl.DataFrame(sorted(sums.items()), schema=_SUMMED, orient="row")

    def list_keys(self, session: SqlSession, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, with their digests."""
        rows = iterate_rows(session.execute(self._key_statement(low, high)), _AT_A_TIME)
        listed = [(_as_text(key), None if digest is None else int(digest)) for key, digest in rows]
        return pl.DataFrame(listed, schema=_LISTED, orient="row")

    def _key_statement(self, low: str | None, high: str | None) -> Statement:
        what = f"{self.keys.text} AS record_key, {self._digest} AS record_digest"
        return self.query.wrapped.select(what, self.keys.between(low, high))

    def select_keys(self, keys: Sequence[str]) -> Iterator[Statement]:
        """Yield the statements that select the records with these keys."""
        for start in range(0, len(keys), _IN_A_CONDITION):
            chosen = self.keys.is_one_of(keys[start : start + _IN_A_CONDITION])
            yield self.query.wrapped.select(self.query.select_list, chosen, self.keys.columns)


def _as_text(value: object) -> str:
    return bytes(value).decode() if isinstance(value, bytes | bytearray) else str(value)


def _interval(name: str, bounds: list[int]) -> str:
    """Find the range by MariaDB's INTERVAL, a binary search."""
    return f"INTERVAL({', '.join([name, *map(str, bounds)])})" if bounds else "0"


def _bucket(name: str, bounds: list[int]) -> str:
    """Find the range by PostgreSQL's width_bucket."""
    listed = ", ".join(map(str, bounds))
    return f"width_bucket(CAST({name} AS bigint), CAST(ARRAY[{listed}] AS bigint[]))"


_PARTS: dict[str, Callable[[str, list[int]], str]] = {"mysql": _interval, "postgresql": _bucket}
