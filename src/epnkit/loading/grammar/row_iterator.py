"""A grammar that yields granules to DaCHS one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gavo import base
from gavo.grammars.customgrammar import CustomRowIterator
from gavo.utils import pgsphere
from psycopg2.errors import LockNotAvailable

from epnkit.errors import ConfigurationError, LoadError
from epnkit.loading.grammar.common import (
    datalink_url,
    open_admin_connection,
    open_service,
    report_errors,
)
from epnkit.loading.prepare.columns import TRACKING_COLUMNS
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.loading.request import Request
from epnkit.loading.state import cursor as cursors
from epnkit.loading.state import kept_records, ledger
from epnkit.loading.table.target import Target
from epnkit.service import Service
from epnkit.sources.base import ALL


class GranuleIterator(CustomRowIterator):  # type: ignore[misc]
    """Granules as dictionaries, in EPNcore's columns, for a rowmaker with ``idmaps="*"``.

    DaCHS's dupePolicy decides about repeated ones.  With ``<sourceFields><code>return {"data_":
    data} </code></sourceFields>`` it continues from the service's cursor, which it shares with the
    bulk form.  What the mapping or the rules refuse is reported as a warning: there is no
    quarantine.
    """

    kind = ""

    def _iterRows(self) -> Iterator[dict[str, Any]]:  # noqa: N802 - DaCHS's name
        with report_errors():
            yield from self._make_granules()

    def _make_granules(self) -> Iterator[dict[str, Any]]:
        service, source = open_service(self.kind, Path(self.sourceToken))
        require_plain(service)
        target, previous = self._read_position(service)
        window = ALL
        if target is not None:
            window = cursors.choose_window(service, previous, source, Request())
        highest = None
        for prepared in Preparation(service, datalink_url(service)).batches(source, window):
            yield from self._make_rows(prepared)
            highest = cursors.find_highest(highest, prepared.highest)
        if target is not None:
            cursors.advance(target, service, previous, highest, 0)

    def _make_rows(self, prepared: PreparedBatch) -> Iterator[dict[str, Any]]:
        for refused in prepared.refusals.rows(named=True):
            base.ui.notifyWarning(f"{refused['record_key']}: {refused['reason']}")
        for row in prepared.granules.drop(*TRACKING_COLUMNS).rows(named=True):
            self.recNo += 1
            yield fill_columns(row, self.grammar.parent.makes[0].table)

    def _read_position(
        self, service: Service
    ) -> tuple[Target | None, cursors.CursorPosition | None]:
        """Return the table and its cursor if the grammar passes its data, to continue from it."""
        data = (self.sourceRow or {}).pop("data_", None)
        own = open_admin_connection()
        ledger.lock_service(own, service.name)
        if data is None:
            _forget_records(Target(own, service.name, "epn_core", ()), service)
            return None, None
        table = data.getPrimaryTable()
        schema, name = table.tableName.split(".")
        target = Target(table.connection, schema, name, ())
        _forget_records(target, service)
        previous = None if table.newlyCreated else cursors.read_position(target, service)
        return target, previous

    def getLocator(self) -> str:  # noqa: N802 - DaCHS's name
        """Return how far the reading got."""
        return f"granule {self.recNo}"


def _forget_records(target: Target, service: Service) -> None:
    """Delete the kept records: those that are read row by row are not kept.

    Raises
    ------
    LoadError
        If a bulk load of the same transaction holds them, so that this would wait for itself.
    """
    target.execute("SET lock_timeout = '5s'")
    try:
        kept_records.forget(target, service.name)
    except LockNotAvailable as error:
        raise LoadError(
            "it cannot be imported row by row after a bulk load that has not been committed",
            where=service.name,
            cure="Import the two with one dachs imp each.",
        ) from error
    target.execute("RESET lock_timeout")


def require_plain(service: Service) -> None:
    """Check that a service does not declare a partition, for which only a bulk load makes parts.

    Raises
    ------
    ConfigurationError
        If it does.
    """
    if service.partition is not None:
        raise ConfigurationError(
            "a partitioned table cannot be imported row by row",
            where=service.name,
            why="the grammar creates no parts for its rows",
            cure="Load it in bulk, with one of epnkit's grammars, or leave out the partition.",
        )


def fill_columns(row: dict[str, Any], table: Any) -> dict[str, Any]:
    """Fill every column of a table, with geometries as DaCHS's own objects.

    Parameters
    ----------
    row : dict
        A granule, geometries as pgsphere's literals.
    table : gavo.rscdef.TableDef
        The table.
    """
    filled: dict[str, Any] = {column.name: row.get(column.name) for column in table}
    for column in table:
        if filled[column.name] is not None and column.type in _GEOMETRIES:
            filled[column.name] = _GEOMETRIES[column.type](filled[column.name])
    return filled


def _parse_polygon(literal: str) -> Any:
    """Read pgsphere's literal of a polygon, ``{(1d,2d),…}``."""
    numbers = [float(part.strip("{}()d")) for part in literal.split(",")]
    return pgsphere.SPoly.fromDALI(numbers)


#: How literals become the geometry objects of DaCHS's rowmakers.
_GEOMETRIES: dict[str, Callable[[str], Any]] = {
    "spoly": _parse_polygon,
    "smoc": pgsphere.SMoc.fromASCII,
}
