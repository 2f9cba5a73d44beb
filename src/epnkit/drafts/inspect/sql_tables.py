"""The tables of a database, for a new service whose source names none."""

from __future__ import annotations

from epnkit.modules import requires_extra
from epnkit.quoting import sql_name
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.alchemy import make_engine
from epnkit.sources.sql.driver_errors import driver_errors, source_error
from epnkit.sources.sql.session import CONNECT_TIMEOUT

with requires_extra("sql"):
    import pyodbc
    import sqlalchemy as sa


def list_tables(secret: Secret) -> list[str]:
    """List the tables and views of a database as a query names them, without the system's.

    Raises
    ------
    SourceError
        If it cannot be opened.
    """
    try:
        return _list_by_odbc(secret) if secret.kind == "odbc" else _list_by_alchemy(secret)
    except driver_errors() as error:
        raise source_error(error, secret) from None


def _list_by_alchemy(secret: Secret) -> list[str]:
    engine = make_engine(secret)
    try:
        inspector = sa.inspect(engine)
        preparer = engine.dialect.identifier_preparer
        quotes = preparer.initial_quote + preparer.final_quote
        names = [*inspector.get_table_names(), *inspector.get_view_names()]
        return sorted(sql_name(name, quotes) for name in names)
    finally:
        engine.dispose()


def _list_by_odbc(secret: Secret) -> list[str]:
    link = pyodbc.connect(secret.reveal(), timeout=CONNECT_TIMEOUT, readonly=True)
    try:
        rows = link.cursor().tables().fetchall()
        mark = link.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR).strip() or '"'
    finally:
        link.close()
    hidden = {"information_schema", "pg_catalog", "sys"}
    seen = (row for row in rows if row.table_type in {"TABLE", "VIEW"})
    names = [row.table_name for row in seen if row.table_schem not in hidden]
    return sorted(sql_name(name, mark * 2) for name in names)
