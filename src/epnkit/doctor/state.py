"""Checks of the state tables: imports that ended without a word, tables that no service owns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from epnkit.deploy.state import list_loaded
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.loading.table.catalog import table_exists

_RUNNING = """
SELECT service, run, started FROM epnkit.runs WHERE state = 'running' ORDER BY service, run
"""

#: The lock that an import holds as long as it lives (see epnkit.loading.state.ledger).
_LOCK = "SELECT pg_try_advisory_lock(hashtext('epnkit'), hashtext(%s))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('epnkit'), hashtext(%s))"


def check_state(context: CheckContext) -> Iterator[Finding]:
    """Check that running imports live, and that what was loaded belongs to a service."""
    with context.instance.connect() as connection:
        if table_exists(connection, "epnkit", "runs"):
            yield from find_dead_imports(connection)
            yield from find_orphaned_tables(connection, context.instance.inputs)


def find_dead_imports(connection: Any) -> Iterator[Finding]:
    """Find imports that the ledger calls running, and whose process is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING)
        for service, run, started in cursor.fetchall():
            cursor.execute(_LOCK, (service,))
            if cursor.fetchone()[0]:
                cursor.execute(_UNLOCK, (service,))
                yield Finding(
                    f"run {run} of {service} ended without a word",
                    "epnkit.runs",
                    f"it started on {started:%Y-%m-%d %H:%M}, and no process works on it",
                    f"Import it again, which marks it as interrupted: epnkit load {service}.",
                )


def find_orphaned_tables(connection: Any, inputs: Path) -> Iterator[Finding]:
    """Find what was loaded for services that are no longer in DaCHS's inputs."""
    for service in list_loaded(connection):
        if not (inputs / service / "q.rd").is_file():
            yield Finding(
                f"the granules of {service} are there, and the service is not",
                str(inputs / service),
                "it was removed by hand; TAP still serves the table",
                f"Deploy it again, then remove it: epnkit undeploy {service}.",
            )
