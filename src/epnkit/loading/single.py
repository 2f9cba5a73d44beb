"""Granules of single records, for DaCHS's own grammars: the service's mapping in a rowmaker.

What a grammar of DaCHS reads becomes the granule that a load in bulk makes of it, with its place in
the book, so that both can be used in turn.  A record at a time takes its time: it is for the few
that came since the last import.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from gavo import base

from epnkit import service as services
from epnkit.errors import ConfigurationError
from epnkit.loading.grammar.opening import datalink, own_connection
from epnkit.loading.grammar.row_iterator import complete
from epnkit.loading.prepare.packing import Batch
from epnkit.loading.prepare.preparation import BOOKED, CONTENT, KEY, Preparation
from epnkit.loading.state import kept_records as records
from epnkit.loading.state import ledger
from epnkit.loading.table.merge import delete_granules
from epnkit.loading.table.target import Target
from epnkit.modules import uncollected
from epnkit.sources import open_source
from epnkit.sources.sql.column_types import Column, frame


class Singles:
    """Makes granules of records that come one by one.

    Parameters
    ----------
    folder : pathlib.Path
        The service's; its source is asked once for the types of its fields.
    table : gavo.rsc.DBTable
        What is imported into, on the connection that does.

    Raises
    ------
    ConfigurationError
        Where a record of the service is not one granule.
    """

    def __init__(self, folder: Path, table: Any) -> None:
        with uncollected():
            service = services.load(folder)
            source = open_source(service.source_file, service.order)
        if service.mapping.fold is not None or service.mapping.products:
            raise ConfigurationError(
                "a record of this service is not one granule, as a rowmaker has it",
                where=str(folder),
                cure="Load it in bulk, by one of epnkit's grammars.",
            )
        self._label, self._table = source.label, table
        # What this import made: DaCHS holds rows back before it writes them.
        self._made: dict[str, tuple[str, str]] = {}
        self._columns = [Column(name, _type(kind)) for name, kind in source.schema().items()]
        self._preparation = Preparation(service, datalink(service))
        self._target = self._opened(service)
        records.tidy(self._target, service.name, ledger.next_number(self._target))
        # What is read now is later than what was tidied.
        self._run = ledger.next_number(self._target)

    def _opened(self, service: services.Service) -> Target:
        ledger.hold(own_connection(), service.name)
        schema, name = self._table.tableName.split(".")
        reader = base.getDBProfile("trustedquery").roleName
        target = Target(self._table.connection, schema, name, (), reader)
        # An import that read nothing makes a table, and leaves the book of one before it.
        target.open_book(anew=target.empty)
        target.index_book()
        return target

    def granule(self, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """Make the row of a record, and give it its place in the book.

        Parameters
        ----------
        record : mapping
            What the grammar read.

        Returns
        -------
        dict or None
            A value for each column of the table; None where the record is refused, which DaCHS
            reports as a warning, or its granule is in the table as it is.

        Raises
        ------
        ConfigurationError
            Where the grammar does not read a field that the source's query has.
        """
        values = self._values({name.lower(): value for name, value in record.items()})
        prepared = self._preparation.prepare(frame([values], self._columns, self._label))
        for refused in prepared.refusals.rows(named=True):
            base.ui.notifyWarning(f"{refused['record_key']}: {refused['reason']}")
        for row in prepared.granules.rows(named=True):
            return self._booked(row, prepared.batch)
        return None

    def _values(self, fields: dict[str, Any]) -> tuple[Any, ...]:
        missing = sorted({column.field for column in self._columns} - set(fields))
        if missing:
            raise ConfigurationError(
                f"the grammar reads no {', '.join(missing)}",
                where=self._label,
                cure="Let the query of its makeQuery select what that of the source file does.",
            )
        return tuple(fields[column.field] for column in self._columns)

    def _is_made(self, row: dict[str, Any]) -> bool:
        """Tell whether this import made the granule before; one that says otherwise is told of."""
        uid, said = row["granule_uid"], (row[KEY], row[CONTENT])
        before = self._made.setdefault(uid, said)
        if before is said:
            return False
        if before != said:
            base.ui.notifyWarning(f"{row[KEY]}: record {before[0]} gave {uid} in this import")
        return True

    def _keep(self, record: Batch) -> None:
        records.keep(self._target, self._target.schema, self._run, record)

    def _booked(self, row: dict[str, Any], record: Batch) -> dict[str, Any] | None:
        uid, target = row["granule_uid"], self._target
        if self._is_made(row):
            return None
        before = target.query(
            "SELECT b.epnkit_key, b.epnkit_content, t.creation_date FROM {table} t"
            " LEFT JOIN {book} b USING (granule_uid) WHERE granule_uid = %s",
            (uid,),
        )
        for key, content, _ in before:
            if key not in (None, row[KEY]):
                base.ui.notifyWarning(f"{row[KEY]}: record {key} has the same granule_uid, {uid}")
                return None
            if str(content).replace("-", "") == row[CONTENT]:
                self._keep(record)  # another mapping may read what is new in it
                return None
        self._keep(record)
        delete_granules(target, [uid])
        target.execute(
            "INSERT INTO {book} (granule_uid, epnkit_key, epnkit_digest, epnkit_links,"
            " epnkit_content) VALUES (%s, %s, %s, %s, %s)",
            (uid, *(row[name] for name in BOOKED)),
        )
        kept = {"creation_date": before[0][2]} if before else {}
        return complete({**row, **kept}, self._table.tableDef)


def _type(name: str) -> pl.DataType:
    """Give the type that a source's schema names."""
    kind = getattr(pl, name.partition("(")[0])
    return pl.Datetime("us") if kind is pl.Datetime else kind()


@cache
def singles(folder: str, table: Any) -> Singles:
    """Give what makes granules for a table, once in an import.

    Parameters
    ----------
    folder : str
        The service's.
    table : gavo.rsc.DBTable
        What is imported into.
    """
    return Singles(Path(folder), table)
