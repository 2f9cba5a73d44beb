"""Granules of single records, for DaCHS's own grammars: the service's mapping in a rowmaker.

A record that a DaCHS grammar read becomes the same granule, and the same entry of the tracking
table, as in a bulk load, so that both can be used in turn.  One record at a time is slow: it is
meant for the few that are new since the last import.
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
from epnkit.loading.grammar.common import datalink_url, open_admin_connection
from epnkit.loading.grammar.row_iterator import fill_columns, require_plain
from epnkit.loading.prepare.columns import CONTENT, DIGEST, KEY, TRACKING_COLUMNS
from epnkit.loading.prepare.packing import PackedBatch
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.state import embargoes, kept_records, ledger
from epnkit.loading.table.merge import delete_granules
from epnkit.loading.table.target import Target
from epnkit.modules import imports_without_gc
from epnkit.sources import open_source
from epnkit.sources.sql.column_types import SqlColumn, build_frame, parse_type


class RowmakerGranules:
    """Makes granules of single records, for a rowmaker.

    Parameters
    ----------
    folder : pathlib.Path
        The service's folder; the types of its source's fields are read once.
    table : gavo.rsc.DBTable
        The table that is imported into.

    Raises
    ------
    ConfigurationError
        If a record of the service is not one granule, or its table is partitioned.
    """

    def __init__(self, folder: Path, table: Any) -> None:
        with imports_without_gc():
            service = services.read_service(folder)
            source = open_source(service.source_file, service.order)
        require_plain(service)
        if service.mapping.fold is not None or service.mapping.products:
            raise ConfigurationError(
                "a record of this service may become several granules, or several records one",
                where=str(folder),
                why="a rowmaker makes one row of each record",
                cure="Load it in bulk, with one of epnkit's grammars.",
            )
        self._label, self._table = source.label, table
        # Key and content of the granules of this import, which DaCHS may not have inserted yet.
        self._made: dict[str, tuple[str, str]] = {}
        self._columns = [
            SqlColumn(name, parse_type(kind)) for name, kind in source.schema().items()
        ]
        self._preparation = Preparation(service, datalink_url(service))
        self._target = self._open_target(service)
        kept_records.compact(self._target, service.name, ledger.take_run_number(self._target))
        # Records that are read now must count as later than those that were compacted.
        self._run = ledger.take_run_number(self._target)

    def _open_target(self, service: services.Service) -> Target:
        ledger.lock_service(open_admin_connection(), service.name)
        schema, name = self._table.tableName.split(".")
        reader = base.getDBProfile("trustedquery").roleName
        target = Target(self._table.connection, schema, name, (), reader)
        # An import that reads nothing creates a table, and leaves an older tracking table.
        target.open_tracking(new_table=target.empty)
        target.index_tracking()
        return target

    def make_granule(self, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """Make the row of a record, and enter it in the tracking table.

        Parameters
        ----------
        record : mapping
            What the grammar read.

        Returns
        -------
        dict or None
            A value for each column of the table; None if the record is refused, which DaCHS
            reports as a warning, or its granule is in the table as it is.

        Raises
        ------
        ConfigurationError
            If the grammar does not read a field of the source's query.
        """
        values = self._collect_values({name.lower(): value for name, value in record.items()})
        prepared = self._preparation.prepare(build_frame([values], self._columns))
        for refused in prepared.refusals.rows(named=True):
            base.ui.notifyWarning(f"{refused['record_key']}: {refused['reason']}")
        if self._preparation.service.embargo is not None:
            name = self._preparation.service.name
            embargoes.save(self._target, name, prepared.batch.keys, prepared.embargoed)
        # This declaration may not be that of the table: the next update maps the record again.
        granules = prepared.granules.with_columns(pl.lit(None, pl.Int64).alias(DIGEST))
        rows = granules.rows(named=True)
        return self._track(rows[0], prepared.batch) if rows else None

    granule = make_granule  # the name in deployed copies of q.rd

    def _collect_values(self, fields: dict[str, Any]) -> tuple[Any, ...]:
        missing = sorted({column.field for column in self._columns} - set(fields))
        if missing:
            raise ConfigurationError(
                f"the grammar does not read {', '.join(missing)}",
                where=self._label,
                cure="Select in its makeQuery what the query of the source file selects.",
            )
        return tuple(fields[column.field] for column in self._columns)

    def _register_granule(self, row: dict[str, Any]) -> bool:
        """Return whether this import made the granule before; warn if its content differs."""
        uid, content = row["granule_uid"], (row[KEY], row[CONTENT])
        earlier = self._made.setdefault(uid, content)
        if earlier is content:
            return False
        if earlier != content:
            base.ui.notifyWarning(f"{row[KEY]}: record {earlier[0]} gave {uid} in this import")
        return True

    def _keep_record(self, record: PackedBatch) -> None:
        kept_records.keep(self._target, self._preparation.service.name, self._run, record)

    def _track(self, row: dict[str, Any], record: PackedBatch) -> dict[str, Any] | None:
        uid, target = row["granule_uid"], self._target
        if self._register_granule(row):
            return None
        stored = target.query(
            "SELECT tracked.epnkit_key, tracked.epnkit_content, t.creation_date FROM {table} t"
            " LEFT JOIN {tracking} tracked USING (granule_uid) WHERE granule_uid = %s",
            (uid,),
        )
        for key, content, _ in stored:
            if key not in (None, row[KEY]):
                base.ui.notifyWarning(f"{row[KEY]}: record {key} has the same granule_uid, {uid}")
                return None
            if str(content).replace("-", "") == row[CONTENT]:
                self._keep_record(record)  # a later mapping may read other fields of it
                return None
        self._keep_record(record)
        delete_granules(target, [uid])
        target.execute(
            "INSERT INTO {tracking} (granule_uid, epnkit_key, epnkit_digest, epnkit_links,"
            " epnkit_content) VALUES (%s, %s, %s, %s, %s)",
            (uid, *(row[name] for name in TRACKING_COLUMNS)),
        )
        unchanged = {"creation_date": stored[0][2]} if stored else {}
        return fill_columns({**row, **unchanged}, self._table.tableDef)


@cache
def rowmaker_granules(folder: str, table: Any) -> RowmakerGranules:
    """Return what makes the granules of a table: one object for a whole import.

    Parameters
    ----------
    folder : str
        The service's folder.
    table : gavo.rsc.DBTable
        The table that is imported into.
    """
    return RowmakerGranules(Path(folder), table)


singles = rowmaker_granules  # the name in deployed copies of q.rd
