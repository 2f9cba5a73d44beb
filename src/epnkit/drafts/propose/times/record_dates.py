"""Proposals for when a record was made and changed, and when its data became public."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import are_ordered_days, find_date_order, time_form
from epnkit.mapping.declare import evaluate
from epnkit.mapping.times import utc_time
from epnkit.quoting import python_text
from epnkit.times import DateOrder

#: What the fields of each date mean, the likeliest meaning first.
_MEANINGS = {
    "creation_date": ("creation_date", "entry_date"),
    "modification_date": ("modification_date",),
    "release_date": ("release_date", "opening_date", "archive_date"),
}

#: All of them: what dates mean that are no times of observations.
DATE_MEANINGS = tuple(meaning for meanings in _MEANINGS.values() for meaning in meanings)

#: When the reader of files says that a file was changed, which is no date of a record.
_OF_THE_FILE = "modified"

#: The keyword of FITS with the date at which a header was written, and one that all headers have.
_OF_THE_HEADER, _IN_HEADERS = "DATE", "NAXIS"

#: How sure a date is at most: a name does not say whether the record or the data were made then.
_MOST = 0.85

#: How sure it is that what was changed was made then, if nothing says when it was made.
_UNKNOWN = 0.6

#: Dates whose year is last, and how each order is written with the year first.
_PARTS = r"^(\d\d)[/.](\d\d)[/.](\d{4})$"
_YEAR_FIRST: dict[DateOrder, str] = {"DMY": "${3}-${2}-${1}", "MDY": "${3}-${1}-${2}"}


def propose_record_dates(sample: Sample) -> Iterator[Proposal]:
    """Propose the dates of granules, which otherwise are the time of the load."""
    created, modified, released = (_find_date(sample, column) for column in _MEANINGS)
    if created is not None and modified is not None and not _are_ordered(sample, created, modified):
        modified = None
    if created is None and modified is not None:
        # Else the load would have made what was changed before (rule 62).
        reason = f"nothing says when it was made: when it was changed; {modified.reason}"
        created = replace(modified, columns=("creation_date",)).cap(_UNKNOWN, reason)
    yield from (each for each in (created, modified, released) if each is not None)


def _find_date(sample: Sample, column: str) -> Proposal | None:
    dated = [c for c in _list_candidates(sample, column) if _are_dates(c.field)]
    if not dated:
        return None
    name, score = dated[0].field.name, min(dated[0].score, _MOST)
    made = call(utc_time, _declare_day(dated[0].field))
    return Proposal((column,), made, (name,), score, "by its name")


def _list_candidates(sample: Sample, column: str) -> Iterator[Candidate]:
    """List the fields that may be a date of the record, the likeliest first."""
    for meaning in _MEANINGS[column]:
        for candidate in find_candidates(sample, meaning):
            if sample.kind != "files" or candidate.field.name != _OF_THE_FILE:
                yield candidate
    header = sample.fields.get(_OF_THE_HEADER)
    if column == "creation_date" and header is not None and _IN_HEADERS in sample.fields:
        yield Candidate(header, _MOST)


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
