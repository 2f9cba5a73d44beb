"""The stages that turn a batch of records into granules and refusals.

:data:`STAGES` lists them in order; those of :mod:`epnkit.loading.prepare.reading` come before.
Each takes the batch and the settings of the run, and changes the batch; none touches the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import polars as pl

from epnkit.datalink.collections import add_references
from epnkit.datalink.embargo import EmbargoStates, find_leaks, list_addresses
from epnkit.datalink.links import ADDRESS, compile_links
from epnkit.loading.prepare.columns import (
    CONTENT,
    DATES,
    DIGEST,
    KEY,
    LINKS,
    NUMBERED_REFUSAL,
    REFUSAL,
)
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import record_keys
from epnkit.loading.prepare.refuse import (
    attach_records,
    link_refusals,
    mapping_refusals,
    refuse_for_reason,
    rule_refusals,
    unmapped_refusals,
    unreadable_refusals,
    withhold_values,
)
from epnkit.mapping.folding import fold
from epnkit.service import Service
from epnkit.sources.base import SOURCE_DIGEST, UNREADABLE


@dataclass(frozen=True)
class RunSettings:
    """What all batches of a run have in common.

    Parameters
    ----------
    service : Service
        Whose mapping is applied.
    datalink : str, optional
        The address of the service's datalink, to which a granule's uid is appended.
    now : datetime.datetime
        The time of the run, for the dates that the mapping leaves to the loader.
    find_loaded : callable, optional
        Finds what was loaded of records, by their keys: a table of `key`, `digest` and the number
        of `granules`. Those with the same digest are not mapped again.
    """

    service: Service
    datalink: str | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    find_loaded: Callable[[pl.Series], pl.DataFrame] | None = None


@dataclass
class BatchState:
    """A batch between two stages.

    Parameters
    ----------
    records : polars.DataFrame
        At first as the source gave them; then without those that are loaded already, folded, and
        without those that have no cursor.
    counts : Counts
        The counts so far.
    highest : optional
        The highest value of the cursor in the batch.
    granules : polars.DataFrame
        The granules that the mapping made.
    origin : polars.Series
        For each granule the number of its record.
    refused : polars.DataFrame
        Refusals by the number of their record, as
        :data:`~epnkit.loading.prepare.columns.NUMBERED_REFUSAL`.
    refusals : polars.DataFrame
        Refusals with their records, as :data:`~epnkit.loading.prepare.columns.REFUSAL`.
    embargo_states : EmbargoStates, optional
        Which records are under an embargo, if the service has one.
    withheld : polars.DataFrame
        Addresses of links that are withheld, as
        :data:`~epnkit.datalink.links.ADDRESS`.
    kept : polars.DataFrame
        The records to keep for a later mapping, as the source gave them.
    """

    records: pl.DataFrame
    counts: Counts
    highest: Any = None
    granules: pl.DataFrame = field(default_factory=pl.DataFrame)
    origin: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt32))
    refused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NUMBERED_REFUSAL))
    refusals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUSAL))
    embargo_states: EmbargoStates | None = None
    withheld: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ADDRESS))
    kept: pl.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        """Keep all records, until some are dropped."""
        self.kept = self.records


Stage = Callable[[BatchState, RunSettings], None]


def fold_records(batch: BatchState, run: RunSettings) -> None:
    """Merge records that the service folds into one."""
    rule = run.service.mapping.fold
    if rule is not None:
        folded = fold(batch.records, rule, UNREADABLE, SOURCE_DIGEST)
        batch.counts.folded = len(batch.records) - len(folded)
        batch.records = folded


def refuse_null_cursors(batch: BatchState, run: RunSettings) -> None:
    """Refuse the records without a cursor, before they are mapped, if the service declares it."""
    cursor = run.service.cursor
    if cursor is None or cursor.nulls != "refuse":
        return
    is_null = pl.col(cursor.field).is_null()
    without = batch.records.filter(is_null)
    numbers = pl.int_range(len(without), dtype=pl.UInt32, eager=True)
    reason = f"it has no {cursor.field}, by which the source is read incrementally"
    refused = refuse_for_reason(numbers, cursor.field, reason)
    batch.refusals = attach_records(refused, without, run.service.key)
    batch.records = batch.records.filter(~is_null)


def apply_mapping(batch: BatchState, run: RunSettings) -> None:
    """Make granules of the records; those that the mapping cannot read are refused."""
    mapped = run.service.mapping.apply(batch.records)
    batch.granules, batch.origin = mapped.granules, mapped.origin
    batch.refused = mapping_refusals(mapped)


def refuse_unreadable(batch: BatchState, run: RunSettings) -> None:
    """Refuse the records with an unreadable value that the service needs."""
    if UNREADABLE in batch.records.columns:
        found = unreadable_refusals(batch.records[UNREADABLE], run.service.fields)
        batch.refused = pl.concat([found, batch.refused])


def add_bib_references(batch: BatchState, run: RunSettings) -> None:
    """Add the publications that each granule is part of."""
    batch.granules = add_references(batch.granules, run.service.collections)


def fill_defaults(batch: BatchState, run: RunSettings) -> None:
    """Fill in the columns that every granule has, unless the mapping made them."""
    granules = batch.granules
    created = pl.col("creation_date") if "creation_date" in granules.columns else pl.lit(run.now)
    defaults: dict[str, pl.Expr] = {
        "spatial_frame_type": pl.lit(run.service.frame),
        "service_title": pl.lit(run.service.name),
        "creation_date": created,
        "modification_date": created,
        "release_date": created,
        # A later stage refuses it with a reason; otherwise the database would.
        "processing_level": pl.lit(None, pl.Int32),
    }
    if run.datalink is not None:
        identifier = _url_quoted(pl.col("granule_uid"))
        defaults["datalink_url"] = pl.lit(run.datalink) + identifier
        if run.service.document is not None:
            base, _, query = run.datalink.rpartition("/q/dl/dlmeta?")
            address = f"{base}/q/{run.service.document}/dlget?{query}"
            defaults["access_url"] = pl.lit(address) + identifier
    missing = [e.alias(name) for name, e in defaults.items() if name not in granules.columns]
    dates = [pl.col(name).cast(pl.Datetime("us")) for name in DATES]
    batch.granules = granules.with_columns(missing).with_columns(dates)


def evaluate_embargo(batch: BatchState, run: RunSettings) -> None:
    """Find which records are under an embargo; refuse those whose release cannot be read."""
    embargo = run.service.embargo
    if embargo is None:
        return
    states = embargo.evaluate(batch.records, run.now)
    if UNREADABLE in batch.records.columns:
        lost = unreadable_refusals(batch.records[UNREADABLE], embargo.fields)["number"]
        states = states.with_embargoed(lost)
    batch.embargo_states = states
    for number in batch.embargo_states.reasons.is_not_null().arg_true():
        reason = f"its release cannot be read ({batch.embargo_states.reasons[number]})"
        one = pl.Series([number], dtype=pl.UInt32)
        refused = refuse_for_reason(one, "release_date", reason)
        batch.refused = pl.concat([batch.refused, refused])


def check_rules(batch: BatchState, run: RunSettings) -> None:
    """Refuse the granules that break a rule of EPNcore which a load enforces."""
    refused = rule_refusals(batch.granules, batch.origin, run.service)
    batch.refused = pl.concat([batch.refused, refused])


def refuse_missing_processing_level(batch: BatchState, run: RunSettings) -> None:
    """Refuse granules without a processing level, which DaCHS's tables require."""
    without = batch.origin.filter(batch.granules["processing_level"].is_null())
    reason = "it has no value, and the tables of DaCHS require one"
    refused = refuse_for_reason(without, "processing_level", reason)
    batch.refused = pl.concat([batch.refused, refused])


def refuse_unmapped(batch: BatchState, run: RunSettings) -> None:
    """Refuse the records of which nothing was made."""
    refused = unmapped_refusals(len(batch.records), batch.origin, batch.refused)
    batch.refused = pl.concat([batch.refused, refused])


def add_tracking_columns(batch: BatchState, run: RunSettings) -> None:
    """Add the record's key and digest, and the links; refuse records with invalid links."""
    records, origin, service = batch.records, batch.origin, run.service
    keys = record_keys(records, service.key)
    has_digest = SOURCE_DIGEST in records.columns
    digests = records[SOURCE_DIGEST] if has_digest else pl.Series([None] * len(records))
    embargoed = None if batch.embargo_states is None else batch.embargo_states.embargoed[origin]
    links = compile_links(
        service.all_links, records, batch.granules, origin, service.link_schemes, embargoed
    )
    refused = link_refusals(links.problems, batch.granules, origin)
    batch.refused = pl.concat([batch.refused, refused])
    batch.granules = batch.granules.with_columns(
        keys[origin].alias(KEY),
        digests.cast(pl.Int64)[origin].alias(DIGEST),
        links.texts.alias(LINKS),
    )
    if "datalink_url" in batch.granules.columns:
        requested = pl.when(links.counts > _MANY_LINKS).then(_request_all(pl.col("datalink_url")))
        url = requested.otherwise(pl.col("datalink_url")).alias("datalink_url")
        batch.granules = batch.granules.with_columns(url)
    batch.withheld = links.withheld


#: DaCHS marks a datalink document of 100 links or more as truncated, though it is complete, unless
#: a larger MAXREC is requested; some links are added when it is made.
_MANY_LINKS, _ALL_LINKS = 50, 100_000


def _request_all(url: pl.Expr) -> pl.Expr:
    return url.str.replace("?ID=", f"?MAXREC={_ALL_LINKS}&ID=", literal=True)


def withhold_data(batch: BatchState, run: RunSettings) -> None:
    """Remove what leads to the data of embargoed records; refuse those where that fails."""
    embargo, states = run.service.embargo, batch.embargo_states
    if embargo is None or states is None:
        return
    of_granules, granules = states.of(batch.origin), batch.granules
    addresses = pl.concat([list_addresses(granules), batch.withheld])
    batch.granules = embargo.withhold(granules, of_granules)
    leaks = find_leaks(batch.granules, of_granules.embargoed, addresses)
    for number, name in leaks.items():
        reason = "it holds an address that is under embargo"
        refused = refuse_for_reason(batch.origin[number : number + 1], name, reason)
        batch.refused = pl.concat([batch.refused, refused])


def add_content_hash(batch: BatchState, run: RunSettings) -> None:
    """Add a hash of each granule's content, by which a change is found."""
    granules, states = batch.granules, batch.embargo_states
    if states is not None:
        # Without a release, the loader sets the date.
        granules = granules.with_columns(states.release[batch.origin].alias("release_date"))
    # A date that the loader sets is no change of the granule.
    filled = [name for name in DATES if name not in run.service.given_columns]
    content = content_hash(granules.drop(*filled, KEY, DIGEST))
    batch.granules = batch.granules.with_columns(content.alias(CONTENT))


def drop_refused(batch: BatchState, run: RunSettings) -> None:
    """Drop all granules of refused records."""
    accepted = ~batch.origin.is_in(batch.refused["number"].unique().implode())
    batch.granules = batch.granules.filter(accepted)


def cluster_granules(batch: BatchState, run: RunSettings) -> None:
    """Order the granules by the columns that the service is asked by."""
    columns, granules = run.service.cluster, batch.granules
    # Of two granules with one uid, the order tells which stays.
    if columns and granules["granule_uid"].is_unique().all():
        batch.granules = granules.sort(columns, maintain_order=True)


def describe_refusals(batch: BatchState, run: RunSettings) -> None:
    """Attach its record to each refusal, after those that were refused for their cursor."""
    refused = batch.refused
    if batch.embargo_states is not None:
        refused = withhold_values(refused, batch.embargo_states.embargoed)
    described = attach_records(refused, batch.records, run.service.key)
    batch.refusals = pl.concat([batch.refusals, described])


def count_outcomes(batch: BatchState, run: RunSettings) -> None:
    """Count the refusals, and the granules beyond the first of a record."""
    counts = batch.counts
    counts.quarantined = len(batch.refusals)
    singles = len(batch.kept) - counts.folded
    counts.extra += len(batch.granules) + len(batch.refusals) - singles


#: The stages in their order.
STAGES: tuple[Stage, ...] = (
    fold_records,
    refuse_null_cursors,
    apply_mapping,
    refuse_unreadable,
    add_bib_references,
    fill_defaults,
    evaluate_embargo,
    check_rules,
    refuse_missing_processing_level,
    refuse_unmapped,
    add_tracking_columns,
    withhold_data,
    add_content_hash,
    drop_refused,
    cluster_granules,
    describe_refusals,
    count_outcomes,
)


def content_hash(granules: pl.DataFrame) -> pl.Series:
    """Hash the content of each granule, independently of versions of libraries.

    Parameters
    ----------
    granules : polars.DataFrame
        The columns that count, in any order.

    Returns
    -------
    polars.Series
        BLAKE2b of 16 bytes, in hexadecimal: PostgreSQL holds it as a uuid.
    """
    parts = [pl.col(name).cast(pl.String).fill_null("\x00") for name in sorted(granules.columns)]
    rows = granules.select(pl.concat_str(parts, separator="\x1f").cast(pl.Binary)).to_series()
    hashed = [hashlib.blake2b(row, digest_size=16).hexdigest() for row in rows.to_list()]
    return pl.Series(CONTENT, hashed, dtype=pl.String)


def _url_quoted(uid: pl.Expr) -> pl.Expr:
    """Quote a uid for a URL; almost all of them need no quoting."""
    plain = uid.str.contains(r"^[A-Za-z0-9._~-]*$")
    return pl.when(plain).then(uid).otherwise(uid.map_elements(quote, return_dtype=pl.String))
