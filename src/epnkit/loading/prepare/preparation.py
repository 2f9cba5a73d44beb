"""From batches of records to granules fit for the table, and refusals: no database in it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import polars as pl

from epnkit.loading.prepare.columns import CLOSED
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import PackedBatch, record_keys, unpack
from epnkit.loading.prepare.stages import STAGES, BatchState, RunSettings
from epnkit.sources.base import BATCH_SIZE, Source, Window


@dataclass(frozen=True)
class PreparedBatch:
    """A batch that is ready for the table.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules, with :data:`~epnkit.loading.prepare.columns.TRACKING_COLUMNS`.
    refusals : polars.DataFrame
        The refused records, as :data:`~epnkit.loading.prepare.columns.REFUSAL`.
    counts : Counts
        What was read, folded, made and refused.
    batch : PackedBatch
        The records as the source gave them.
    highest : optional
        The highest value of the cursor that was seen.
    closed : polars.DataFrame
        The records under an embargo, as :data:`~epnkit.loading.prepare.columns.CLOSED`.
    """

    granules: pl.DataFrame
    refusals: pl.DataFrame
    counts: Counts
    batch: PackedBatch
    highest: Any = None
    closed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CLOSED))

    def to_bytes(self) -> bytes:
        """Write the batch in Arrow's IPC format: a record whose fields are its parts."""
        tables = {"granules": self.granules, "refusals": self.refusals, "closed": self.closed}
        record = {
            **{name: [_write_table(table)] for name, table in tables.items()},
            "counts": [json.dumps(asdict(self.counts))],
            "keys": pl.Series([self.batch.keys], dtype=pl.List(pl.String)),
            "records": [self.batch.content],
            "highest": [self.highest],
        }
        return _write_table(pl.DataFrame(record))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote."""
        record = unpack(content).row(0, named=True)
        return cls(
            unpack(record["granules"]),
            unpack(record["refusals"]),
            Counts(**json.loads(record["counts"])),
            PackedBatch(record["keys"], record["records"]),
            record["highest"],
            unpack(record["closed"]),
        )


def _write_table(table: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    table.write_ipc(content, compression="lz4")
    return content.getvalue()


@dataclass(frozen=True)
class Preparation(RunSettings):
    """Prepares the records of one service, batch by batch."""

    def batches(
        self, source: Source, window: Window, size: int = BATCH_SIZE, limit: int | None = None
    ) -> Iterator[PreparedBatch]:
        """Read a window and prepare it, batch by batch.

        Parameters
        ----------
        source : Source
            Where the records come from.
        window : Window
            Which of them.
        size : int
            Records in a batch.
        limit : int, optional
            At most so many records in all.

        Yields
        ------
        PreparedBatch
            Each batch.
        """
        rest: pl.DataFrame | None = None
        for records in _limit_records(source.batches(window, size), limit):
            rest, complete = self._hold_back_last(rest, records)
            if len(complete):
                yield self.prepare(complete)
        if rest is not None and len(rest):
            yield self.prepare(rest)

    def prepare(self, records: pl.DataFrame) -> PreparedBatch:
        """Take one batch through all :data:`~epnkit.loading.prepare.stages.STAGES`.

        Parameters
        ----------
        records : polars.DataFrame
            The records as the source gave them.
        """
        batch = BatchState(records, Counts(read=len(records)))
        for stage in STAGES:
            stage(batch, self)
        packed = PackedBatch.of(record_keys(records, self.service.key), records)
        return PreparedBatch(
            batch.granules,
            batch.refusals,
            batch.counts,
            packed,
            batch.highest,
            self._list_closed(batch),
        )

    def _list_closed(self, batch: BatchState) -> pl.DataFrame:
        if batch.judged is None:
            return pl.DataFrame(schema=CLOSED)
        keys = record_keys(batch.records, self.service.key)
        judged = pl.DataFrame([keys.alias("record_key"), batch.judged.release.alias("until")])
        return judged.filter(batch.judged.closed).cast(CLOSED)

    def _hold_back_last(
        self, rest: pl.DataFrame | None, records: pl.DataFrame
    ) -> tuple[pl.DataFrame | None, pl.DataFrame]:
        """Hold back the last thing of a batch: the next batch may have more records of it."""
        rule = self.service.mapping.fold
        if rule is None or not len(records):
            return rest, records
        joined = records if rest is None else pl.concat([rest, records], how="diagonal")
        last = joined.select(rule.by).row(-1)
        belongs = pl.all_horizontal(
            *(pl.col(n).eq_missing(pl.lit(v)) for n, v in zip(rule.by, last, strict=True))
        )
        same = joined.select(belongs.alias("same"))["same"]
        start = len(joined) - int(same.reverse().cum_prod().sum())
        return joined[start:], joined[:start]


def _limit_records(batches: Iterator[pl.DataFrame], limit: int | None) -> Iterator[pl.DataFrame]:
    seen = 0
    for records in batches:
        yield records if limit is None else records.head(limit - seen)
        seen += len(records)
        if limit is not None and seen >= limit:
            return
