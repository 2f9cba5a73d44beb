"""What the books say of a service, checked against its table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extras import RealDictCursor

from epnkit.errors import LoadError
from epnkit.loading.state import declarations as versions


@dataclass(frozen=True)
class Standing:
    """How a service stands.

    Parameters
    ----------
    service : str
        Which.
    rows, booked : int
        Granules in the table, and in the book that is kept beside it.
    strangers : int
        Granules in only one of the two.
    quarantined : int
        Records in quarantine that were neither loaded later nor dropped.
    cursor : dict or None
        How far it got.
    runs : list of dict
        The last runs, newest first.
    outdated : Outdated, optional
        By what the granules were made, where the service was declared otherwise then.
    """

    service: str
    rows: int
    booked: int
    strangers: int
    quarantined: int
    cursor: dict[str, Any] | None
    runs: list[dict[str, Any]]
    outdated: versions.Outdated | None = None

    @property
    def sound(self) -> bool:
        """Whether table and book agree, row by row."""
        return self.strangers == 0 and self.rows == self.booked


def standing(connection: Any, service: str, last: int = 10, folder: Path | None = None) -> Standing:
    """Read how a service stands; the table's rows are counted, not taken from the ledger.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        Which.
    last : int
        How many runs to tell of.
    folder : pathlib.Path, optional
        Where the service is declared now, to be compared with what its granules were made by.

    Raises
    ------
    LoadError
        Where the service was never loaded with epnkit.
    """
    table, book = (
        sql.Identifier(service, "epn_core"),
        sql.Identifier("epnkit", f"granules_{service}"),
    )
    try:
        rows, booked, strangers = _one(connection, sql.SQL(_COUNTS).format(table=table, book=book))
    except psycopg2.errors.UndefinedTable:
        raise LoadError(
            "it has no table, or none that epnkit loaded",
            where=f"{service}.epn_core",
            cure=f"Import it first: dachs imp {service}/q.",
        ) from None
    (quarantined,) = _one(
        connection,
        "SELECT count(*) FROM epnkit.quarantine WHERE service = %s AND resolved IS NULL",
        service,
    )
    cursor = _dictionaries(
        connection, "SELECT kind, value, run FROM epnkit.cursors WHERE service = %s", service
    )
    runs = _dictionaries(
        connection,
        "SELECT * FROM epnkit.runs WHERE service = %s ORDER BY run DESC LIMIT %s",
        service,
        last,
    )
    outdated = None if folder is None else versions.outdated(connection, service, folder)
    return Standing(
        service, rows, booked, strangers, quarantined, cursor[0] if cursor else None, runs, outdated
    )


_COUNTS = """
    SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM {book}),
           (SELECT count(*) FROM {table} t FULL JOIN {book} b USING (granule_uid)
            WHERE t.granule_gid IS NULL OR b.epnkit_key IS NULL)
"""


def _one(connection: Any, query: Any, *values: object) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _dictionaries(connection: Any, query: str, *values: object) -> list[dict[str, Any]]:
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]
