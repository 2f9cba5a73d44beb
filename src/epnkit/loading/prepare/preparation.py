"""From batches of records to granules fit for the table, and refusals: no database in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import polars as pl

from epnkit.datalink.collections import with_references
from epnkit.datalink.links import compile_links
from epnkit.epncore import rules
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import Batch, keys_of
from epnkit.mapping.declare import SOURCE_DIGEST, Mapped, fold
from epnkit.service import Service
from epnkit.sources.base import BATCH_SIZE, Source, Window

#: Columns that go beside a granule: the record's key and hash, its links, and its own hash.
KEY, DIGEST, LINKS, CONTENT = "epnkit_key", "epnkit_digest", "epnkit_links", "epnkit_content"

#: All of them, with their types in the database.
BOOKED = {KEY: "text", DIGEST: "bigint", LINKS: "text", CONTENT: "uuid"}

#: What a refusal says; ``record`` is the record in JSON.
REFUSAL = pl.Schema(
    {
        "record_key": pl.String,
        "granule_uid": pl.String,
        "rule": pl.Int32,
        "field": pl.String,
        "reason": pl.String,
        "record": pl.String,
    }
)

_DATES = ("creation_date", "modification_date", "release_date")


@dataclass(frozen=True)
class Prepared:
    """A batch that is ready for the table.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules, with the columns of :data:`BOOKED`.
    refusals : polars.DataFrame
        The refused records, as :data:`REFUSAL`.
    counts : Counts
        What was read, folded, made and refused.
    batch : Batch
        The records as the source gave them.
    highest : optional
        The highest value of the cursor that was seen.
    """

    granules: pl.DataFrame
    refusals: pl.DataFrame
    counts: Counts
    batch: Batch
    highest: Any = None


@dataclass
class Preparation:
    """Prepares the records of one service, batch by batch.

    Parameters
    ----------
    service : Service
        Whose mapping is applied.
    datalink : str, optional
        Where the service's datalink is served; a granule's uid is put behind it.
    now : datetime.datetime
        The time of the run, for the dates that the mapping leaves to the loader.
    """

    service: Service
    datalink: str | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))

    def batches(
        self, source: Source, window: Window, size: int = BATCH_SIZE, limit: int | None = None
    ) -> Iterator[Prepared]:
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
        """
        rest: pl.DataFrame | None = None
        for records in _limited(source.batches(window, size), limit):
            rest, complete = self._split(rest, records)
            if len(complete):
                yield self.prepare(complete)
        if rest is not None and len(rest):
            yield self.prepare(rest)

    def prepare(self, records: pl.DataFrame) -> Prepared:
        """Fold, map and judge one batch."""
        counts = Counts(read=len(records))
        highest = self._inspect_cursor(records, counts)
        single = self._fold(records)
        counts.folded = len(records) - len(single)
        single, absent = self._refuse_null_cursors(single)
        mapped = self.service.mapping.apply(single)
        referred = with_references(mapped.granules, self.service.collections)
        granules = self._complete(referred)
        refused = pl.concat([_of_mapping(mapped), self._of_rules(granules, mapped.origin)])
        refused = pl.concat([refused, _without_granule(len(single), mapped.origin, refused)])
        good = ~mapped.origin.is_in(refused["number"].unique().implode())
        granules = self._book(granules, mapped.origin, single).filter(good)
        refusals = pl.concat([absent, self._describe(refused, single)])
        counts.quarantined = len(refusals)
        counts.extra = len(granules) + len(refusals) - len(single) - len(absent)
        batch = Batch.of(self._keys(records), records)
        return Prepared(granules, refusals, counts, batch, highest)

    def _split(
        self, rest: pl.DataFrame | None, records: pl.DataFrame
    ) -> tuple[pl.DataFrame | None, pl.DataFrame]:
        """Hold back the last thing of a batch, of which the next may tell more."""
        rule = self.service.mapping.fold
        if rule is None or not len(records):
            return rest, records
        joined = records if rest is None else pl.concat([rest, records])
        last = joined.select(rule.by).row(-1)
        belongs = pl.all_horizontal(
            *(pl.col(n).eq_missing(pl.lit(v)) for n, v in zip(rule.by, last, strict=True))
        )
        same = joined.select(belongs.alias("same"))["same"]
        start = len(joined) - int(same.reverse().cum_prod().sum())
        return joined[start:], joined[:start]

    def _fold(self, records: pl.DataFrame) -> pl.DataFrame:
        rule = self.service.mapping.fold
        return records if rule is None else fold(records, rule)

    def _inspect_cursor(self, records: pl.DataFrame, counts: Counts) -> Any:
        cursor = self.service.cursor
        if cursor is None:
            return None
        values = records[cursor.field]
        counts.null_cursors = values.null_count()
        return values.max()

    def _refuse_null_cursors(self, records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        cursor = self.service.cursor
        if cursor is None or cursor.nulls != "refuse":
            return records, pl.DataFrame(schema=REFUSAL)
        absent = records.filter(pl.col(cursor.field).is_null())
        numbers = pl.int_range(len(absent), dtype=pl.UInt32, eager=True)
        reason = f"it has no {cursor.field}, by which the source is read incrementally"
        found = _refused(numbers, [None] * len(absent), cursor.field, reason)
        return records.filter(pl.col(cursor.field).is_not_null()), self._describe(found, absent)

    def _complete(self, granules: pl.DataFrame) -> pl.DataFrame:
        """Fill in what every granule of the service has, unless the mapping made it."""
        created = (
            pl.col("creation_date") if "creation_date" in granules.columns else pl.lit(self.now)
        )
        defaults: dict[str, pl.Expr] = {
            "spatial_frame_type": pl.lit(self.service.frame),
            "service_title": pl.lit(self.service.name),
            "creation_date": created,
            "modification_date": created,
            "release_date": created,
        }
        if self.datalink is not None:
            defaults["datalink_url"] = pl.lit(self.datalink) + _quoted(pl.col("granule_uid"))
        absent = [e.alias(name) for name, e in defaults.items() if name not in granules.columns]
        times = [pl.col(name).cast(pl.Datetime("us")) for name in _DATES]
        return granules.with_columns(absent).with_columns(times)

    def _of_rules(self, granules: pl.DataFrame, origin: pl.Series) -> pl.DataFrame:
        found = rules.judge(
            granules,
            service=self.service.name,
            frame=self.service.frame,
            extra=self.service.mapping.own_columns,
        )
        hard = found.filter(pl.col("rule").is_in(sorted(rules.HARD)))
        rows = hard["row"]
        uids = granules["granule_uid"].cast(pl.String)[rows]
        reason = hard.select(
            pl.concat_str("message", pl.lit(": "), pl.col("value").fill_null("nothing"))
        ).to_series()
        return pl.DataFrame(
            {
                "number": origin[rows],
                "granule_uid": uids,
                "rule": hard["rule"].cast(pl.Int32),
                "field": hard["column"],
                "reason": reason,
            }
        ).cast(_FOUND)

    def _book(
        self, granules: pl.DataFrame, origin: pl.Series, records: pl.DataFrame
    ) -> pl.DataFrame:
        """Put the record's key, its digest and the granule's content hash beside each granule."""
        keys = self._keys(records)
        has_digest = SOURCE_DIGEST in records.columns
        digests = records[SOURCE_DIGEST] if has_digest else pl.Series([None] * len(records))
        given = set(self.service.mapping.names)
        filled = [name for name in _DATES if name not in given]
        links = compile_links(self.service.all_links, records, granules, origin)
        booked = granules.with_columns(
            keys[origin].alias(KEY),
            digests.cast(pl.Int64)[origin].alias(DIGEST),
            links.alias(LINKS),
        )
        return booked.with_columns(content_hash(booked.drop(*filled, KEY, DIGEST)).alias(CONTENT))

    def _keys(self, records: pl.DataFrame) -> pl.Series:
        return keys_of(records, self.service.key).alias(KEY)

    def _describe(self, found: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
        """Join to each refusal its record; of several reasons for one record the first counts."""
        first = found.unique("number", keep="first", maintain_order=True)
        refused = records[first["number"]].drop(SOURCE_DIGEST, strict=False)
        written = [json.dumps(row, default=_text, ensure_ascii=False) for row in refused.to_dicts()]
        return first.select(
            self._keys(refused).alias("record_key"),
            "granule_uid",
            "rule",
            "field",
            "reason",
            pl.Series("record", written, dtype=pl.String),
        ).cast(REFUSAL)


_FOUND = pl.Schema(
    {
        "number": pl.UInt32,
        "granule_uid": pl.String,
        "rule": pl.Int32,
        "field": pl.String,
        "reason": pl.String,
    }
)


def content_hash(granules: pl.DataFrame) -> pl.Series:
    """Hash what each granule says, in a way that does not change between versions of a library.

    Returns
    -------
    polars.Series
        BLAKE2b of 16 bytes, in hexadecimal: PostgreSQL holds it as a uuid.
    """
    parts = [pl.col(name).cast(pl.String).fill_null("\x00") for name in sorted(granules.columns)]
    rows = granules.select(pl.concat_str(parts, separator="\x1f")).to_series()
    hashed = [hashlib.blake2b(row.encode(), digest_size=16).hexdigest() for row in rows]
    return pl.Series(CONTENT, hashed, dtype=pl.String)


def _refused(numbers: pl.Series, uids: list[str | None], name: str, reason: str) -> pl.DataFrame:
    count = len(numbers)
    return pl.DataFrame(
        {
            "number": numbers,
            "granule_uid": uids,
            "rule": [None] * count,
            "field": [name] * count,
            "reason": [reason] * count,
        },
        schema=_FOUND,
    )


def _of_mapping(mapped: Mapped) -> pl.DataFrame:
    return mapped.refusals.select(
        pl.col("record").alias("number"),
        pl.lit(None, pl.String).alias("granule_uid"),
        pl.lit(None, pl.Int32).alias("rule"),
        pl.col("column").alias("field"),
        "reason",
    )


def _without_granule(records: int, origin: pl.Series, refused: pl.DataFrame) -> pl.DataFrame:
    """Refuse the records of which no product is made: they would vanish without a word."""
    numbers = pl.int_range(records, dtype=pl.UInt32, eager=True)
    made = numbers.is_in(origin.implode()) | numbers.is_in(refused["number"].implode())
    absent = numbers.filter(~made)
    return _refused(absent, [None] * len(absent), "", "no product of the mapping is made of it")


def _quoted(uid: pl.Expr) -> pl.Expr:
    """Put a uid into a URL; almost every one is fit as it is."""
    plain = uid.str.contains(r"^[A-Za-z0-9._~-]*$")
    return pl.when(plain).then(uid).otherwise(uid.map_elements(quote, return_dtype=pl.String))


def _limited(batches: Iterator[pl.DataFrame], limit: int | None) -> Iterator[pl.DataFrame]:
    seen = 0
    for records in batches:
        yield records if limit is None else records.head(limit - seen)
        seen += len(records)
        if limit is not None and seen >= limit:
            return


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
