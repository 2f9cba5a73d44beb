"""A grammar that hands DaCHS one granule after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gavo import base
from gavo.grammars.customgrammar import CustomRowIterator
from gavo.utils import pgsphere
from psycopg2.errors import LockNotAvailable

from epnkit.errors import LoadError
from epnkit.loading.grammar.opening import datalink, open_service, own_connection
from epnkit.loading.prepare.preparation import BOOKED, Preparation, Prepared
from epnkit.loading.state import cursor as cursors
from epnkit.loading.state import kept_records as records
from epnkit.loading.state import ledger
from epnkit.loading.table.target import Target
from epnkit.service import Service
from epnkit.sources.base import ALL, Window


class Granules(CustomRowIterator):  # type: ignore[misc]
    """Granules as dictionaries, in EPNcore's columns, for a rowmaker with ``idmaps="*"``.

    DaCHS's dupePolicy decides on repeated ones.  With ``<sourceFields><code>return {"data_": data}
    </code></sourceFields>`` it reads on from the service's cursor, which it shares with the bulk
    form.  What the mapping or the rules refuse is reported as a warning: there is no quarantine.
    """

    kind = ""

    def _iterRows(self) -> Iterator[dict[str, Any]]:  # noqa: N802 - DaCHS's name
        service, source = open_service(self.kind, Path(self.sourceToken))
        target, before, window = self._window(service)
        highest = None
        for prepared in Preparation(service, datalink(service)).batches(source, window):
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
            yield complete(row, self.grammar.parent.makes[0].table)

    def _window(self, service: Service) -> tuple[Target | None, cursors.Position | None, Window]:
        """Read on from the cursor, where the grammar hands over what it imports into."""
        data = (self.sourceRow or {}).pop("data_", None)
        own = own_connection()
        ledger.hold(own, service.name)
        if data is None:
            _forget(Target(own, service.name, "epn_core", ()), service)
            return None, None, ALL
        table = data.getPrimaryTable()
        schema, name = table.tableName.split(".")
        target = Target(table.connection, schema, name, ())
        _forget(target, service)
        before = None if table.newlyCreated else cursors.position(target, service)
        return target, before, cursors.next_window(service, before)

    def getLocator(self) -> str:  # noqa: N802 - DaCHS's name
        """Say where reading stands."""
        return f"granule {self.recNo}"


def _forget(target: Target, service: Service) -> None:
    """Forget the records that are kept, since those that are read row by row are not.

    Raises
    ------
    LoadError
        Where a load of the same transaction has just kept some, which would wait for its end.
    """
    target.execute("SET lock_timeout = '5s'")
    try:
        records.forget(target, service.name)
    except LockNotAvailable as error:
        raise LoadError(
            "it cannot be imported row by row behind a load in bulk that has not ended",
            where=service.name,
            cure="Import the two one after the other, by a dachs imp for each.",
        ) from error
    target.execute("RESET lock_timeout")


def complete(row: dict[str, Any], table: Any) -> dict[str, Any]:
    """Give every column of a table a value, geometries as DaCHS's own objects.

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


def _polygon(literal: str) -> Any:
    """Read pgsphere's literal of a polygon, ``{(1d,2d),…}``."""
    numbers = [float(part.strip("{}()d")) for part in literal.split(",")]
    return pgsphere.SPoly.fromDALI(numbers)


#: How texts become the geometries that DaCHS's rowmakers ship.
_GEOMETRIES: dict[str, Callable[[str], Any]] = {"spoly": _polygon, "smoc": pgsphere.SMoc.fromASCII}
