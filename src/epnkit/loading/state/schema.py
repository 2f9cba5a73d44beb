"""Creating the state schema, the tables ``epnkit.*`` in DaCHS's database, and migrating it.

``sql/10-state.sql`` has the tables of version 1, which epnkit 0.1 wrote; file N of
``sql/migrations`` upgrades version N - 1 to N.  New state tables are migrated like old ones.

This module does not import the ledger, which needs polars and astropy: commands that only read the
state start faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2.errors
from psycopg2.extensions import connection
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

import epnkit
from epnkit.errors import LoadError
from epnkit.loading.table.catalog import table_exists
from epnkit.packaged import find_packaged

#: The SQL of the tables of version 1, in this order.
STATE_FILES = ("sql/10-state.sql", "sql/20-state-indices.sql")

#: The name of the lock during a migration; that of epnkit 0.1.
_LOCK = "epnkit books"

#: How long a migration waits for a load that is using the tables.
_LOCK_TIMEOUT = "60s"

_ADD_VERSION = "INSERT INTO epnkit.state_version (version, epnkit) VALUES (%s, %s)"


def create_state_schema(admin: connection) -> None:
    """Create the state tables that do not exist yet, in the version of this epnkit.

    Parameters
    ----------
    admin : psycopg2 connection
        An autocommitting connection of DaCHS's administrator.

    Raises
    ------
    LoadError
        If a newer epnkit wrote them, or a running load keeps them from being migrated.
    """
    statements = "".join(find_packaged(name).read_text(encoding="utf-8") for name in STATE_FILES)
    with _lock_schema(admin) as cursor:
        cursor.execute(statements)
        _migrate(cursor, list_pending(admin))


def migrate(admin: connection, migrations: Path | None = None) -> list[Path]:
    """Bring existing state tables to the version of this epnkit; without tables, do nothing.

    Parameters
    ----------
    admin : psycopg2 connection
        An autocommitting connection of DaCHS's administrator.
    migrations : pathlib.Path, optional
        The folder of the migrations; by default epnkit's own.

    Returns
    -------
    list of pathlib.Path
        The migrations that were run, each in its own transaction.

    Raises
    ------
    LoadError
        If a newer epnkit wrote them, or a running load keeps them from being migrated.
    """
    if not list_pending(admin, migrations):
        return []
    with _lock_schema(admin) as cursor:
        # Another process may have migrated while this one waited.
        pending = list_pending(admin, migrations)
        _migrate(cursor, pending)
    return pending


@contextmanager
def _lock_schema(admin: connection) -> Iterator[Cursor]:
    """Lock the state schema against other processes, and yield a cursor to change it."""
    with admin.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (_LOCK,))
        try:
            yield cursor
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", (_LOCK,))


def list_pending(admin: connection, migrations: Path | None = None) -> list[Path]:
    """List the migrations that existing state tables need, in their order.

    Parameters
    ----------
    admin : psycopg2 connection
        To DaCHS's database.
    migrations : pathlib.Path, optional
        The folder of the migrations; by default epnkit's own.

    Raises
    ------
    LoadError
        If a newer epnkit wrote the tables.
    """
    version = read_state_version(admin)
    files = sorted((migrations or find_packaged("sql/migrations")).glob("*.sql"))
    if version is None:
        return []
    newest = max(map(read_number, files), default=1)
    if version > newest:
        raise LoadError(
            "the state tables are of a newer epnkit",
            where="epnkit.state_version",
            why=f"they have version {version}, and epnkit {epnkit.__version__} knows {newest}",
            cure="Use the newer epnkit: epnkit upgrade, or the environment that it is in.",
        )
    return [path for path in files if read_number(path) > version]


def read_state_version(admin: connection) -> int | None:
    """Read the version of the state tables; None if there are none, 1 if epnkit 0.1 wrote them."""
    if not table_exists(admin, "epnkit", "runs"):
        return None
    if not table_exists(admin, "epnkit", "state_version"):
        return 1
    with admin.cursor() as cursor:
        cursor.execute("SELECT max(version) FROM epnkit.state_version")
        (version,) = cursor.fetchone() or (None,)
    return int(version or 1)


def read_number(migration: Path) -> int:
    """Return the version that a migration leads to, from its name."""
    return int(migration.name.partition("-")[0])


def _migrate(cursor: Cursor, pending: list[Path]) -> None:
    """Run each migration with the entry of its version, as one statement: one transaction."""
    for path in pending:
        entry = cursor.mogrify(_ADD_VERSION, (read_number(path), epnkit.__version__)).decode()
        limit = f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}';"
        try:
            cursor.execute(f"{limit}\n{path.read_text(encoding='utf-8')}\n{entry}")
        except psycopg2.errors.LockNotAvailable:
            raise LoadError(
                "the state tables are in use, and cannot be migrated",
                where=path.name,
                why=f"a load held them for {_LOCK_TIMEOUT}; nothing was changed",
                cure="Wait until it has ended (epnkit status shows it), and try again.",
            ) from None
