"""The facts of a report, aggregated in the database, so that few rows leave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from epnkit.loading.state.status import ServiceStatus, read_status

#: How many values of a column are listed.
LISTED = 10

#: How many gaps are listed.
GAPS = 10

#: Julian dates of the years 1 to 9999, which calendars and clocks can show.
_FIRST, _LAST = 1721425.5, 5373484.5

#: How many bins the logarithm of the frequency is cut into, per decade.
BINS_PER_DECADE = 200

#: The Julian day number of a calendar day, which begins at midnight.
_DAY = "floor({} + 0.5)::bigint"

_TIMES = f"time_min BETWEEN {_FIRST} AND {_LAST} AND time_max BETWEEN time_min AND {_LAST}"

_SUMMARY = f"""
    SELECT count(*), min(time_min) FILTER (WHERE {_TIMES}), max(time_max) FILTER (WHERE {_TIMES}),
           count(*) FILTER (WHERE ({_TIMES}) IS NOT TRUE),
           min(spectral_range_min) FILTER (WHERE spectral_range_min > 0),
           max(spectral_range_max) FILTER (WHERE spectral_range_min > 0),
           count(*) FILTER (WHERE spectral_range_min IS NULL OR spectral_range_max IS NULL)
    FROM {{table}}
"""  # noqa: S608 - our own numbers

_VALUES = """
    SELECT {column}::text, count(*) FROM {table} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}
"""

_DAYS = f"""
    SELECT {_DAY.format("time_min")}, {_DAY.format("time_max")}, count(*) FROM {{table}}
    WHERE {_TIMES} GROUP BY 1, 2
"""  # noqa: S608 - our own numbers

#: A gap begins when everything that began before has ended.
_GAPS = f"""
    WITH seen AS (
        SELECT time_min, max(time_max) OVER (ORDER BY time_min ROWS BETWEEN UNBOUNDED PRECEDING
            AND 1 PRECEDING) AS before
        FROM {{table}} WHERE {_TIMES})
    SELECT before, time_min FROM seen WHERE time_min > before
    ORDER BY time_min - before DESC LIMIT {{limit}}
"""  # noqa: S608 - our own numbers

_SPECTRUM = """
    SELECT floor(log(spectral_range_min) * {bins})::integer,
           floor(log(greatest(spectral_range_max, spectral_range_min)) * {bins})::integer, count(*)
    FROM {table} WHERE spectral_range_min > 0 AND spectral_range_max < 'infinity' GROUP BY 1, 2
"""

_QUARANTINE = """
    SELECT rule, field, reason, count(*) FILTER (WHERE resolved IS NULL) AS waiting,
           count(*) FILTER (WHERE resolved IS NOT NULL) AS settled
    FROM (SELECT rule, field, resolved,
                 regexp_replace(reason, '[0-9][0-9.,:eE+-]*', '…', 'g') AS reason
          FROM epnkit.quarantine WHERE service = %s) each
    GROUP BY 1, 2, 3 ORDER BY 4 DESC, 5 DESC, 3 LIMIT {limit}
"""


@dataclass(frozen=True)
class Facts:
    """The content of a report.

    Parameters
    ----------
    status : ServiceStatus
        Table, ledger, quarantine and last runs.
    first, last : float or None
        The earliest and latest time, as Julian dates.
    timeless : int
        Granules without a time that a calendar can show.
    lowest, highest : float or None
        The limits of the spectral ranges, in Hz.
    spectrumless : int
        Granules without a spectral range.
    values : dict
        By column, its most frequent values and how many granules have each.
    days : list of tuple
        First and last Julian day number, and the number of granules with both.
    gaps : list of tuple
        The longest times without data, as two Julian dates each.
    spectrum : list of tuple
        First and last bin of the logarithm, and the number of granules with both.
    quarantine : list of tuple
        Rule, field, reason (without its numbers), and how many records wait and are resolved.
    """

    status: ServiceStatus
    first: float | None
    last: float | None
    timeless: int
    lowest: float | None
    highest: float | None
    spectrumless: int
    values: dict[str, list[tuple[str | None, int]]]
    days: list[tuple[int, int, int]]
    gaps: list[tuple[float, float]]
    spectrum: list[tuple[int, int, int]]
    quarantine: list[tuple[int | None, str | None, str, int, int]]


#: The columns whose values are counted.
COUNTED = ("dataproduct_type", "target_name", "instrument_name", "processing_level")


def gather(connection: Any, service: str, runs: int = 10) -> Facts:
    """Gather the facts of a report.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.
    runs : int
        How many of the last runs.

    Raises
    ------
    LoadError
        If the service was never loaded with epnkit.
    """
    status = read_status(connection, service, runs)
    table = sql.Identifier(service, "epn_core")

    def query(statement: str, *values: object, **parts: Any) -> list[Any]:
        composed = {"limit": sql.Literal(LISTED), "table": table} | parts
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(**composed), values or None)
            return list(cursor.fetchall())

    ((_, first, last, timeless, lowest, highest, spectrumless),) = query(_SUMMARY)
    return Facts(
        status,
        first,
        last,
        timeless,
        lowest,
        highest,
        spectrumless,
        values={name: query(_VALUES, column=sql.Identifier(name)) for name in COUNTED},
        days=query(_DAYS),
        gaps=query(_GAPS, limit=sql.Literal(GAPS)),
        spectrum=query(_SPECTRUM, bins=sql.Literal(BINS_PER_DECADE)),
        quarantine=query(_QUARANTINE, service),
    )


def count_active(pairs: Sequence[tuple[int, int, int]]) -> tuple[int, list[int]]:
    """Count how many ranges cover each of consecutive numbers.

    Parameters
    ----------
    pairs : sequence of tuple
        First and last number of a range, both included, and how many ranges have both.

    Returns
    -------
    int
        The number of the first count.
    list of int
        The counts.
    """
    if not pairs:
        return 0, []
    start = min(first for first, _, _ in pairs)
    changes = [0] * (max(last for _, last, _ in pairs) - start + 2)
    for first, last, count in pairs:
        changes[first - start] += count
        changes[last - start + 1] -= count
    counts, now = [], 0
    for change in changes[:-1]:
        now += change
        counts.append(now)
    return start, counts
