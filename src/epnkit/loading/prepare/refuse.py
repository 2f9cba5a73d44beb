"""Building the refusals of a batch."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import polars as pl
from polars import selectors

from epnkit.epncore import rules
from epnkit.loading.prepare.columns import CONTENT, KEY, NUMBERED_REFUSAL, REFUSAL
from epnkit.loading.prepare.packing import record_keys
from epnkit.mapping.declare import MappingResult
from epnkit.service import Service
from epnkit.sources.base import SOURCE_DIGEST, UNREADABLE, WHOLE
from epnkit.sources.values.unreadable import split_problems


def refuse_for_reason(numbers: pl.Series, field: str, reason: str) -> pl.DataFrame:
    """Refuse records for one reason.

    Parameters
    ----------
    numbers : polars.Series
        The records' positions in their batch.
    field : str
        The field at fault; empty if none is.
    reason : str
        What is wrong.

    Returns
    -------
    polars.DataFrame
        As :data:`~epnkit.loading.prepare.columns.NUMBERED_REFUSAL`.
    """
    count = len(numbers)
    return pl.DataFrame(
        {
            "number": numbers,
            "granule_uid": [None] * count,
            "rule": [None] * count,
            "field": [field] * count,
            "reason": [reason] * count,
        },
        schema=NUMBERED_REFUSAL,
    )


def unreadable_refusals(problems: pl.Series, fields: Collection[str]) -> pl.DataFrame:
    """Refuse the records with an unreadable value in a field that is needed.

    Parameters
    ----------
    problems : polars.Series
        The column :data:`~epnkit.sources.base.UNREADABLE` of the records.
    fields : collection of str
        The fields that the service reads.

    Returns
    -------
    polars.DataFrame
        As :data:`~epnkit.loading.prepare.columns.NUMBERED_REFUSAL`, with the first problem of each.
    """
    rows = []
    for number, text in enumerate(problems):
        found = split_problems(text or "")
        needed = [(field, why) for field, why in found if field in fields or field == WHOLE]
        if needed:
            field, why = needed[0]
            rows.append((number, None, None, "" if field == WHOLE else field, why))
    return pl.DataFrame(rows, schema=NUMBERED_REFUSAL, orient="row")


def mapping_refusals(mapped: MappingResult) -> pl.DataFrame:
    """Return the records that the mapping itself refused."""
    return mapped.refusals.select(
        pl.col("record").alias("number"),
        pl.lit(None, pl.String).alias("granule_uid"),
        "rule",
        pl.col("column").alias("field"),
        "reason",
    )


def check_granules(granules: pl.DataFrame, service: Service) -> pl.DataFrame:
    """Check granules of a service by all rules.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules, in EPNcore's columns.
    service : Service
        Whose granules they are.

    Returns
    -------
    polars.DataFrame
        As :data:`epnkit.epncore.rules.FINDINGS`.
    """
    return rules.check_rows(
        granules,
        service=service.name,
        frame=service.frame,
        extra=service.mapping.described_columns,
        schemes=service.link_schemes,
    )


def rule_refusals(granules: pl.DataFrame, origin: pl.Series, service: Service) -> pl.DataFrame:
    """Return the granules that break a rule which a load enforces.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules.
    origin : polars.Series
        For each granule the number of its record.
    service : Service
        Whose granules they are.
    """
    found = check_granules(granules, service)
    enforced = found.filter(pl.col("rule").is_in(sorted(rules.ENFORCED)))
    rows = enforced["row"]
    shown = pl.when(pl.col("value") != "").then(": " + pl.col("value")).otherwise(pl.lit(""))
    reason = enforced.select(pl.concat_str("message", shown)).to_series()
    return pl.DataFrame(
        {
            "number": origin[rows],
            "granule_uid": granules["granule_uid"].cast(pl.String)[rows],
            "rule": enforced["rule"].cast(pl.Int32),
            "field": enforced["column"],
            "reason": reason,
        }
    ).cast(NUMBERED_REFUSAL)


def withhold_values(refused: pl.DataFrame, embargoed: pl.Series) -> pl.DataFrame:
    """Remove values from the reasons of records under embargo, since reasons are logged.

    Parameters
    ----------
    refused : polars.DataFrame
        As :data:`~epnkit.loading.prepare.columns.NUMBERED_REFUSAL`.
    embargoed : polars.Series
        For each record of the batch whether it is under embargo.
    """
    split = pl.col("reason").str.splitn(": ", 2)
    what, value = split.struct[0], split.struct[1]
    short = pl.when(value.is_not_null()).then(what + " (the value is under embargo)")
    hidden = pl.lit(embargoed[refused["number"]])
    masked = pl.when(hidden).then(short.otherwise("reason")).otherwise("reason")
    return refused.with_columns(masked.alias("reason"))


def link_refusals(
    problems: pl.DataFrame, granules: pl.DataFrame, origin: pl.Series
) -> pl.DataFrame:
    """Return the granules with a link that breaks a rule.

    Parameters
    ----------
    problems : polars.DataFrame
        As :class:`~epnkit.datalink.links.CompiledLinks` has them.
    granules : polars.DataFrame
        The granules.
    origin : polars.Series
        For each granule the number of its record.
    """
    rows = problems["granule"]
    return problems.select(
        number=origin[rows],
        granule_uid=granules["granule_uid"].cast(pl.String)[rows],
        rule="rule",
        field=pl.lit("links"),
        reason="reason",
    ).cast(NUMBERED_REFUSAL)


def unmapped_refusals(records: int, origin: pl.Series, refused: pl.DataFrame) -> pl.DataFrame:
    """Refuse the records of which the mapping made no product, so that none is lost silently.

    Parameters
    ----------
    records : int
        How many records the batch has.
    origin : polars.Series
        For each granule the number of its record.
    refused : polars.DataFrame
        The refusals so far.
    """
    numbers = pl.int_range(records, dtype=pl.UInt32, eager=True)
    handled = numbers.is_in(origin.implode()) | numbers.is_in(refused["number"].implode())
    return refuse_for_reason(
        numbers.filter(~handled), "", "no product of the mapping is made of it"
    )


def attach_records(
    refused: pl.DataFrame, records: pl.DataFrame, key: tuple[str, ...]
) -> pl.DataFrame:
    """Join its record to each refusal; of several refusals of a record, keep the first.

    Parameters
    ----------
    refused : polars.DataFrame
        Refusals by the number of their record.
    records : polars.DataFrame
        The records.
    key : tuple of str
        The fields that identify a record.

    Returns
    -------
    polars.DataFrame
        As :data:`~epnkit.loading.prepare.columns.REFUSAL`.
    """
    first = refused.unique("number", keep="first", maintain_order=True)
    chosen = records[first["number"]].drop(SOURCE_DIGEST, UNREADABLE, strict=False)
    as_json = [json.dumps(row, default=_as_text, ensure_ascii=False) for row in _to_dicts(chosen)]
    return first.select(
        record_keys(chosen, key).alias("record_key"),
        "granule_uid",
        "rule",
        "field",
        "reason",
        pl.Series("record", as_json, dtype=pl.String),
    ).cast(REFUSAL)


def _to_dicts(records: pl.DataFrame) -> list[dict[str, Any]]:
    try:
        return records.to_dicts()
    except ValueError:  # Python has no dates beyond the year 9999
        return records.with_columns(selectors.temporal().cast(pl.String)).to_dicts()


def _as_text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def describe_database_refusal(problem: str) -> str:
    """Write the reason of a refusal by PostgreSQL."""
    return f"PostgreSQL refuses it: {problem}"


def database_refusals(granules: pl.DataFrame, refused: list[tuple[int, str]]) -> pl.DataFrame:
    """Return the refusals of granules by PostgreSQL, for the quarantine.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules of a batch.
    refused : list of (int, str)
        The number of each refused one, and PostgreSQL's reason.
    """
    rows = granules[[number for number, _ in refused]]
    return pl.DataFrame(
        {
            "record_key": rows[KEY],
            "granule_uid": rows["granule_uid"],
            "rule": [None] * len(rows),
            "field": [None] * len(rows),
            "reason": [describe_database_refusal(problem) for _, problem in refused],
            "record": [row.drop(CONTENT).write_ndjson().strip() for row in rows.iter_slices(1)],
        },
        schema=REFUSAL,
    )


#: The reason of a refusal if the granule_uid belongs to another record (False), or to the same one
#: in a later version (True).
_DUPLICATE_UID = {
    False: "another record has the same granule_uid; if that record is gone from the source, run"
    " epnkit reconcile; if the service's key was changed, epnkit load --full",
    True: "the source gave this record twice with different content, and the later one is in the"
    " table: it changed while it was read, or its key or granule_uid is not unique",
}


def duplicate_uid_refusals(duplicates: Iterable[tuple[str, str, str, bool]]) -> pl.DataFrame:
    """Return the refusals of granules whose uid belongs to another one, for the quarantine.

    Parameters
    ----------
    duplicates : iterable of (str, str, str, bool)
        ``granule_uid``, the record's key, the granule in JSON, and whether the same record has the
        uid, in a later version.
    """
    rows = [
        (key, uid, 30, "granule_uid", _DUPLICATE_UID[own], granule)
        for uid, key, granule, own in duplicates
    ]
    return pl.DataFrame(rows, schema=REFUSAL, orient="row")
