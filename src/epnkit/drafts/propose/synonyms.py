"""Fields that mean the same, of which each record has another one."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.recognise.meanings import Candidate

#: The share of records that have a value, from which on a field needs no other next to it.
COMMON = 0.98

#: The least share of the records that another field has to add.
_ADDED = 0.01


def find_synonyms(sample: Sample, candidates: Sequence[Candidate]) -> list[Candidate]:
    """List the candidates that complete each other, the likeliest first.

    Parameters
    ----------
    sample : Sample
        The records.
    candidates : sequence of Candidate
        Fields that may have one meaning, and values of one type.

    Returns
    -------
    list of Candidate
        Each has a value where those before it have none; empty if one of the candidates has a value
        nearly everywhere, or nothing completes it.
    """
    if any(c.field.coverage >= COMMON for c in candidates):
        return []
    kept, missing = [], pl.Series([True]).new_from_index(0, len(sample.records))
    for candidate in sorted(candidates, key=lambda c: -c.score):
        given = _is_given(sample.records[candidate.field.name])
        if (missing & given).sum() > _ADDED * len(missing):
            kept.append(candidate)
            missing &= ~given
    return kept if len(kept) > 1 else []


def count_synonyms(synonyms: Sequence[Candidate], sample: Sample) -> str:
    """Say how many records have which field."""
    counts = ", ".join(f"{c.field.name} in {len(c.field.given)}" for c in synonyms)
    return f"the first that is there: {counts} of {len(sample.records)}; do they mean the same?"


def _is_given(values: pl.Series) -> pl.Series:
    present = values.is_not_null()
    return present & (values.str.strip_chars() != "") if values.dtype == pl.String else present
