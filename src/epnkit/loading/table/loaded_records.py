"""What was loaded of records: by that, an update need not map again what has not changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from psycopg2 import sql

from epnkit.loading.prepare.reading import maps_each_record_alone
from epnkit.loading.request import Request
from epnkit.loading.table.catalog import tracking_name
from epnkit.service import Service
from epnkit.sources.base import Digesting, Reconcilable, Source

#: Each key is looked up in the index: for a join, or ``= ANY`` of 10,000 keys, PostgreSQL reads a
#: table of up to some million rows from beginning to end, for each batch.
_LOADED = """
    SELECT key, digest, granules
    FROM unnest(%s) AS key, LATERAL (
        SELECT min(epnkit_digest) AS digest, max(epnkit_digest) AS other, count(*) AS granules
        FROM {tracking} WHERE epnkit_key = key
    ) AS loaded WHERE digest = other AND NOT EXISTS (
        SELECT FROM epnkit.quarantine
        WHERE service = %s AND record_key = key AND resolved IS NULL
    )
"""

_TABLE = """
    SELECT oid FROM pg_class WHERE oid = to_regclass(%s) AND has_table_privilege(oid, 'SELECT')
    AND has_table_privilege(to_regclass('epnkit.quarantine'), 'SELECT')
"""

_SCHEMA = {"key": pl.String, "digest": pl.Int64, "granules": pl.Int64}


@dataclass(frozen=True)
class LoadedRecords:
    """The records that a table has granules of.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, autocommitting: not that of the load, which another thread uses.
    service : str
        The service.
    """

    connection: Any
    service: str

    @property
    def table(self) -> int | None:
        """The number of the tracking table; None if this role may not read it, or quarantine."""
        with self.connection.cursor() as cursor:
            cursor.execute(_TABLE, (f"epnkit.{tracking_name(self.service)}",))
            found = cursor.fetchone()
        return None if found is None else int(found[0])

    def find(self, keys: pl.Series) -> pl.DataFrame:
        """Find records by their keys, but for those with an entry in quarantine.

        What such an entry says may be cured by the record as it was loaded once: it has to be
        mapped again, for the entry to be resolved.

        Parameters
        ----------
        keys : polars.Series
            Keys as :func:`~epnkit.loading.prepare.packing.record_keys` writes them.

        Returns
        -------
        polars.DataFrame
            The `key` of each that is found, its `digest`, and the number of its `granules`.
        """
        tracking = sql.Identifier("epnkit", tracking_name(self.service))
        wanted = keys.unique(maintain_order=True).to_list()
        with self.connection.cursor() as cursor:
            cursor.execute(sql.SQL(_LOADED).format(tracking=tracking), (wanted, self.service))
            return pl.DataFrame(cursor.fetchall(), schema=_SCHEMA, orient="row")


def can_skip_unchanged(service: Service, source: Source, request: Request) -> bool:
    """Return whether a load may leave out records that have not changed since they were loaded.

    It may if it is to read what is new, the digests cover all of a record, and its granules are
    made of nothing else.

    Parameters
    ----------
    service : Service
        What is loaded.
    source : Source
        What is read.
    request : Request
        How it is loaded.
    """
    return request.kind == "load" and maps_each_record_alone(service) and _covers_records(source)


def _covers_records(source: Source) -> bool:
    """Return whether digests cover all of a record, as those made by epnkit do."""
    if isinstance(source, Digesting):
        return True
    return not isinstance(source, Reconcilable) or source.compared_by == "key"
