"""The index of what exists: granules of epn_core, read by a role that can do nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from queue import LifoQueue
from typing import Any, Protocol

import psycopg2
from psycopg2 import sql
from psycopg2.errors import InvalidSchemaName, UndefinedTable

from epnkit.errors import TransientSourceError
from epnkit.streaming.times import SECOND, from_julian_date, to_julian_date

#: How far the times of a granule are rounded, and how far a search goes beyond them.
MARGIN = SECOND

#: Columns that not every table has.
_OPTIONAL = (
    "access_url",
    "access_format",
    "thumbnail_url",
    "modification_date",
    "spectral_range_min",
    "spectral_range_max",
    "feature_name",
)

#: How many connections are kept open.
_CONNECTIONS = 8

#: How many granules are taken from the database at a time.
_PAGE = 2000


@dataclass(frozen=True)
class Granule:
    """A granule, as far as streams need it.

    Parameters
    ----------
    uid : str
        Its granule_uid.
    start, stop : int
        Its times, nanoseconds since 1970.
    url : str
        Where its file is; empty if nowhere.
    media_type : str
        What the file is.
    thumbnail : str
        Where a picture of it is; empty if nowhere.
    version : str
        Its modification_date: what changes when the granule does.
    lowest, highest : float, optional
        Its frequencies, in Hz.
    feature : str
        What it shows; empty if that is not said.
    """

    uid: str
    start: int
    stop: int
    url: str = ""
    media_type: str = ""
    thumbnail: str = ""
    version: str = ""
    lowest: float | None = None
    highest: float | None = None
    feature: str = ""


@dataclass(frozen=True)
class Extent:
    """What a data set spans.

    Parameters
    ----------
    start, stop : int
        Its first and its last time, nanoseconds since 1970.
    count : int
        How many granules it has.
    version : str
        The newest modification_date.
    """

    start: int
    stop: int
    count: int
    version: str


class Index(Protocol):
    """Where granules are looked up."""

    def find(
        self, service: str, where: Mapping[str, str], start: int, stop: int
    ) -> Iterator[Granule]:
        """Give the granules that may have records from ``start`` to before ``stop``, by time."""

    def find_newest(self, service: str, where: Mapping[str, str], count: int) -> list[Granule]:
        """Give the granules that end last, the latest first."""

    def measure(self, service: str, where: Mapping[str, str]) -> Extent | None:
        """Say what the granules span; None if there are none."""


class _NotImportedError(TransientSourceError):
    """A service has no table yet."""


class EpnIndex:
    """Granules of DaCHS's tables epn_core.

    Parameters
    ----------
    connect : callable
        Opens a connection under a role that may read what TAP publishes, and nothing else.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._idle: LifoQueue[Any] = LifoQueue(_CONNECTIONS)

    def find(
        self, service: str, where: Mapping[str, str], start: int, stop: int
    ) -> Iterator[Granule]:
        """Give the granules that may have records in a span, a page at a time.

        Raises
        ------
        TransientSourceError
            If the database does not answer.
        """
        bounds = [to_julian_date(stop + MARGIN), to_julian_date(start - MARGIN)]
        after: tuple[float, str] | None = None
        while True:
            rows = self._fetch_page(service, where, bounds, after)
            for row in rows:
                yield _granule(row)
            if len(rows) < _PAGE:
                return
            after = (rows[-1][1], rows[-1][0])

    def find_newest(self, service: str, where: Mapping[str, str], count: int) -> list[Granule]:
        """Give the granules that end last, the latest first.

        Raises
        ------
        TransientSourceError
            If the database does not answer.
        """
        conditions, values = _conditions(where)
        ending = sql.SQL("ORDER BY time_max DESC, granule_uid LIMIT {}").format(sql.Literal(count))
        conditions.append(sql.SQL("time_min IS NOT NULL AND time_max IS NOT NULL"))
        return [_granule(row) for row in self._select(service, conditions, values, ending)]

    def _fetch_page(
        self,
        service: str,
        where: Mapping[str, str],
        bounds: list[float],
        after: tuple[float, str] | None,
    ) -> list[Any]:
        conditions, values = _conditions(where)
        conditions += [sql.SQL("time_min <= %s"), sql.SQL("time_max >= %s")]
        values += bounds
        if after is not None:
            conditions.append(sql.SQL("(time_min, granule_uid) > (%s, %s)"))
            values += after
        ending = sql.SQL("ORDER BY time_min, granule_uid LIMIT {}").format(sql.Literal(_PAGE))
        return self._select(service, conditions, values, ending)

    def _select(
        self, service: str, conditions: list[Any], values: list[Any], ending: Any
    ) -> list[Any]:
        """Select granules; none of a service that is installed, but not imported."""
        try:
            return self._fetch(service, conditions, values, ending)
        except _NotImportedError:
            return []

    def _fetch(
        self, service: str, conditions: list[Any], values: list[Any], ending: Any
    ) -> list[Any]:
        with self._cursor() as cursor:
            known = _list_columns(cursor, service)
            chosen = (
                sql.Identifier(name) if name in known else sql.SQL("NULL") for name in _OPTIONAL
            )
            query = sql.SQL(
                "SELECT granule_uid, time_min, time_max, {chosen} FROM {table}"
                " WHERE {conditions} {ending}"
            ).format(
                chosen=sql.SQL(", ").join(chosen),
                table=sql.Identifier(service, "epn_core"),
                conditions=sql.SQL(" AND ").join(conditions),
                ending=ending,
            )
            cursor.execute(query, values)
            return list(cursor.fetchall())

    def measure(self, service: str, where: Mapping[str, str]) -> Extent | None:
        """Say what the granules span; None if there are none.

        Raises
        ------
        TransientSourceError
            If the database does not answer.
        """
        conditions, values = _conditions(where)
        conditions.append(sql.SQL("time_min IS NOT NULL AND time_max IS NOT NULL"))
        query = sql.SQL(
            "SELECT MIN(time_min), MAX(time_max), COUNT(*), MAX(modification_date) FROM {table}"
            " WHERE {conditions}"
        ).format(
            table=sql.Identifier(service, "epn_core"), conditions=sql.SQL(" AND ").join(conditions)
        )
        try:
            with self._cursor() as cursor:
                cursor.execute(query, values)
                first, last, count, version = cursor.fetchone()
        except _NotImportedError:
            return None
        if not count:
            return None
        return Extent(from_julian_date(first), from_julian_date(last), count, str(version))

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """Open a cursor; a connection that fails is not used again."""
        connection = None
        try:
            connection = self._connect() if self._idle.empty() else self._idle.get_nowait()
            with connection.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            if connection is not None:
                connection.close()
            missing = isinstance(error, UndefinedTable | InvalidSchemaName)
            raise (_NotImportedError if missing else TransientSourceError)(
                "the index of granules cannot be read",
                why=" ".join(str(error).split()),
                cure="See that PostgreSQL runs, and that the service is imported.",
            ) from error
        if self._idle.full():
            connection.close()
        else:
            self._idle.put_nowait(connection)


def _conditions(where: Mapping[str, str]) -> tuple[list[Any], list[Any]]:
    parts = [sql.SQL("{} ~ %s").format(sql.Identifier(column)) for column in where]
    return list(parts) or [sql.SQL("TRUE")], list(where.values())


def _list_columns(cursor: Any, service: str) -> set[str]:
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped",
        (f'"{service}".epn_core',),
    )
    return {name for (name,) in cursor.fetchall()}


def _granule(row: Any) -> Granule:
    uid, first, last, url, media_type, thumbnail, version, lowest, highest, feature = row
    return Granule(
        uid,
        from_julian_date(first),
        from_julian_date(last),
        url or "",
        media_type or "",
        thumbnail or "",
        str(version or ""),
        lowest,
        highest,
        feature or "",
    )
