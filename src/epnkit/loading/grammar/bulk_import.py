"""An import in bulk: what runs when DaCHS calls the grammar with its data."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from gavo import base

from epnkit.loading.grammar.opening import (
    connection_of_part,
    datalink,
    open_service,
    own_connection,
    reported,
)
from epnkit.loading.grammar.rollback import Undoing
from epnkit.loading.load import Load
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.progress.choose import progress
from epnkit.loading.request import Request
from epnkit.loading.state import declarations as versions
from epnkit.loading.state import kept_records as records
from epnkit.loading.state import ledger
from epnkit.loading.table.add_columns import add_columns
from epnkit.loading.table.target import Target
from epnkit.service import Service
from epnkit.sources.base import Source


def import_in_bulk(data: Any, kind: str, path: Path) -> None:
    """Load a service into DaCHS's table, on DaCHS's connection and in its transaction.

    Parameters
    ----------
    data : gavo.rsc.Data
        What DaCHS imports into.
    kind : str
        The kind of source that the grammar is for.
    path : pathlib.Path
        The source file, in the service's folder.

    Raises
    ------
    gavo.base.ReportableError
        With what a person has to know; the run stands in the ledger as failed.
    """
    table, options = data.getPrimaryTable(), data.parseOptions
    request = Request.from_environment(limit=options.maxRows)
    # The last one ends first: what was done is undone, and then the run's end is written.
    with (
        reported(),
        ledger.announce(own_connection(), path.parent.name, request.kind) as run,
        _undone(table, options, run),
    ):
        _load(table, kind, path, run, request)
    if options.dropIndices and not table.newlyCreated:
        # DaCHS drops the indices of an updating table for -R, but makes them only with a new one.
        table.makeIndices()
    if table.newlyCreated:
        # DaCHS vacuums and analyses what was modified, when it has committed; a new table would
        # have to wait for its first update, which then pays for all of its rows.
        base.ui.notifyDBTableModified(table.tableName)
    _count(data, run.counts.loaded + run.counts.changed + run.counts.deleted)


def _load(table: Any, kind: str, path: Path, run: ledger.Run, request: Request) -> None:
    # Before the service is read: what is edited later counts as another declaration.
    declared = versions.declared(path.parent)
    service, source = open_service(kind, path)
    columns = {column.name: column.type for column in table.tableDef.columns}
    schema, name = table.tableName.split(".")
    if not table.newlyCreated:
        added = add_columns(run.own, schema, name, columns)
        if added:
            base.ui.notifyInfo(f"added to {table.tableName}: {', '.join(added)}")
    reader = base.getDBProfile("trustedquery").roleName
    target = Target(table.connection, schema, name, tuple(columns), reader)
    preparation = Preparation(service, datalink(service))
    outdated = versions.outdated(table.connection, service.name, service.folder)
    if request.remap:
        source = _kept(target, service, outdated)
    with closing(progress(service.name)) as told:
        if outdated is not None and not request.whole:
            told.tell(outdated.advice())
        Load(
            preparation,
            source,
            target,
            run,
            request,
            anew=table.newlyCreated,
            progress=told,
            connect=connection_of_part,
            declared=declared,
        ).execute()


def _kept(target: Target, service: Service, outdated: versions.Outdated | None) -> Source:
    """Give the kept records in place of the source, where they are what it would give."""
    if outdated is not None and outdated.source:
        raise records.not_without_source(
            service.name, f"{service.source} is declared otherwise than in run {outdated.run}"
        )
    return records.complete(target, service)


def _undone(table: Any, options: Any, run: ledger.Run) -> AbstractContextManager[None]:
    """Undo what failed; with -c DaCHS goes back to its savepoint itself, for the next source."""
    return nullcontext() if options.keepGoing else Undoing(table.connection, run)


def _count(data: Any, affected: int) -> None:
    """Let DaCHS report the rows that changed.

    DaCHS counts what goes through its feeders, and hands the feeder only to what runs when a
    source is done; there the number is entered as what the feeder tells, not as what it fed: for
    that DaCHS would analyse the table within the transaction, and once more behind it.
    """
    run_scripts = data.runScripts

    def counting(phase: str, **arguments: Any) -> None:
        if phase == "sourceDone":
            for feeder in arguments["feeder"].feeders:
                feeder.getAffected = partial(int, feeder.getAffected() + affected)
        run_scripts(phase, **arguments)

    data.runScripts = counting
