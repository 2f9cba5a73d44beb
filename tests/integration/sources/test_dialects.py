"""HFC1AR from MariaDB and from PostgreSQL by ODBC is the table that SQLite gives, row by row."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas import archive, database
from epnkit.replicas.sources import ReplicaSources, load_replica
from tests.conftest import ROOT
from tests.integration.sources.test_sql import odbc

pytest_plugins = ["tests.support.servers"]

_URLS = {"mariadb": "mysql+pymysql", "postgresql": "postgresql+psycopg2"}

#: What the loader writes of its own accord.
_DATES = ["creation_date", "modification_date", "release_date"]


def fill(kind: str, server: Server, dachs: PrivateDachs) -> None:
    """Fill the catalogue on a server, its numbers as DECIMAL where MariaDB is asked."""
    make = load_replica(ROOT / "resources" / "hfc1ar" / "replica" / "make.py")
    types = {"double": "decimal"} if kind == "mariadb" else {}
    schema = database.read_schema(make.SCHEMA, **types)
    url = f"{_URLS[kind]}://{USER}:{PASSWORD}@127.0.0.1:{server.port}/{DATABASE}"
    address = archive.publish(dachs, "hfc1ar", make)
    database.fill(url, schema, archive.replace_host(make.tables(), "hfc1ar", address))


def table(dachs: PrivateDachs) -> pl.DataFrame:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT * FROM hfc1ar.epn_core ORDER BY granule_uid")
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None).drop(_DATES)


@pytest.fixture(scope="module")
def expected(scratch: PrivateDachs) -> pl.DataFrame:
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(ROOT / "resources" / "hfc1ar")
    inputs.install(scratch, ROOT / "resources" / "hfc1ar")
    scratch.run("imp", "hfc1ar/q")
    found = table(scratch)
    scratch.run("drop", "hfc1ar/q")
    assert len(found) == 1200
    return found


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_the_same_table_from_another_database(
    kind: str, scratch: PrivateDachs, expected: pl.DataFrame, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(kind)
    fill(kind, server, scratch)
    credential = scratch.root / "credentials" / "hfc1ar"
    credential.write_text(odbc(kind, server.port) + "\n")
    scratch.run("imp", "hfc1ar/q")
    found = table(scratch)
    scratch.run("drop", "hfc1ar/q")
    assert found.columns == expected.columns
    different = [name for name in found.columns if not found[name].equals(expected[name])]
    assert different == []


def test_forty_real_regions_give_forty_footprints(scratch: PrivateDachs, samples: Path) -> None:
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(ROOT / "resources" / "hfc1ar", samples / "hfc1ar")
    inputs.install(scratch, ROOT / "resources" / "hfc1ar")
    scratch.run("imp", "hfc1ar/q")
    found = table(scratch)
    scratch.run("drop", "hfc1ar/q")
    assert len(found) == 40
    assert found["s_region"].null_count() == 0
    # The first real row, from the dossier: cut, not rounded, to the second.
    assert "ar_20050402_013503_436_500" in set(found["granule_uid"])
