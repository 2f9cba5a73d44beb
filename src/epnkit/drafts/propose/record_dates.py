"""Proposals for when a record was made and changed, and when its data became public."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.drafts.recognise.values import are_ordered_days, find_date_order, time_form
from epnkit.mapping.declare import evaluate
from epnkit.mapping.times import utc_time
from epnkit.quoting import python_text
from epnkit.times import DateOrder

_COLUMNS = ("creation_date", "release_date")

#: When the reader of files says that a file was changed, which is no date of a record.
_OF_THE_FILE = frozenset(["modified"])

#: How sure a date is at most: a name does not say whether the record or the data were made then.
_MOST = 0.85

#: Dates whose year is last, and how each order is written with the year first.
_PARTS = r"^(\d\d)[/.](\d\d)[/.](\d{4})$"
_YEAR_FIRST: dict[DateOrder, str] = {"DMY": "${3}-${2}-${1}", "MDY": "${3}-${1}-${2}"}


def propose_record_dates(sample: Sample) -> Iterator[Proposal]:
    """Propose the dates of granules, which otherwise are the time of the load."""
    found = {column: _find_date(sample, column, column) for column in _COLUMNS}
    created, modified = found["creation_date"], _find_date(sample, "changed", "modification_date")
    # Without a date of creation that is the load's, and nothing was changed before it was made.
    if created is not None and modified is not None and _are_ordered(sample, created, modified):
        found["modification_date"] = modified
    yield from (proposal for proposal in found.values() if proposal is not None)


def _find_date(sample: Sample, meaning: str, column: str) -> Proposal | None:
    dated = [c for c in find_candidates(sample, meaning) if _are_dates(c.field)]
    if not dated or dated[0].field.name in _OF_THE_FILE:
        return None
    name, score = dated[0].field.name, min(dated[0].score, _MOST)
    made = call(utc_time, _declare_day(dated[0].field))
    return Proposal((column,), made, (name,), score, "by its name")


def _are_ordered(sample: Sample, created: Proposal, modified: Proposal) -> bool:
    """Return whether no record was changed before it was made."""
    made, changed = (
        evaluate(each.value.value, sample.records).values for each in (created, modified)
    )
    return bool((made <= changed).all())


def _are_dates(field: Field) -> bool:
    """Return whether every record has a date whose order is known."""
    if not field.complete:
        return False
    written = field.texts.str.contains(_PARTS).any() if len(field.texts) else False
    return are_ordered_days(field) if written else time_form(field) == "text"


def _declare_day(field: Field) -> str | CodeValue:
    """Declare a date with the year first."""
    order = find_date_order(field)
    if order is None:
        return field.name
    marks = _PARTS, _YEAR_FIRST[order]
    code = f"pl.col({python_text(field.name)}).str.replace({', '.join(map(python_text, marks))})"
    return CodeValue(pl.col(field.name).str.replace(*marks), code)
