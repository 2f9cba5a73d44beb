"""Proposals of fields that hold times, in whatever form they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import (
    CodeValue,
    call,
    first_of,
    first_value,
    numbers_of,
    with_clock,
)
from epnkit.drafts.propose.code import column as as_column
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.synonyms import COMMON, count_synonyms, find_synonyms
from epnkit.drafts.propose.times.clocks import (
    find_clock_of,
    find_scale,
    is_clock_named_after,
    propose_day,
)
from epnkit.drafts.propose.times.record_dates import DATE_MEANINGS
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import (
    OBSCORE,
    are_days,
    are_ordered_days,
    find_date_order,
    share_matching,
    time_form,
)
from epnkit.fits.dates import DATE_NAMES
from epnkit.mapping.times import julian_date, julian_date_in_scale
from epnkit.times import DateOrder

#: A date without a time of day.
_DAY = r"^\d{4}[-/.]\d{2}[-/.]\d{2}$"

#: From when on a name is that of a date of the record.
_OF_RECORD = 0.85

#: How sure dates are whose year is last.
_ORDERED = 0.85

#: What the names of fields mean that say start or end alone.
_SIDED = {"time_min": "time_of_side_start", "time_max": "time_of_side_end"}


def propose_timed_fields(sample: Sample, meaning: str, column: str) -> list[Proposal]:
    """Propose the fields that mean a time and hold times.

    Parameters
    ----------
    sample : Sample
        The records.
    meaning : str
        What the fields are to mean.
    column : str
        ``time_min`` or ``time_max``.
    """
    of_record = _list_record_dates(sample)
    found = [(c, time_form(c.field)) for c in find_candidates(sample, meaning)]
    found += _list_sided(sample, meaning) if not any(form for _, form in found) else []
    timed = [(c, form) for c, form in found if c.field.name not in of_record]
    single = [each for c, _ in timed for each in propose_timed_field(sample, c, column)]
    whole = [
        c
        for c, form in timed
        if form == "text"
        and (not are_days(c.field) or (column == "time_min" and _is_completed(sample, c.field)))
    ]
    return [*_propose_synonyms(sample, whole, column), *single]


def _list_record_dates(sample: Sample) -> set[str]:
    """List the fields that are dates of the record by their names, whatever is said of them."""
    found = (c for meaning in ("changed", *DATE_MEANINGS) for c in find_candidates(sample, meaning))
    return {c.field.name for c in found if c.score >= _OF_RECORD}


def propose_timed_field(sample: Sample, candidate: Candidate, column: str) -> Iterator[Proposal]:
    """Propose a field if it holds times, in whatever form they are.

    Parameters
    ----------
    sample : Sample
        The records.
    candidate : Candidate
        The field, and how sure its meaning is.
    column : str
        ``time_min`` or ``time_max``.
    """
    field, form = candidate.field, time_form(candidate.field)
    if (form == "text" and are_days(field)) or are_ordered_days(field):
        yield propose_day(sample, candidate, column)
    elif form is not None:
        yield _propose_time(sample, candidate, column, form)
    elif order := find_date_order(field):
        yield _propose_ordered(candidate, column, order)


def _propose_ordered(candidate: Candidate, column: str, order: DateOrder) -> Proposal:
    """Propose times whose year comes after the day and the month; values show which is first."""
    made = call(julian_date, candidate.field.name, order=order)
    score = min(candidate.score, _ORDERED)
    reason = f"by its name; {order}, since a number above 12 is a day"
    return Proposal((column,), made, (candidate.field.name,), score, reason)


def _list_sided(sample: Sample, meaning: str) -> list[tuple[Candidate, Any]]:
    """List the fields that hold times, and of which a name says nothing but start or end."""
    if meaning not in _SIDED:
        return []
    found = [(c, time_form(c.field)) for c in find_candidates(sample, _SIDED[meaning])]
    kinds = {"text", "julian_date"}  # other numbers may be anything
    return [(c, form) for c, form in found if form in kinds]


def _propose_synonyms(sample: Sample, whole: list[Candidate], column: str) -> list[Proposal]:
    """Propose the first of several fields that has a value, if none has one in all records."""
    texts = [c for c in whole if c.field.given.dtype == pl.String]
    # A time of day comes before a day alone, where a record has both.
    kept = sorted(find_synonyms(sample, texts), key=lambda c: _share_of_days(c.field))
    if not kept or any(c.field.coverage >= COMMON for c in whole):
        return []
    made, names = _join_texts(sample, [c.field for c in kept], column)
    score, reason = min(0.85, *(c.score for c in kept)), count_synonyms(kept, sample)
    return [Proposal((column,), call(julian_date, made), names, score, reason)]


def _join_texts(
    sample: Sample, fields: list[Field], column: str
) -> tuple[CodeValue, tuple[str, ...]]:
    """Declare the first of several texts; one that is a date has the time of day of the header."""
    names = tuple(field.name for field in fields)
    clocks = {f.name: find_clock_of(sample, f.name) for f in fields if _share_of_days(f)}
    known = {day: clock.name for day, clock in clocks.items() if clock is not None}
    if column != "time_min" or not known:
        return first_of(names) if len(names) > 1 else as_column(names[0]), names
    timed = [with_clock(n, known[n]) if n in known else as_column(n) for n in names]
    return first_value(timed), (*names, *dict.fromkeys(known.values()))


def _is_completed(sample: Sample, day: Field) -> bool:
    """Return whether each date of a header has its time of day in another keyword of it."""
    clock = find_clock_of(sample, day.name)
    if clock is None:
        return False
    if day.name.upper() not in DATE_NAMES and not is_clock_named_after(clock, day.name):
        return False
    return bool(sample.records[clock.name].is_not_null().filter(day.values.is_not_null()).all())


def _share_of_days(field: Field) -> float:
    """Return how many of the texts are dates without a time of day."""
    return share_matching(field.texts, _DAY)


def _propose_time(sample: Sample, candidate: Candidate, column: str, form: str) -> Proposal:
    name, scale = candidate.field.name, find_scale(sample)
    reason = _count_times(candidate.field, form)
    if form != "text":
        made = call(julian_date, numbers_of(candidate.field), form=form)
        said = {"mjd"} & set(candidate.field.words) or name.lower() in OBSCORE
        if form == "modified_julian_date" and not said:
            reason = f"{reason}, by the values alone"
            return Proposal((column,), made, (name,), min(candidate.score, 0.78), reason)
    elif scale is not None:
        made = call(julian_date_in_scale, name, scale.name)
        return Proposal((column,), made, (name, scale.name), candidate.score, reason)
    else:
        text, names = _join_texts(sample, [candidate.field], column)
        made = call(julian_date, name if len(names) == 1 else text)
        return Proposal((column,), made, names, candidate.score, reason)
    return Proposal((column,), made, (name,), candidate.score, reason)


def _count_times(field: Field, form: str) -> str:
    kind = "times" if form == "text" else form.replace("_", " ")
    return f"by its name; {len(field.given)} of {len(field.values)} values are {kind}"
