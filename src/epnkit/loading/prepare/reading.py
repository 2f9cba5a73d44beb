"""The stages of a batch before its records are mapped: which of them have to be.

:data:`READING` lists them in order.  What was loaded before is asked for by a function of the run's
settings.
"""

from __future__ import annotations

import polars as pl

from epnkit.loading.prepare.packing import record_keys
from epnkit.loading.prepare.stages import BatchState, RunSettings, Stage
from epnkit.service import Service
from epnkit.sources.base import SOURCE_DIGEST, UNREADABLE


def read_cursor(batch: BatchState, run: RunSettings) -> None:
    """Find the highest value of the cursor, and count the records that have none."""
    cursor = run.service.cursor
    if cursor is not None:
        values = batch.records[cursor.field]
        batch.counts.null_cursors = values.null_count()
        batch.highest = values.max()


def hash_records(batch: BatchState, run: RunSettings) -> None:
    """Hash the records that the source has not hashed, so that a later update can leave them out.

    Not if a granule is made of more than a record: no update of such a service leaves out any.
    """
    records = batch.records
    if SOURCE_DIGEST in records.columns or not maps_each_record_alone(run.service):
        return
    if UNREADABLE not in records.columns:
        records = records.with_columns(pl.lit(None, pl.String).alias(UNREADABLE))
    # Another version of Polars may hash otherwise: then all records are mapped once more.
    hashed = records.select(sorted(records.columns)).hash_rows()
    digest = hashed.reinterpret(signed=True).alias(SOURCE_DIGEST)
    batch.records = batch.records.with_columns(digest)


def drop_unchanged(batch: BatchState, run: RunSettings) -> None:
    """Drop the records that are loaded already, and unchanged since: their digests are the same.

    Of several records with one key all are mapped if one is: which of them stays is decided later.
    """
    if run.find_loaded is None or SOURCE_DIGEST not in batch.records.columns:
        return
    keys = record_keys(batch.records, run.service.key)
    read = pl.DataFrame([keys.alias("key"), batch.records[SOURCE_DIGEST].alias("digest")])
    granules = read.join(
        run.find_loaded(keys), on=("key", "digest"), how="left", maintain_order="left"
    )["granules"]
    changed = keys.filter(granules.is_null())
    to_map = keys.is_in(changed.implode(), nulls_equal=True)
    granules = granules.set(to_map, None)
    batch.records, batch.kept = batch.records.filter(to_map), batch.kept.filter(to_map)
    batch.counts.unchanged = int(granules.sum())
    batch.counts.extra = batch.counts.unchanged - (len(read) - len(batch.kept))


def maps_each_record_alone(service: Service) -> bool:
    """Return whether granules are made of a record and nothing else: no embargo that ends, no fold.

    Parameters
    ----------
    service : Service
        Whose granules are meant.
    """
    return service.embargo is None and service.mapping.fold is None


#: The stages in their order.
READING: tuple[Stage, ...] = (read_cursor, hash_records, drop_unchanged)
