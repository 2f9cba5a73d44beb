"""Filling a source with a replica: its real form, and synthetic content.

A service's ``replica/make.py`` says which: ``SCHEMA`` and ``tables()`` for an SQL database,
``files(directory)`` for a directory of files, ``documents()`` for a search index.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from epnkit.deploy import archive, companions, replica_search
from epnkit.deploy.dachs import Dachs
from epnkit.errors import ConfigurationError

#: The rows of a replica: for each table, each row a dictionary by column.
Tables = Mapping[str, Iterable[Mapping[str, Any]]]

_TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "integer": sa.Integer(),
    "real": sa.Float(24),
    "double": sa.Double(),
    "decimal": sa.Numeric(20, 8),
    # MariaDB cuts a DATETIME to seconds unless told otherwise; SQLite keeps dates as text.
    "datetime": sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
}


def read_schema(path: Path, **instead: str) -> sa.MetaData:
    """Read the tables of a replica from a CSV file of table, column, type and required.

    Parameters
    ----------
    path : pathlib.Path
        The file; lines that begin with ``#`` are passed over.
    **instead : str
        Types to use in place of others, such as ``double="decimal"``.
    """
    metadata = sa.MetaData()
    with path.open(newline="") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            kind = instead.get(row["type"], row["type"])
            if kind not in _TYPES:
                raise ConfigurationError(
                    f"there is no type {kind}",
                    where=str(path),
                    cure=f"Take one of these: {', '.join(sorted(_TYPES))}.",
                )
            column = sa.Column(row["column"], _TYPES[kind], nullable=row["required"] != "yes")
            table = metadata.tables.get(row["table"])
            if table is None:
                sa.Table(row["table"], metadata, column, quote=False)
            else:
                table.append_column(column)
    return _unquoted(metadata)


def fill(url: str, schema: sa.MetaData, tables: Tables) -> dict[str, int]:
    """Make the tables anew and fill them in one transaction.

    Parameters
    ----------
    url : str
        A SQLAlchemy URL of the database.
    schema : sqlalchemy.MetaData
        The tables; those without rows are made too.
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
        schema.drop_all(connection)
        _text_dates(schema) if text_dates else None
        schema.create_all(connection)
        for name, rows in tables.items():
            values = [_complete(schema.tables[name], row, text_dates) for row in rows]
            counts[name] = len(values)
            if values:
                connection.execute(schema.tables[name].insert(), values)
    engine.dispose()
    return counts


def _unquoted(metadata: sa.MetaData) -> sa.MetaData:
    # Unquoted, a name finds its table whatever case the database keeps it in.
    for table in metadata.tables.values():
        for column in table.columns:
            column.name = sa.sql.quoted_name(column.name, quote=False)
    return metadata


def _text_dates(metadata: sa.MetaData) -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, sa.DateTime):
                column.type = sa.Text()


def _complete(table: sa.Table, row: Mapping[str, Any], text_dates: bool) -> dict[str, Any]:
    """Give every column a value; a required one that the replica leaves out gets a neutral one."""
    complete: dict[str, Any] = {}
    for column in table.columns:
        value = row.get(column.name)
        if value is None and not column.nullable:
            value = _NEUTRAL[type(column.type).__name__]
        if isinstance(value, datetime) and text_dates:
            value = value.isoformat(timespec="milliseconds")
        complete[column.name] = value
    return complete


_NEUTRAL: dict[str, Any] = {
    "Text": "", "Integer": 0, "Float": 0.0, "Double": 0.0, "Numeric": 0,
    "DateTime": datetime(2000, 1, 1),
}  # fmt: skip


class Sources:
    """The sources of a demo, each filled and made known to its service by a credential.

    Parameters
    ----------
    dachs : Dachs
        Whose credentials are written, and under whose directory the sources' data lie.
    project : pathlib.Path
        The repository.
    database : tuple of str, optional
        Where SQL replicas go instead of SQLite: SQLAlchemy's URL and the ODBC connection string.
    search : str, optional
        The URL of a running Elasticsearch; by default one is started when it is needed.
    mariadb : bool
        Whether SQL replicas go to a MariaDB, which is started when it is needed.
    """

    def __init__(
        self,
        dachs: Dachs,
        project: Path,
        *,
        database: tuple[str, str] | None = None,
        search: str | None = None,
        mariadb: bool = False,
    ) -> None:
        self.dachs, self.project, self.mariadb = dachs, project, mariadb
        self.database, self.search = database, search
        self.directory = dachs.root / "sources"
        self._companions: list[companions.Companion] = []

    def __enter__(self) -> Self:
        self.dachs.account.own(self.directory)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the servers that were started; there is none for files and SQLite."""
        for companion in reversed(self._companions):
            companion.stop()
        self._companions.clear()

    def fill(self, folder: Path, directory: Path | None = None) -> bool:
        """Fill the source of a service, and say whether it was filled from elsewhere before.

        Parameters
        ----------
        folder : pathlib.Path
            The service folder.
        directory : pathlib.Path, optional
            Files to load instead of the replica, where the service has a ``replica/from_csv.py``.
        """
        module = "make.py" if directory is None else "from_csv.py"
        if not (folder / "replica" / module).exists():
            raise ConfigurationError(
                f"it has no replica/{module}",
                where=str(folder),
                cure="Write one, as in resources/hfc1ar/replica; or deploy it with its own source.",
            )
        make = load_module(folder / "replica" / "make.py")
        address = archive.publish(self.dachs, folder.name, make)
        if hasattr(make, "SCHEMA"):
            chosen = make if directory is None else load_module(folder / "replica" / module)
            rows = make.tables() if directory is None else chosen.tables(directory)
            self._fill_database(
                folder.name, make.SCHEMA, archive.rebased(rows, folder.name, address)
            )
        if hasattr(make, "documents"):
            self._fill_index(folder.name, make, address)
        if hasattr(make, "files"):
            directory_of_files = archive.place(self.dachs, folder.name)
            self._give_credential(folder.name, f"directory={directory_of_files};address={address}")
        if (folder / "replica" / "upstream.py").exists():
            self._start_upstream(folder, address or "")
        place = " in MariaDB" if self.mariadb and hasattr(make, "SCHEMA") else ""
        another = self._note_origin(folder.name, f"{directory or 'replica'}{place}")
        self.dachs.account.own(self.directory)
        return another

    def _fill_database(self, name: str, schema: str, rows: Tables) -> None:
        path = self.directory / f"{name}.sqlite"
        url, odbc = f"sqlite:///{path}", f"Driver=SQLite3;Database={path};StepAPI=1;ReadOnly=1"
        if self.mariadb and self.database is None:
            self.database = self._start_mariadb()
        if self.database is not None:
            url, odbc = self.database
        fill(url, read_schema(self.project / "sql" / schema), rows)
        self._give_credential(name, odbc)

    def _fill_index(self, name: str, make: ModuleType, address: str | None) -> None:
        url = self.search or self._start_search()
        documents = archive.rebased(list(make.documents()), name, address)
        replica_search.fill(url, make.INDEX, make.PROPERTIES, documents)
        self._give_credential(name, url)

    def _start_mariadb(self) -> tuple[str, str]:
        """Start MariaDB; give its URL and the connection string by ODBC."""
        parts = urlsplit(self._start_server("mariadb"))
        odbc = (
            f"Driver=MariaDB Unicode;Server={parts.hostname};Port={parts.port};"
            f"Database={parts.path.strip('/')};UID={parts.username};PWD={parts.password}"
        )
        return f"mysql+pymysql://{parts.netloc}{parts.path}?charset=utf8mb4", odbc

    def _start_search(self) -> str:
        """Start Elasticsearch, once for all services of a demo."""
        self.search = self._start_server("es8")
        return self.search

    def _start_server(self, kind: str) -> str:
        """Start one of the servers of ``scripts/servers``, and give its URL."""
        port = companions.port(self.directory / f"{kind}.port")
        words: list[str | Path] = ["-m", "scripts.servers", kind, str(port)]
        log = self.directory / f"{kind}.log"
        self._companions.append(companions.start(words, self.project, log))
        return self._companions[-1].url

    def _start_upstream(self, folder: Path, address: str) -> None:
        """Start what the service asks while it serves; where it is, DaCHS's ``etc`` tells."""
        log = self.directory / f"{folder.name}-upstream.log"
        program = folder / "replica" / "upstream.py"
        self._companions.append(companions.start([program, address], self.project, log))
        settings = self.dachs.root / "etc" / f"epnkit-{folder.name}.json"
        settings.write_text(json.dumps({"url": self._companions[-1].url}))
        self.dachs.account.own(settings.parent)

    def _note_origin(self, name: str, origin: str) -> bool:
        note = self.directory / f"{name}.origin"
        before = note.read_text() if note.exists() else ""
        note.write_text(origin)
        return before != origin

    def _give_credential(self, name: str, text: str) -> None:
        path = self.dachs.root / "credentials" / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        self.dachs.account.own(path.parent)


def load_module(path: Path) -> ModuleType:
    """Run a module of a replica, from its file."""
    spec = importlib.util.spec_from_file_location(f"replica_{path.parts[-3]}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(
            "it cannot be read as Python", where=str(path), cure="Give the file a name in .py."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
