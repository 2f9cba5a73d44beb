"""The sources of a demonstration, filled with the replicas of services.

A service's ``replica/make.py`` defines the source: ``SCHEMA`` (a CSV file) and ``tables()`` for an
SQL database, ``files(directory)`` for a directory of files, ``documents()`` for a search index,
``observations()`` for a collection of MongoDB behind RESTHeart, ``datasets()`` for SiTools2,
``tap_tables()`` for a TAP service, with files that its records are about in ``archive(directory)``,
``containers()`` for Rucio.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Self
from urllib.parse import urlsplit

from epnkit.dachs.private import PrivateDachs
from epnkit.errors import ConfigurationError
from epnkit.modules import run_file
from epnkit.replicas import archive, database, documents, index, programs, rucio_files
from epnkit.replicas.programs import Program
from epnkit.replicas.tap import PATH as TAP_PATH


class ReplicaSources:
    """The sources of a demo, each filled, with a credential by which its service finds it.

    Parameters
    ----------
    dachs : Dachs
        The DaCHS that gets the credentials, and keeps the data of the sources.
    project : pathlib.Path
        The repository.
    database : tuple of str, optional
        The database for SQL replicas instead of SQLite: SQLAlchemy's URL and the ODBC string.
    search : str, optional
        The URL of a running Elasticsearch; by default one is started if needed.
    observatory : tuple of str, optional
        The URLs of a running MongoDB and of the RESTHeart in front of it; by default both are
        started if needed.
    rucio : str, optional
        The URL of a running Rucio server; by default one is started if needed.
    mariadb : bool
        Whether SQL replicas go to a MariaDB, which is started if needed.
    """

    def __init__(
        self,
        dachs: PrivateDachs,
        project: Path,
        *,
        database: tuple[str, str] | None = None,
        search: str | None = None,
        observatory: tuple[str, str] | None = None,
        rucio: str | None = None,
        mariadb: bool = False,
    ) -> None:
        self.dachs, self.project, self.mariadb = dachs, project, mariadb
        self.database, self.search = database, search
        self.observatory, self.rucio = observatory, rucio
        self.directory = dachs.root / "sources"
        self._programs: list[Program] = []

    def __enter__(self) -> Self:
        self.dachs.account.create_owned(self.directory)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the servers that were started; files and SQLite have none."""
        for program in reversed(self._programs):
            program.stop()
        self._programs.clear()

    def fill(self, folder: Path, directory: Path | None = None) -> bool:
        """Fill the source of a service, and return whether its origin has changed.

        Parameters
        ----------
        folder : pathlib.Path
            The service folder.
        directory : pathlib.Path, optional
            Files to load instead of the replica, if the service has a ``replica/from_csv.py``.

        Raises
        ------
        ConfigurationError
            If the service has no such replica.
        """
        module = "make.py" if directory is None else "from_csv.py"
        if not (folder / "replica" / module).exists():
            raise ConfigurationError(
                f"it has no replica/{module}",
                where=str(folder),
                cure="Write one, as in resources/hfc1ar/replica; or deploy it with its own source.",
            )
        make = load_replica(folder / "replica" / "make.py")
        address = archive.publish(self.dachs, folder.name, make)
        if hasattr(make, "SCHEMA"):
            chosen = make if directory is None else load_replica(folder / "replica" / module)
            rows = make.tables() if directory is None else chosen.tables(directory)
            self._fill_database(
                folder.name, make.SCHEMA, archive.replace_host(rows, folder.name, address)
            )
        if hasattr(make, "documents"):
            self._fill_index(folder.name, make, address)
        if hasattr(make, "observations"):
            self._fill_collection(folder.name, make, address)
        if hasattr(make, "datasets"):
            self._start_sitools(folder, address or "")
        if hasattr(make, "tap_tables"):
            self._start_tap(folder, address or "")
        if hasattr(make, "containers"):
            self._fill_rucio(folder.name, make, address or "")
        if hasattr(make, "files"):
            directory_of_files = archive.archive_directory(self.dachs, folder.name)
            self._write_credential(folder.name, f"directory={directory_of_files};address={address}")
        if (folder / "replica" / "upstream.py").exists():
            self._start_upstream(folder, address or "")
        suffix = " in MariaDB" if self.mariadb and hasattr(make, "SCHEMA") else ""
        changed = self._record_origin(folder.name, f"{directory or 'replica'}{suffix}")
        self.dachs.account.create_owned(self.directory)
        return changed

    def _fill_database(self, name: str, schema: Path, rows: database.Tables) -> None:
        path = self.directory / f"{name}.sqlite"
        url, odbc = f"sqlite:///{path}", f"Driver=SQLite3;Database={path};StepAPI=1;ReadOnly=1"
        if self.mariadb and self.database is None:
            self.database = self._start_mariadb()
        if self.database is not None:
            url, odbc = self.database
        database.fill(url, database.read_schema(schema), rows)
        self._write_credential(name, odbc)

    def _fill_index(self, name: str, make: ModuleType, address: str | None) -> None:
        url = self.search or self._start_search()
        documents = archive.replace_host(list(make.documents()), name, address)
        index.fill(url, make.INDEX, make.PROPERTIES, documents)
        self._write_credential(name, url)

    def _fill_collection(self, name: str, make: ModuleType, address: str | None) -> None:
        mongo, restheart = self.observatory = self.observatory or self._start_restheart()
        found = archive.replace_host(list(make.observations()), name, address)
        given = documents.replace_previews(found, restheart)
        documents.fill(mongo, make.COLLECTION, given, make.previews())
        self._write_credential(name, restheart)

    def _fill_rucio(self, name: str, make: ModuleType, address: str) -> None:
        self.rucio = self.rucio or self._start_server("rucio")
        rucio_files.fill(self.rucio, name, make.containers(), address)
        self._write_credential("rucio", self.rucio)

    def _start_sitools(self, folder: Path, address: str) -> None:
        """Serve the data sets of a replica in the manner of SiTools2."""
        log = self.directory / f"{folder.name}-sitools.log"
        words: list[str | Path] = ["-m", "epnkit.replicas.sitools", folder / "replica/make.py"]
        self._programs.append(programs.start([*words, address], self.project, log))
        self._write_credential(folder.name, self._programs[-1].url)

    def _start_tap(self, folder: Path, address: str) -> None:
        """Serve the tables of a replica by TAP; its files are found by a credential of theirs."""
        log = self.directory / f"{folder.name}-tap.log"
        words: list[str | Path] = ["-m", "epnkit.replicas.tap", folder / "replica/make.py"]
        self._programs.append(programs.start([*words, address], self.project, log))
        self._write_credential(folder.name, f"{self._programs[-1].url}{TAP_PATH}")
        files = archive.archive_directory(self.dachs, folder.name)
        self._write_credential(f"{folder.name}_files", f"directory={files};address={address}")

    def _start_restheart(self) -> tuple[str, str]:
        """Start MongoDB and RESTHeart, once for all services of a demo; return their URLs."""
        mongo = self._start_server("mongo")
        return mongo, self._start_server("restheart", mongo)

    def _start_mariadb(self) -> tuple[str, str]:
        """Start MariaDB, and return its URL and ODBC connection string."""
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

    def _start_server(self, kind: str, *more: str) -> str:
        """Start one of the servers of ``scripts/servers``, and return its URL."""
        port = programs.choose_port(self.directory / f"{kind}.port")
        words: list[str | Path] = ["-m", "scripts.servers", kind, str(port), *more]
        log = self.directory / f"{kind}.log"
        self._programs.append(programs.start(words, self.project, log))
        return self._programs[-1].url

    def _start_upstream(self, folder: Path, address: str) -> None:
        """Start the server that the service needs while it serves, and configure its address."""
        log = self.directory / f"{folder.name}-upstream.log"
        program = folder / "replica" / "upstream.py"
        self._programs.append(programs.start([program, address], self.project, log))
        settings = self.dachs.root / "etc" / f"epnkit-{folder.name}.json"
        settings.write_text(json.dumps({"url": self._programs[-1].url}))
        self.dachs.account.create_owned(settings.parent)

    def _record_origin(self, name: str, origin: str) -> bool:
        path = self.directory / f"{name}.origin"
        before = path.read_text() if path.exists() else ""
        path.write_text(origin)
        return before != origin

    def _write_credential(self, name: str, text: str) -> None:
        path = self.dachs.root / "credentials" / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        self.dachs.account.create_owned(path.parent)


def load_replica(path: Path) -> ModuleType:
    """Run a module of a replica, from its file."""
    return run_file(path, f"replica_{path.parts[-3]}_{path.stem}")
