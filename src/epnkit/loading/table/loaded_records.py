"""What was loaded of records: by that, an update need not map again what has not changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from psycopg2 import sql

from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.request import Request
from epnkit.loading.state.declarations import Hashes, would_make_the_same
from epnkit.loading.table.catalog import has_tracking, tracking_name
from epnkit.loading.table.target import Target
from epnkit.sources.base import Digesting, Source

_LOADED = """
    SELECT epnkit_key, min(epnkit_digest), count(*) FROM {tracking} WHERE epnkit_key = ANY(%s)
    GROUP BY epnkit_key HAVING min(epnkit_digest) = max(epnkit_digest)
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
    def readable(self) -> bool:
        """Whether this role may read them: that of a worker elsewhere need not."""
        with self.connection.cursor() as cursor:
            name = f"epnkit.{tracking_name(self.service)}"
            cursor.execute("SELECT has_table_privilege(to_regclass(%s), 'SELECT')", (name,))
            return bool(cursor.fetchone()[0])

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


def can_skip_unchanged(
    preparation: Preparation, source: Source, request: Request, target: Target, declaration: Hashes
) -> bool:
    """Return whether a load may leave out records that have not changed since they were loaded.

    It may if it is to read what is new, the source's digests cover all of a record, and its
    granules would be made of nothing else than before: the same declaration, the same epnkit, no
    embargo that ends, no other records that are folded with it.

    Parameters
    ----------
    preparation : Preparation
        The service, and the address of its datalink.
    source : Source
        What is read.
    request : Request
        How it is loaded.
    target : Target
        The table. The tracking table of an empty one is made anew.
    declaration : dict of str to str
        Hashes of the service's declaration.
    """
    service = preparation.service
    alone = service.embargo is None and service.mapping.fold is None
    if request.kind != "load" or not alone or not isinstance(source, Digesting) or target.empty:
        return False
    return has_tracking(target.connection, target.schema) and would_make_the_same(
        target.connection, service.name, declaration, preparation.datalink
    )
