"""Filling an SQL database with a replica."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from epnkit.errors import ConfigurationError
from epnkit.modules import requires_extra

with requires_extra("sql"):
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql


#: The rows of a replica: for each table, each row a dictionary by column.
Tables = Mapping[str, Iterable[Mapping[str, Any]]]

_TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "integer": sa.Integer(),
    "real": sa.Float(24),
    "double": sa.Double(),
    "decimal": sa.Numeric(20, 8),
    # MariaDB truncates a DATETIME to seconds by default; SQLite keeps dates as text.
    "datetime": sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
}


def read_schema(path: Path, **replacements: str) -> sa.MetaData:
    """Read the tables of a replica from a CSV file of table, column, type and required.

    Parameters
    ----------
    path : pathlib.Path
        The file; lines that begin with ``#`` are ignored.
    **replacements : str
        Types to use in place of others, such as ``double="decimal"``.

    Raises
    ------
    ConfigurationError
        If a type is unknown.
    """
    metadata = sa.MetaData()
    with path.open(newline="") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            kind = replacements.get(row["type"], row["type"])
            if kind not in _TYPES:
                raise ConfigurationError(
                    f"there is no type {kind}",
                    where=str(path),
                    cure=f"Use one of these: {', '.join(sorted(_TYPES))}.",
                )
            column = sa.Column(row["column"], _TYPES[kind], nullable=row["required"] != "yes")
            table = metadata.tables.get(row["table"])
            if table is None:
                sa.Table(row["table"], metadata, column, quote=False)
            else:
                table.append_column(column)
    return _unquote(metadata)


def fill(url: str, schema: sa.MetaData, tables: Tables) -> dict[str, int]:
    """Create the tables again and fill them, in one transaction.

    Parameters
    ----------
    url : str
        A SQLAlchemy URL of the database.
    schema : sqlalchemy.MetaData
        The tables; those without rows are created too.
    tables : dict
        The rows.

    Returns
    -------
    dict
        How many rows each table got.
    """
    engine = sa.create_engine(url)
    text_dates = engine.dialect.name == "sqlite"
    counts: dict[str, int] = {}
    with engine.begin() as connection:
        for table in schema.tables.values():
            # Not drop_all: it looks for the name as written, not as PostgreSQL stores it.
            connection.execute(sa.schema.DropTable(table, if_exists=True))
        if text_dates:
            _store_dates_as_text(schema)
        schema.create_all(connection)
        for name, rows in tables.items():
            values = [_fill_columns(schema.tables[name], row, text_dates) for row in rows]
            counts[name] = len(values)
            if values:
                connection.execute(schema.tables[name].insert(), values)
    engine.dispose()
    return counts


def _unquote(metadata: sa.MetaData) -> sa.MetaData:
    # An unquoted name is found in whatever case the database stores it.
    for table in metadata.tables.values():
        for column in table.columns:
            column.name = sa.sql.quoted_name(column.name, quote=False)
    return metadata


def _store_dates_as_text(metadata: sa.MetaData) -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, sa.DateTime):
                column.type = sa.Text()


def _fill_columns(table: sa.Table, row: Mapping[str, Any], text_dates: bool) -> dict[str, Any]:
    """Fill every column of a row; required ones that the replica leaves out get a neutral value."""
    filled: dict[str, Any] = {}
    for column in table.columns:
        value = row.get(column.name)
        if value is None and not column.nullable:
            value = _NEUTRAL[type(column.type).__name__]
        if isinstance(value, datetime) and text_dates:
            value = value.isoformat(timespec="milliseconds")
        filled[column.name] = value
    return filled


_NEUTRAL: dict[str, Any] = {
    "Text": "",
    "Integer": 0,
    "Float": 0.0,
    "Double": 0.0,
    "Numeric": 0,
    "DateTime": datetime(2000, 1, 1),
}
