"""What DaCHS meets: the two forms of a grammar, over any kind of source.

In bulk form the row iterator is a function that DaCHS calls with its data (the protocol of its
boosters); it copies on DaCHS's own connection, in DaCHS's transaction.  In the form of a plain row
iterator DaCHS's own machinery makes and inserts the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from gavo import base
from gavo.grammars.customgrammar import CustomRowIterator
from gavo.utils import pgsphere

from epnkit import service as services
from epnkit.errors import ConfigurationError, EpnkitError
from epnkit.loading import cursor as cursors
from epnkit.loading import ledger
from epnkit.loading.load import Load
from epnkit.loading.migrate import add_columns
from epnkit.loading.prepare import BOOKED, Preparation, Prepared
from epnkit.loading.progress import progress
from epnkit.loading.request import Request
from epnkit.loading.table import Target
from epnkit.sources import KINDS, open_source
from epnkit.sources.base import ALL, Source, Window


def bulk(kind: str) -> Callable[..., Callable[[Any], None]]:
    """Make the ``RowIterator`` of a grammar that loads in bulk.

    Parameters
    ----------
    kind : str
        The kind of source that the grammar is for, as in its source file.
    """

    def row_iterator(grammar: Any, token: str, **row: Any) -> Callable[[Any], None]:
        return lambda data: _reported(_import, data, kind, Path(token))

    return row_iterator


def rows(kind: str) -> type[CustomRowIterator]:
    """Make the ``RowIterator`` of a grammar that hands DaCHS one granule after the other.

    Parameters
    ----------
    kind : str
        The kind of source that the grammar is for, as in its source file.
    """
    return type("RowIterator", (_Granules,), {"kind": kind})


class _Granules(CustomRowIterator):  # type: ignore[misc]
    """Granules as dictionaries, in EPNcore's columns, for a rowmaker with ``idmaps="*"``.

    DaCHS's dupePolicy decides on repeated ones.  With ``<sourceFields><code>return {"data_": data}
    </code></sourceFields>`` it reads on from the service's cursor, which it shares with the bulk
    form.  What the mapping or the rules refuse is reported as a warning: there is no quarantine.
    """

    kind = ""

    def _iterRows(self) -> Iterator[dict[str, Any]]:  # noqa: N802 - DaCHS's name
        service, source = _open(self.kind, Path(self.sourceToken))
        target, before, window = self._window(service)
        highest = None
        for prepared in Preparation(service, _datalink(service)).batches(source, window):
            yield from self._rows(prepared)
            reached = [each for each in (highest, prepared.highest) if each is not None]
            highest = max(reached, default=None)
        if target is not None:
            cursors.advance(target, service, before, highest, 0)

    def _rows(self, prepared: Prepared) -> Iterator[dict[str, Any]]:
        for refused in prepared.refusals.rows(named=True):
            base.ui.notifyWarning(f"{refused['record_key']}: {refused['reason']}")
        for row in prepared.granules.drop(*BOOKED).rows(named=True):
            self.recNo += 1
            yield self._complete(row)

    def _complete(self, row: dict[str, Any]) -> dict[str, Any]:
        """Give every column of the table a value, geometries as DaCHS's own objects."""
        table = self.grammar.parent.makes[0].table
        complete: dict[str, Any] = {column.name: row.get(column.name) for column in table}
        for column in table:
            if complete[column.name] is not None and column.type in _GEOMETRIES:
                complete[column.name] = _GEOMETRIES[column.type](complete[column.name])
        return complete

    def _window(
        self, service: services.Service
    ) -> tuple[Target | None, cursors.Position | None, Window]:
        """Read on from the cursor, where the grammar hands over what it imports into."""
        data = (self.sourceRow or {}).pop("data_", None)
        if data is None:
            return None, None, ALL
        table = data.getPrimaryTable()
        ledger.prepare_books(_own_connection())
        schema, name = table.tableName.split(".")
        target = Target(table.connection, schema, name, ())
        before = None if table.newlyCreated else cursors.position(target, service)
        return target, before, cursors.next_window(service, before)

    def getLocator(self) -> str:  # noqa: N802 - DaCHS's name
        """Say where reading stands."""
        return f"granule {self.recNo}"


def _polygon(literal: str) -> Any:
    """Read pgsphere's literal of a polygon, ``{(1d,2d),…}``."""
    numbers = [float(part.strip("{}()d")) for part in literal.split(",")]
    return pgsphere.SPoly.fromDALI(numbers)


#: How texts become the geometries that DaCHS's rowmakers ship.
_GEOMETRIES: dict[str, Callable[[str], Any]] = {
    "spoly": _polygon,
    "smoc": pgsphere.SMoc.fromASCII,
}


def _open(kind: str, path: Path) -> tuple[services.Service, Source]:
    service = services.load(path.parent)
    source = open_source(path, service.order)
    if type(source).__name__ != KINDS[kind][1]:
        raise ConfigurationError(
            f"the source is no source of the kind {kind}, which the grammar is for",
            where=str(path),
            cure="Name in the RD the grammar that goes with the kind in the source file.",
        )
    return service, source


def _import(data: Any, kind: str, path: Path) -> None:
    table, options = data.getPrimaryTable(), data.parseOptions
    request = Request.from_environment(limit=options.maxRows)
    run = ledger.announce(_own_connection(), path.parent.name, request.kind)
    try:
        service, source = _open(kind, path)
        declared = {column.name: column.type for column in table.tableDef.columns}
        schema, name = table.tableName.split(".")
        if not table.newlyCreated:
            added = add_columns(run.own, schema, name, declared)
            if added:
                base.ui.notifyInfo(f"added to {table.tableName}: {', '.join(added)}")
        reader = base.getDBProfile("trustedquery").roleName
        target = Target(table.connection, schema, name, tuple(declared), reader)
        preparation = Preparation(service, _datalink(service))
        with closing(progress(service.name)) as told:
            Load(
                preparation, source, target, run, request, anew=table.newlyCreated, progress=told
            ).execute()
    except BaseException as error:
        # With -c DaCHS rolls back to its savepoint itself, and goes on with the next source.
        if not options.keepGoing:
            table.connection.rollback()
        run.fail(str(error) or type(error).__name__)
        raise
    if options.dropIndices and not table.newlyCreated:
        # DaCHS drops the indices of an updating table for -R, but makes them only with a new one.
        table.makeIndices()
    counts = run.counts
    _count(data, counts.loaded + counts.changed + counts.deleted)


def _datalink(service: services.Service) -> str | None:
    """Say where the service's datalink is served, if it has one."""
    if not service.links:
        return None
    return str(base.makeAbsoluteURL(f"{service.name}/q/dl/dlmeta?ID="))


def _own_connection() -> Any:
    return base.getDBConnection("admin", autocommitted=True)


def _count(data: Any, affected: int) -> None:
    """Let DaCHS report the rows that changed.

    DaCHS counts what goes through its feeders, and hands the feeder only to what runs when a
    source is done; there the number is entered.
    """
    run_scripts = data.runScripts

    def counting(phase: str, **arguments: Any) -> None:
        if phase == "sourceDone":
            for feeder in arguments["feeder"].feeders:
                feeder.nAffected += affected
        run_scripts(phase, **arguments)

    data.runScripts = counting


def _reported(function: Callable[..., None], *arguments: Any) -> None:
    """Turn what a person has to know into DaCHS's own kind of error: one line, no traceback."""
    try:
        function(*arguments)
    except EpnkitError as error:
        raise base.ReportableError(str(error)) from error
    except psycopg2.OperationalError as error:
        raise base.ReportableError(f"the database of DaCHS went away: {error}") from error
