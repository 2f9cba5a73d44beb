"""A bulk import: what runs when DaCHS calls the grammar with its data."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from gavo import base

from epnkit.errors import ConfigurationError
from epnkit.loading.grammar.common import (
    datalink_url,
    open_admin_connection,
    open_coordinator,
    open_service,
    report_errors,
)
from epnkit.loading.grammar.rollback import RollbackOnError
from epnkit.loading.grammar.vacuum import leave_out_vacuum
from epnkit.loading.load import Load
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.progress import choose_progress
from epnkit.loading.request import Request
from epnkit.loading.state import declarations, kept_records, ledger
from epnkit.loading.table.add_columns import add_columns
from epnkit.loading.table.partitions import describe_difference
from epnkit.loading.table.rebuild import Rebuild
from epnkit.loading.table.target import Target
from epnkit.service import Service
from epnkit.sources.base import Source
from epnkit.times.periods import Partition


def import_in_bulk(data: Any, kind: str, path: Path) -> None:
    """Load a service into DaCHS's table, over DaCHS's connection and in its transaction.

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
        For an error of epnkit; the ledger records the run as failed.
    """
    table, options = data.getPrimaryTable(), data.parseOptions
    request = Request.from_environment(limit=options.maxRows)
    # The last context ends first: the work is rolled back, then the run's failure is recorded.
    with (
        report_errors(),
        ledger.start_run(open_admin_connection(), path.parent.name, request.kind) as run,
        _undo_on_error(table, options, run),
    ):
        _load(table, kind, path, run, request)
        if not (table.newlyCreated or options.dropIndices):
            leave_out_vacuum(table, path.parent.name)
    if table.newlyCreated:
        # After its commit DaCHS vacuums and analyses the tables named here, of itself no new ones.
        base.ui.notifyDBTableModified(table.tableName)
    elif options.dropIndices:
        # For -R, DaCHS drops the indices of an updating table, but creates them only for a new one.
        table.makeIndices()
    _report_affected(data, run.counts.loaded + run.counts.changed + run.counts.deleted)


def _load(table: Any, kind: str, path: Path, run: ledger.Run, request: Request) -> None:
    # Before the service is read: a later edit then counts as another declaration.
    declaration = declarations.hash_declaration(path.parent)
    service, source = open_service(kind, path)
    columns = {column.name: column.type for column in table.tableDef.columns}
    schema, name = table.tableName.split(".")
    if service.partition is not None:
        _partition_new(table, service, service.partition)
    if not table.newlyCreated:
        added = add_columns(run.connection, schema, name, columns)
        if added:
            base.ui.notifyInfo(f"added to {table.tableName}: {', '.join(added)}")
    reader = base.getDBProfile("trustedquery").roleName
    target = Target(table.connection, schema, name, tuple(columns), reader)
    preparation = Preparation(service, datalink_url(service))
    stale = declarations.find_stale(table.connection, service.name, service.folder)
    if request.remap:
        source = _open_kept_records(target, service, stale)
    if request.release:
        source = kept_records.open_due_records(target, service)
    difference = describe_difference(service.partition, target.partitions)
    with closing(choose_progress(service.name)) as progress:
        if difference is not None:
            progress.notify(f"{difference}; to change the table: epnkit partition {service.name}")
        if stale is not None and not request.replaces_all:
            progress.notify(stale.advice())
        Load(
            preparation,
            source,
            target,
            run,
            request,
            new_table=table.newlyCreated,
            progress=progress,
            coordinator=open_coordinator(request, path),
            declaration=declaration,
        ).execute()


def _partition_new(table: Any, service: Service, partition: Partition) -> None:
    """Partition a table that DaCHS has just created, before anything is in it.

    Raises
    ------
    ConfigurationError
        If the import would drop an existing table, and readers would wait until it is rebuilt.
    """
    if not table.updating:
        raise ConfigurationError(
            "the import would drop the partitioned table, and rebuild all of it",
            where=f"{service.name}/q.rd",
            why='its <data> has no updating="True"',
            cure='Add updating="True" to the element data; the table is as it was.',
        )
    if table.newlyCreated:
        schema, name = table.tableName.split(".")
        new = Target(table.connection, schema, name, ())
        if new.partitions is None:
            Rebuild(new, partition).execute()
            # DaCHS's own indices: each part gets them before it is attached.
            table.makeIndices()
            if table.commitAfterMeta:
                # For -L, readers are to find an empty table, and not to wait for the import.
                table.connection.commit()


def _open_kept_records(
    target: Target, service: Service, stale: declarations.StaleDeclaration | None
) -> Source:
    """Return the kept records in place of the source, if the source file has not changed."""
    if stale is not None and stale.source:
        raise kept_records.source_needed_error(
            service.name, f"{service.source} has changed since run {stale.run}"
        )
    return kept_records.open_kept_records(target, service)


def _undo_on_error(table: Any, options: Any, run: ledger.Run) -> AbstractContextManager[None]:
    """Roll back on an error; with -c, DaCHS returns to its savepoint itself for the next source."""
    return nullcontext() if options.keepGoing else RollbackOnError(table.connection, run)


def _report_affected(data: Any, affected: int) -> None:
    """Let DaCHS report the rows that changed.

    DaCHS counts what goes through its feeders, and passes the feeder only to the scripts that run
    after a source.  The number is set as what the feeder reports, not as what it fed: for the
    latter DaCHS would analyse the table within the transaction, and again after it.
    """
    run_scripts = data.runScripts

    def run_and_count(phase: str, **arguments: Any) -> None:
        if phase == "sourceDone":
            for feeder in arguments["feeder"].feeders:
                feeder.getAffected = partial(int, feeder.getAffected() + affected)
        run_scripts(phase, **arguments)

    data.runScripts = run_and_count
