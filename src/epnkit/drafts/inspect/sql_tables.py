"""The tables of a database, for a new service whose source names none."""

from __future__ import annotations

from dataclasses import dataclass

from epnkit.drafts.inspect.ddl_comments import TableComments, read_ddl_comments
from epnkit.modules import requires_extra
from epnkit.quoting import sql_name
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.alchemy import make_engine
from epnkit.sources.sql.driver_errors import driver_errors, source_error
from epnkit.sources.sql.odbc import connect_by_odbc

with requires_extra("sql"):
    import pyodbc
    import sqlalchemy as sa

#: The query for the columns of a table that MariaDB and MySQL set when a row changes.
_ON_UPDATE = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = {schema}"
    " AND table_name = {table} AND LOWER(extra) LIKE '%on update%' ORDER BY ordinal_position"
)

#: The query for the statement that made a table of SQLite, with its comments.
_STATEMENT = "SELECT sql FROM {schema}.sqlite_master WHERE name = {table} COLLATE NOCASE"


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
    link = connect_by_odbc(secret.reveal())
    try:
        rows = link.cursor().tables().fetchall()
        mark = link.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR).strip() or '"'
    finally:
        link.close()
    hidden = {"information_schema", "pg_catalog", "sys"}
    seen = (row for row in rows if row.table_type in {"TABLE", "VIEW"})
    names = [row.table_name for row in seen if row.table_schem not in hidden]
    return sorted(sql_name(name, mark * 2) for name in names)


@dataclass(frozen=True)
class TableDeclaration:
    """What a database says of a table.

    Parameters
    ----------
    key : tuple of str
        The columns of its primary key.
    changed : tuple of str
        The columns that MariaDB sets when a row changes.
    comments : dict of str to str
        The comments on its columns.
    about : str
        The comment on the table; empty if it has none.
    """

    key: tuple[str, ...]
    changed: tuple[str, ...]
    comments: dict[str, str]
    about: str = ""


def read_table_declaration(secret: Secret, table: str) -> TableDeclaration:
    """Return what a database says of a table.

    Parameters
    ----------
    secret : Secret
        What connects.
    table : str
        The table as a query names it, quoted or not, with its schema or without.

    Raises
    ------
    SourceError
        If the database does not say it.
    """
    *schemas, name = [part.strip('`"[]') for part in table.split(".")]
    schema = schemas[-1] if schemas else None
    try:
        if secret.kind == "odbc":
            return _declare_by_odbc(secret, schema, name)
        return _declare_by_alchemy(secret, schema, name)
    except driver_errors() as error:
        raise source_error(error, secret) from None


def _declare_by_alchemy(secret: Secret, schema: str | None, table: str) -> TableDeclaration:
    engine = make_engine(secret)
    try:
        inspector = sa.inspect(engine)
        key = inspector.get_pk_constraint(table, schema)["constrained_columns"]
        changed: tuple[str, ...] = ()
        if engine.dialect.name in {"mysql", "mariadb"}:
            with engine.connect() as link:
                query = sa.text(_ON_UPDATE.format(schema=":schema", table=":table"))
                names = {"schema": schema or inspector.default_schema_name, "table": table}
                changed = tuple(row[0] for row in link.execute(query, names))
        said = _read_comments(engine, inspector, schema, table)
        return TableDeclaration(tuple(key), changed, said.columns, said.table)
    finally:
        engine.dispose()


def _read_comments(
    engine: sa.Engine, inspector: sa.Inspector, schema: str | None, table: str
) -> TableComments:
    """Read the comments on a table and its columns; SQLite has them in the statement alone."""
    if engine.dialect.name == "sqlite":
        query = _STATEMENT.format(schema=sql_name(schema or "main"), table=":table")
        with engine.connect() as link:
            return _read_statement(link.execute(sa.text(query), {"table": table}).scalar())
    columns = inspector.get_columns(table, schema)
    comments = {each["name"]: text for each in columns if (text := each.get("comment"))}
    return TableComments(_read_table_comment(inspector, schema, table), comments)


def _read_table_comment(inspector: sa.Inspector, schema: str | None, table: str) -> str:
    try:
        return inspector.get_table_comment(table, schema)["text"] or ""
    except NotImplementedError:
        return ""  # not all databases have one


def _read_statement(statement: str | None) -> TableComments:
    """Read the comments of what made a table of SQLite; a table of its own has no statement."""
    return read_ddl_comments(statement) if statement else TableComments("", {})


def _declare_by_odbc(secret: Secret, schema: str | None, table: str) -> TableDeclaration:
    link = connect_by_odbc(secret.reveal())
    try:
        rows = link.cursor().primaryKeys(table=table, schema=schema).fetchall()
        key = tuple(row.column_name for row in sorted(rows, key=lambda row: row.key_seq))
        columns = link.cursor().columns(table=table, schema=schema).fetchall()
        comments = {row.column_name: row.remarks for row in columns if row.remarks}
        said, changed = TableComments("", comments), tuple[str, ...]()
        system = link.getinfo(pyodbc.SQL_DBMS_NAME).lower()
        if system == "sqlite":
            query = _STATEMENT.format(schema=sql_name(schema or "main"), table="?")
            row = link.cursor().execute(query, table).fetchone()
            said = _read_statement(row[0] if row else None)
        if system in {"mysql", "mariadb"}:
            current = schema or link.getinfo(pyodbc.SQL_DATABASE_NAME)
            query = _ON_UPDATE.format(schema="?", table="?")
            found = link.cursor().execute(query, current, table).fetchall()
            changed = tuple(row[0] for row in found)
        return TableDeclaration(key, changed, said.columns, said.table)
    finally:
        link.close()
