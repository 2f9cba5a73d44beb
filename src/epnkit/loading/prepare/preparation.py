"""From batches of records to granules that are ready for the table, and refusals."""

from __future__ import annotations

import io
import json
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

import polars as pl

from epnkit.loading.prepare.columns import EMBARGOED
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import PackedBatch, record_keys, unpack
from epnkit.loading.prepare.reading import READING
from epnkit.loading.prepare.stages import STAGES, BatchState, RunSettings
from epnkit.sources.base import Source, Window, read_batches


@dataclass(frozen=True)
class PreparedBatch:
    """The granules of a batch, ready for the table, and what else is stored of it.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules, with :data:`~epnkit.loading.prepare.columns.TRACKING_COLUMNS`.
    refusals : polars.DataFrame
        The refused records, as :data:`~epnkit.loading.prepare.columns.REFUSAL`.
    counts : Counts
        The counts of the batch.
    batch : PackedBatch
        The records as the source gave them.
    highest : optional
        The highest value of the cursor that was seen.
    embargoed : polars.DataFrame
        The records under an embargo, as :data:`~epnkit.loading.prepare.columns.EMBARGOED`.
    """

    granules: pl.DataFrame
    refusals: pl.DataFrame
    counts: Counts
    batch: PackedBatch
    highest: Any = None
    embargoed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EMBARGOED))

    def to_bytes(self) -> bytes:
        """Write the batch in Arrow's IPC format, as one record; its tables are compressed."""
        tables = {"granules": self.granules, "refusals": self.refusals, "embargoed": self.embargoed}
        record = {
            **{name: [_write_table(table)] for name, table in tables.items()},
            "counts": [json.dumps(asdict(self.counts))],
            "keys": pl.Series([self.batch.keys], dtype=pl.List(pl.String)),
            "records": [self.batch.content],
            "highest": [self.highest],
        }
        return _write_table(pl.DataFrame(record), "uncompressed")

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
            unpack(record["embargoed"]),
        )


def _write_table(table: pl.DataFrame, compression: Literal["lz4", "uncompressed"] = "lz4") -> bytes:
    content = io.BytesIO()
    table.write_ipc(content, compression=compression)
    return content.getvalue()


@dataclass(frozen=True)
class Preparation(RunSettings):
    """Prepares the records of one service, batch by batch."""

    def batches(
        self, source: Source, window: Window, size: int = 0, limit: int | None = None
    ) -> Iterator[PreparedBatch]:
        """Read a window and prepare it, batch by batch; the parameters are those of :meth:`read`.

        Yields
        ------
        PreparedBatch
            Each batch.
        """
        with closing(self.read(source, window, size, limit)) as read:
            yield from map(self.prepare, read)

    def read(
        self, source: Source, window: Window, size: int = 0, limit: int | None = None
    ) -> Generator[pl.DataFrame]:
        """Read a window in batches of which no record folds with one of another batch.

        Parameters
        ----------
        source : Source
            Where the records come from.
        window : Window
            Which of them.
        size : int, optional
            Records in a batch; by default as many as the source chooses.
        limit : int, optional
            The maximum number of records.

        Yields
        ------
        polars.DataFrame
            The records, as :meth:`prepare` takes them.
        """
        rest: pl.DataFrame | None = None
        for records in _limit_records(read_batches(source, window, size), limit):
            rest, complete = self._hold_back_last(rest, records)
            if len(complete):
                yield complete
        if rest is not None and len(rest):
            yield rest

    def prepare(self, records: pl.DataFrame) -> PreparedBatch:
        """Apply the stages of :mod:`~epnkit.loading.prepare.reading`, then all others.

        Parameters
        ----------
        records : polars.DataFrame
            The records as the source gave them.
        """
        batch = BatchState(records, Counts(read=len(records)))
        for stage in READING:
            stage(batch, self)
        if len(batch.kept) or not batch.counts.unchanged:
            for stage in STAGES:
                stage(batch, self)
        packed = PackedBatch.of(record_keys(batch.kept, self.service.key), batch.kept)
        return PreparedBatch(
            batch.granules,
            batch.refusals,
            batch.counts,
            packed,
            batch.highest,
            self._list_embargoed(batch),
        )

    def _list_embargoed(self, batch: BatchState) -> pl.DataFrame:
        if batch.embargo_states is None:
            return pl.DataFrame(schema=EMBARGOED)
        keys = record_keys(batch.records, self.service.key)
        states = pl.DataFrame(
            [keys.alias("record_key"), batch.embargo_states.release.alias("until")]
        )
        return states.filter(batch.embargo_states.embargoed).cast(EMBARGOED)

    def _hold_back_last(
        self, rest: pl.DataFrame | None, records: pl.DataFrame
    ) -> tuple[pl.DataFrame | None, pl.DataFrame]:
        """Hold back the records that fold with the last one; more of them may follow."""
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
