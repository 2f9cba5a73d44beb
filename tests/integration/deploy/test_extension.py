"""pg_sphere made from its script without the claims that PostgreSQL 15.20 refuses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg2.extensions import connection

from epnkit.dachs.cluster import Cluster
from epnkit.dachs.pgsphere import create_pgsphere, run_without_claims


@pytest.fixture
def database() -> Iterator[connection]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        opened = cluster.connect(autocommit=False)
        yield opened
        opened.close()
        cluster.stop()


def test_without_its_claims_the_extension_is_whole(database: connection) -> None:
    with database, database.cursor() as cursor:
        run_without_claims(cursor)
    with database, database.cursor() as cursor:
        cursor.execute(
            "SELECT spoint '(10d,5d)' <@ smoc '0/0-11', spoint '(0,0)' <-> spoint '(0,0)'"
        )
        assert cursor.fetchone() == (True, 0.0)
        cursor.execute(
            "SELECT installed_version IS NOT NULL FROM pg_available_extensions"
            " WHERE name = 'pg_sphere'"
        )
        assert cursor.fetchone() == (True,)
        # The index that searches by place need.
        cursor.execute("CREATE TEMP TABLE one AS SELECT spoly '{(10d,0d),(0d,0d),(0d,10d)}' AS s")
        cursor.execute("CREATE INDEX ON one USING gist (s)")
    # Another time there is nothing to do.
    create_pgsphere(database)
    # All that was made belongs to it, so it goes as one.
    with database, database.cursor() as cursor:
        cursor.execute("DROP TABLE one")
        cursor.execute("DROP EXTENSION pg_sphere")
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'spoint%%'")
        assert cursor.fetchone() == (0,)
