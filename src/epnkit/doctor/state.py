"""Checks of the database: imports that ended without a report, tables unlike their services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from epnkit.deploy.state import list_loaded
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.loading.table.catalog import table_exists
from epnkit.service import Service

_RUNNING = """
SELECT service, run, started FROM epnkit.runs WHERE state = 'running' ORDER BY service, run
"""

#: The lock that an import holds as long as it lives (see epnkit.loading.state.ledger).
_LOCK = "SELECT pg_try_advisory_lock(hashtext('epnkit'), hashtext(%s))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('epnkit'), hashtext(%s))"


def check_state(context: CheckContext) -> Iterator[Finding]:
    """Check that running imports live, and that tables are those that services declare."""
    with context.instance.connect() as connection:
        if table_exists(connection, "epnkit", "runs"):
            yield from find_dead_imports(connection)
            yield from find_orphaned_tables(connection, context.instance.inputs)
        yield from find_unlike_tables(connection, context.services)


def find_dead_imports(connection: Any) -> Iterator[Finding]:
    """Find imports that the ledger calls running, and whose process is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING)
        for service, run, started in cursor.fetchall():
            cursor.execute(_LOCK, (service,))
            if cursor.fetchone()[0]:
                cursor.execute(_UNLOCK, (service,))
                yield Finding(
                    f"run {run} of {service} ended without a report",
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


def find_unlike_tables(connection: Any, services: Iterable[Service]) -> Iterator[Finding]:
    """Find tables that are partitioned other than their services declare."""
    # Imported late: it needs polars.
    from epnkit.loading.table.partitions import describe_difference
    from epnkit.loading.table.target import Target

    for service in services:
        if not table_exists(connection, service.name, "epn_core"):
            continue
        table = Target(connection, service.name, "epn_core", ())
        difference = describe_difference(service.partition, table.partitions)
        if difference is not None:
            yield Finding(
                f"{service.name}: {difference}",
                f"{service.name}.epn_core",
                "loads go on with the table as it is",
                f"Make the table as declared, while it is served: epnkit partition {service.name}.",
            )
