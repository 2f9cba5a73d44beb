"""The page about all services of a DaCHS: what each holds, and how its last run ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg2 import sql

import epnkit
from epnkit.loading.state.status import read_status
from epnkit.report.page import describe_span, explore_service, make_environment

#: The times that a calendar can show: Julian dates of the years 1 to 9999.
_SPAN = """
    SELECT min(time_min) FILTER (WHERE time_min BETWEEN 1721425.5 AND 5373484.5),
           max(time_max) FILTER (WHERE time_max BETWEEN 1721425.5 AND 5373484.5)
    FROM {table}
"""

_TITLE = """
    SELECT title FROM dc.resources
    WHERE sourcerd = %s AND NOT deleted AND title IS NOT NULL LIMIT 1
"""


@dataclass(frozen=True)
class ServiceLine:
    """What the page says of one service.

    Parameters
    ----------
    name, title : str
        The service, and what the registry calls it; empty if it is not published.
    granules, quarantined : int
        Its granules, and its records in quarantine.
    consistent : bool
        Whether table and ledger agree.
    span : tuple of str, optional
        The first and last day.
    ended, state : str
        When its last run began, and how it ended; empty if there was none.
    reason : str
        Why it failed, if it did.
    page, explore : str
        The addresses of its report, and of the page to explore it with.
    """

    name: str
    title: str
    granules: int
    quarantined: int
    consistent: bool
    span: tuple[str, str] | None
    ended: str
    state: str
    reason: str
    page: str
    explore: str


def describe_service(connection: Any, service: str, page: str, explore: str) -> ServiceLine:
    """Gather what the page says of one service.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.
    page, explore : str
        The address of its report, and of the page to explore granules with.

    Raises
    ------
    LoadError
        If the service was never loaded with epnkit.
    """
    status = read_status(connection, service, 1)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(_SPAN).format(table=sql.Identifier(service, "epn_core")))
        first, last = cursor.fetchone()
        cursor.execute(_TITLE, (f"{service}/q",))
        titles = cursor.fetchall()
    run = status.runs[0] if status.runs else {}
    return ServiceLine(
        service,
        titles[0][0] if titles else "",
        status.rows,
        status.quarantined,
        status.consistent,
        describe_span(first, last),
        f"{run['started'].astimezone(UTC):%Y-%m-%d %H:%M}" if run else "",
        run.get("state", ""),
        run.get("reason") or "",
        page,
        explore_service(explore, service),
    )


def render_index(lines: list[ServiceLine], explore: str, now: datetime) -> str:
    """Write the page.

    Parameters
    ----------
    lines : list of ServiceLine
        The services.
    explore : str
        The page to explore granules with; empty if there is none.
    now : datetime.datetime
        When they were looked at.
    """
    return (
        make_environment()
        .get_template("index.html")
        .render(
            lines=lines,
            explore=explore,
            now=now,
            granules=sum(line.granules for line in lines),
            quarantined=sum(line.quarantined for line in lines),
            failed=[line.name for line in lines if line.state in ("failed", "interrupted")],
            version=epnkit.__version__,
        )
    )
