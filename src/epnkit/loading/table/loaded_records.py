"""What was loaded of records: by that, an update need not map again what has not changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from psycopg2 import sql

from epnkit.loading.request import Request
from epnkit.loading.table.catalog import tracking_name
from epnkit.service import Service
from epnkit.sources.base import Digesting, Reconcilable, Source

_LOADED = """
    SELECT epnkit_key, min(epnkit_digest), count(*) FROM {tracking} WHERE epnkit_key = ANY(%s)
    GROUP BY epnkit_key HAVING min(epnkit_digest) = max(epnkit_digest)
"""

_TABLE = """
    SELECT oid FROM pg_class WHERE oid = to_regclass(%s) AND has_table_privilege(oid, 'SELECT')
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
        """The number of the tracking table; None if there is none that this role may read."""
        with self.connection.cursor() as cursor:
            cursor.execute(_TABLE, (f"epnkit.{tracking_name(self.service)}",))
            found = cursor.fetchone()
        return None if found is None else int(found[0])

    def find(self, keys: pl.Series) -> pl.DataFrame:
        """Find records by their keys.

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
        with self.connection.cursor() as cursor:
            cursor.execute(sql.SQL(_LOADED).format(tracking=tracking), (keys.to_list(),))
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
    return request.kind == "load" and service.maps_each_record_alone and _covers_records(source)


def _covers_records(source: Source) -> bool:
    """Return whether digests cover all of a record, as those made by epnkit do."""
    if isinstance(source, Digesting):
        return True
    return not isinstance(source, Reconcilable) or source.compared_by == "key"
