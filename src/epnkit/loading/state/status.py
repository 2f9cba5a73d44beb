"""The state of a service: what the state tables say, checked against the service's table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extras import RealDictCursor

from epnkit.errors import LoadError
from epnkit.loading.state import declarations


@dataclass(frozen=True)
class ServiceStatus:
    """The state of a service.

    Parameters
    ----------
    service : str
        Its name.
    rows, tracked : int
        Granules in the table, and in its tracking table.
    unmatched : int
        Granules in only one of the two.
    quarantined : int
        Records in quarantine that are not resolved.
    cursor : dict or None
        How far it got: kind, value and run.
    runs : list of dict
        The last runs, newest first.
    stale : StaleDeclaration, optional
        What has changed in the declaration since the granules were made; None if nothing has.
    """

    service: str
    rows: int
    tracked: int
    unmatched: int
    quarantined: int
    cursor: dict[str, Any] | None
    runs: list[dict[str, Any]]
    stale: declarations.StaleDeclaration | None = None

    @property
    def consistent(self) -> bool:
        """Whether table and tracking table agree, row by row."""
        return self.unmatched == 0 and self.rows == self.tracked


def read_status(
    connection: Any, service: str, last: int = 10, folder: Path | None = None
) -> ServiceStatus:
    """Read the state of a service; the table's rows are counted, not taken from the ledger.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        Its name.
    last : int
        How many runs to read.
    folder : pathlib.Path, optional
        Where the service is declared now, to be compared with the declaration of its granules.

    Raises
    ------
    LoadError
        If the service was never loaded with epnkit.
    """
    table, tracking = (
        sql.Identifier(service, "epn_core"),
        sql.Identifier("epnkit", f"granules_{service}"),
    )
    try:
        rows, tracked, unmatched = _query_row(
            connection, sql.SQL(_COUNTS).format(table=table, tracking=tracking)
        )
    except psycopg2.errors.UndefinedTable:
        raise LoadError(
            "it has no table, or none that epnkit loaded",
            where=f"{service}.epn_core",
            cure=f"Import it first: dachs imp {service}/q.",
        ) from None
    (quarantined,) = _query_row(
        connection,
        "SELECT count(*) FROM epnkit.quarantine WHERE service = %s AND resolved IS NULL",
        service,
    )
    cursor = _query_dicts(
        connection, "SELECT kind, value, run FROM epnkit.cursors WHERE service = %s", service
    )
    runs = _query_dicts(
        connection,
        "SELECT * FROM epnkit.runs WHERE service = %s ORDER BY run DESC LIMIT %s",
        service,
        last,
    )
    stale = None if folder is None else declarations.find_stale(connection, service, folder)
    return ServiceStatus(
        service, rows, tracked, unmatched, quarantined, cursor[0] if cursor else None, runs, stale
    )


_COUNTS = """
    SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM {tracking}),
           (SELECT count(*) FROM {table} t FULL JOIN {tracking} b USING (granule_uid)
            WHERE t.tableoid IS NULL OR b.epnkit_key IS NULL)
"""


def _query_row(connection: Any, query: Any, *values: object) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _query_dicts(connection: Any, query: str, *values: object) -> list[dict[str, Any]]:
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]
