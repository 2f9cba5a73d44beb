"""The granules of a service as one file, with what the ledger says of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import numpy as np
import polars as pl
from astropy import units
from astropy.table import Column, MaskedColumn, Table
from psycopg2 import sql

from epnkit.epncore.columns import COLUMNS
from epnkit.errors import LoadError
from epnkit.loading.prepare.columns import KEY
from epnkit.loading.state.status import read_status
from epnkit.loading.table.catalog import table_exists, tracking_name
from epnkit.report.chart import read_polygon

#: Rows fetched at a time.
_BATCH: Final = 20_000

#: The types of PostgreSQL that are no text here.
_TYPES: Final = {
    "double precision": pl.Float64(),
    "real": pl.Float64(),
    "bigint": pl.Int64(),
    "integer": pl.Int64(),
    "smallint": pl.Int64(),
    "boolean": pl.Boolean(),
    "timestamp without time zone": pl.Datetime("us"),
    "date": pl.Date(),
}

#: The column with the key of each granule's record.
RECORD_KEY: Final = "record_key"


def export_granules(connection: Any, service: str) -> Table:
    """Read all granules of a service, ordered by their identifiers.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.

    Returns
    -------
    astropy.table.Table
        The columns of ``epn_core`` with their units, footprints as DALI writes polygons, and
        ``record_key``, which says whose record each granule is made of. The last run, the cursor
        and the counts of the ledger are in its ``meta``.

    Raises
    ------
    LoadError
        If the service was never loaded with epnkit.
    """
    types = _read_types(connection, service)
    frames = list(_read_frames(connection, service, types))
    table = _to_table(pl.concat(frames) if frames else pl.DataFrame(schema=_schema(types)))
    table.meta.update(_describe_state(connection, service))
    return table


def _read_types(connection: Any, service: str) -> dict[str, str]:
    if not table_exists(connection, service, "epn_core"):
        raise LoadError(
            f"there is no table {service}.epn_core",
            cure=f"Deploy it first: epnkit deploy {service}",
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = (quote_ident(%s) || '.epn_core')::regclass"
            " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (service,),
        )
        return dict(cursor.fetchall())


def _schema(types: dict[str, str]) -> dict[str, pl.DataType]:
    known = {name: _TYPES.get(kind, pl.String()) for name, kind in types.items()}
    return {**known, RECORD_KEY: pl.String()}


def _read_frames(connection: Any, service: str, types: dict[str, str]) -> Iterator[pl.DataFrame]:
    """Read batch by batch, by a cursor on the server."""
    shown = [
        sql.SQL("g.{0}" if kind in _TYPES else "g.{0}::text").format(sql.Identifier(name))
        for name, kind in types.items()
    ]
    query = sql.SQL(
        "SELECT {shown}, t.{key} FROM {table} g LEFT JOIN {tracking} t USING (granule_uid)"
        " ORDER BY granule_uid"
    ).format(
        shown=sql.SQL(", ").join(shown),
        key=sql.Identifier(KEY),
        table=sql.Identifier(service, "epn_core"),
        tracking=sql.Identifier("epnkit", tracking_name(service)),
    )
    with connection.cursor() as settings:
        settings.execute("SELECT set_sphere_output('DEG')")
    polygons = [name for name, kind in types.items() if kind == "spoly"]
    with closing(connection.cursor("epnkit_export", withhold=True)) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(_BATCH):
            frame = pl.DataFrame(rows, schema=_schema(types), orient="row")
            yield frame.with_columns(_write_polygons(frame[name]) for name in polygons)


def _write_polygons(texts: pl.Series) -> pl.Series:
    """Write pgsphere's polygons as DALI does (DALI 1.1, section 3.3.7): numbers, by blanks."""
    written = [
        None if text is None else " ".join(f"{value:.15g}" for value in read_polygon(text).ravel())
        for text in texts
    ]
    return pl.Series(texts.name, written, dtype=pl.String)


def _to_table(frame: pl.DataFrame) -> Table:
    return Table([_to_column(series) for series in frame.iter_columns()])


def _to_column(series: pl.Series) -> Column:
    declared = COLUMNS.get(series.name)
    if series.dtype in (pl.Datetime("us"), pl.Date()):
        series = (
            series.dt.to_string("iso:strict")
            if series.dtype == pl.Datetime("us")
            else (series.cast(pl.String))
        )
    missing = series.is_null().to_numpy()
    filled = series.fill_null("" if series.dtype == pl.String else 0)
    values = np.array(filled.to_list(), dtype=str if series.dtype == pl.String else None)
    return MaskedColumn(
        values,
        name=series.name,
        mask=missing,
        unit=_read_unit(declared.unit) if declared else None,
        description=declared.description if declared else None,
    )


def _read_unit(text: str) -> units.UnitBase | None:
    return units.Unit(text, format="vounit") if text else None


def _describe_state(connection: Any, service: str) -> dict[str, str]:
    """Describe what the ledger says, as texts that every form of file holds."""
    status = read_status(connection, service, 1)
    last = status.runs[0] if status.runs else {}
    return {
        "service": service,
        "granules": str(status.rows),
        "tracked": str(status.tracked),
        "in_quarantine": str(status.quarantined),
        "cursor": str(status.cursor["value"]) if status.cursor else "",
        "last_run": str(last.get("run", "")),
        "last_run_state": str(last.get("state", "")),
        "last_run_ended": str(last.get("ended", "")),
    }
