"""The tables of a database, where a new service's source names none."""

from __future__ import annotations

import pyodbc
import sqlalchemy as sa

from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.alchemy import engine_of
from epnkit.sources.sql.driver_errors import driver_errors, source_error
from epnkit.sources.sql.session import CONNECT_TIMEOUT


def tables_of(secret: Secret) -> list[str]:
    """List the tables and views of a database, those of the system left out.

    Raises
    ------
    SourceError
        When it cannot be opened.
    """
    try:
        return _of_odbc(secret) if secret.kind == "odbc" else _of_alchemy(secret)
    except driver_errors() as error:
        raise source_error(error, secret) from None


def _of_alchemy(secret: Secret) -> list[str]:
    engine = engine_of(secret)
    try:
        inspector = sa.inspect(engine)
        return sorted([*inspector.get_table_names(), *inspector.get_view_names()])
    finally:
        engine.dispose()


def _of_odbc(secret: Secret) -> list[str]:
    link = pyodbc.connect(secret.reveal(), timeout=CONNECT_TIMEOUT, readonly=True)
    try:
        rows = link.cursor().tables().fetchall()
    finally:
        link.close()
    hidden = {"information_schema", "pg_catalog", "sys"}
    seen = (row for row in rows if row.table_type in {"TABLE", "VIEW"})
    return sorted(row.table_name for row in seen if row.table_schem not in hidden)
