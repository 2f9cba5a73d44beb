"""Which records a SQL source holds, listed without reading them."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from epnkit.sources.sql.column_types import Row
from epnkit.sources.sql.columns import QuerySchema
from epnkit.sources.sql.keys import KeyExpressions, is_number, sort_key
from epnkit.sources.sql.session import SqlAnswer, SqlSession, Statement

#: How many keys are listed or asked for at a time.
_AT_A_TIME = 10_000

#: How many keys go into one condition.
_IN_A_CONDITION = 500

_LISTED = {"record_key": pl.String(), "record_digest": pl.Int64()}
_SUMMED = {"part": pl.Int64(), "records": pl.Int64(), "digest": pl.Int64()}


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
        """Sum up the records of the parts between consecutive keys."""
        if self.keys.number and self.keys.dialect in _PARTS and all(map(is_number, bounds)):
            return self._sum_at_database(session, [int(bound) for bound in bounds])
        return self._sum_locally(session, [sort_key(bound).encode() for bound in bounds])

    def _sum_at_database(self, session: SqlSession, bounds: list[int]) -> pl.DataFrame:
        part = _PARTS[self.keys.dialect](str(self.keys.number), bounds)
        # A null is written as a text that comes after all numbers.
        part = f"CASE WHEN {self.keys.number} IS NULL THEN {len(bounds)} ELSE {part} END"
        what = f"{part} AS part, COUNT(*) AS records, SUM({self.query.digest or 0}) AS digest"
        asked = self.query.wrapped.select(what)
        answer = session.execute(Statement(asked.head, f"{asked.tail} GROUP BY 1"))
        rows = [tuple(int(v or 0) for v in row) for row in _fetch_all(answer)]
        return pl.DataFrame(rows, schema=_SUMMED, orient="row").sort("part")

    def _sum_locally(self, session: SqlSession, bounds: list[bytes]) -> pl.DataFrame:
        sums: dict[int, list[int]] = {}
        for key, digest in _fetch_all(session.execute(self._key_statement(None, None))):
            place = bisect.bisect_right(bounds, sort_key(_as_text(key)).encode())
            part = sums.setdefault(place, [0, 0])
            part[0] += 1
            part[1] += int(digest or 0)
        rows = [(part, *found) for part, found in sorted(sums.items())]
        return pl.DataFrame(rows, schema=_SUMMED, orient="row")

    def list_keys(self, session: SqlSession, low: str | None, high: str | None) -> pl.DataFrame:
        """List the keys from low to below high, with their digests."""
        rows = _fetch_all(session.execute(self._key_statement(low, high)))
        listed = [(_as_text(key), None if digest is None else int(digest)) for key, digest in rows]
        return pl.DataFrame(listed, schema=_LISTED, orient="row")

    def _key_statement(self, low: str | None, high: str | None) -> Statement:
        what = f"{self.keys.text} AS record_key, {self._digest} AS record_digest"
        return self.query.wrapped.select(what, self.keys.between(low, high))

    def select_keys(self, keys: Sequence[str]) -> Iterator[Statement]:
        """Ask for the records with these keys."""
        for start in range(0, len(keys), _IN_A_CONDITION):
            chosen = self.keys.is_one_of(keys[start : start + _IN_A_CONDITION])
            yield self.query.wrapped.select(self.query.select_list, chosen, self.keys.columns)


def _fetch_all(answer: SqlAnswer) -> Iterator[Row]:
    while rows := answer.fetch(_AT_A_TIME):
        yield from rows


def _as_text(value: object) -> str:
    return bytes(value).decode() if isinstance(value, bytes | bytearray) else str(value)


def _interval(name: str, bounds: list[int]) -> str:
    """Find the part by MariaDB's INTERVAL, which searches by halves."""
    return f"INTERVAL({', '.join([name, *map(str, bounds)])})" if bounds else "0"


def _bucket(name: str, bounds: list[int]) -> str:
    """Find the part by PostgreSQL's width_bucket."""
    listed = ", ".join(map(str, bounds))
    return f"width_bucket(CAST({name} AS bigint), CAST(ARRAY[{listed}] AS bigint[]))"


_PARTS: dict[str, Callable[[str, list[int]], str]] = {"mysql": _interval, "postgresql": _bucket}
