"""Rehearsing the load of a deployed service: what would happen, over a connection that reads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from epnkit.errors import DeployError

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.dry_run import DryRunResult
    from epnkit.loading.request import Request
    from epnkit.loading.table.target import Target
    from epnkit.service import Service
    from epnkit.sources.base import Source

#: What only DaCHS knows: the address of datalink, and the columns that an RD declares.
_DACHS_SCRIPT = """
import json, sys
from gavo import api, base
name = sys.argv[1]
table = base.caches.getRD(name + "/q").getById("epn_core")
print(json.dumps({"datalink": base.makeAbsoluteURL(name + "/q/dl/dlmeta?ID="),
    "columns": [column.name for column in table]}))
"""


def rehearse_load(instance: DachsInstance, name: str, request: Request) -> DryRunResult:
    """Return what a load of a deployed service would do; nothing is written.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which runs.
    name : str
        The service.
    request : Request
        What to load.

    Raises
    ------
    DeployError
        If DaCHS cannot read the service's RD.
    EpnkitError
        If the service or its source is wrong, or a load would end at once.
    """
    from epnkit.loading.dry_run import DryRun
    from epnkit.loading.prepare.preparation import Preparation
    from epnkit.loading.table.target import Target
    from epnkit.service import read_service
    from epnkit.sources import open_source

    declared = _ask_dachs(instance, name)
    service = read_service(instance.inputs / name)
    with instance.use_credentials(), _open_transaction(instance, request) as connection:
        target = Target(connection, name, "epn_core", tuple(declared["columns"]))
        source: Source = (
            _open_kept_records(target, service)
            if request.remap
            else open_source(service.source_file, service.order)
        )
        preparation = Preparation(service, declared["datalink"] if service.links else None)
        found = DryRun(preparation, source, target, request).run()
        found.notes += _describe_state(target, service, request)
        return found


def _describe_state(target: Target, service: Service, request: Request) -> list[str]:
    """Say what else a load would do, or advise."""
    from epnkit.loading.state import declarations, embargoes

    notes = []
    stale = declarations.find_stale(target.connection, service.name, service.folder)
    if stale is not None and not request.replaces_all:
        notes.append(stale.advice())
    due = embargoes.count_due(target.connection, service.name) if request.kind == "load" else 0
    if due:
        notes.append(f"{due} records whose embargo has ended would be opened first")
    return notes


def _open_kept_records(target: Target, service: Service) -> Source:
    from epnkit.loading.state import kept_records

    return kept_records.open_kept_records(target, service)


@contextmanager
def _open_transaction(instance: DachsInstance, request: Request) -> Iterator[Any]:
    """Open a transaction that is rolled back; it only reads, unless kept records are read.

    These need a temporary table. The state tables stay in the version that they have.
    """
    with instance.connect(migrating=False) as connection:
        connection.autocommit = False
        connection.set_session(isolation_level="REPEATABLE READ", readonly=not request.remap)
        try:
            yield connection
        finally:
            connection.rollback()


def _ask_dachs(instance: DachsInstance, name: str) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [*instance.account.prefix, sys.executable, "-c", _DACHS_SCRIPT, name],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
        env=instance.environment,
        cwd=instance.root,
    )
    if done.returncode != 0:
        raise DeployError(
            "DaCHS cannot read the service",
            where=f"{name}/q",
            why=(done.stderr.strip().splitlines() or ["it said nothing"])[-1],
            cure=f"Deploy it first: epnkit deploy {name}; dachs val {name}/q shows more.",
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
