"""Proposals for the times of a granule, its steps and exposures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, joint, quotient
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import are_days, are_times_of_day, time_form
from epnkit.fits.dates import DATE_NAMES, SCALE_NAME, find_clock, plain_scale
from epnkit.fits.keywords import Keywords
from epnkit.mapping.declare import evaluate
from epnkit.mapping.named_times import named_interval
from epnkit.mapping.times import (
    julian_date,
    julian_date_after,
    julian_date_in_scale,
    julian_date_not_before,
    julian_date_of_date_and_time,
    julian_date_of_pair,
)

#: How sure a column is to hold the time when only its values speak for it.
_BY_VALUES = 0.6

#: From which confidence on a second proposal for a time makes the first one uncertain.
_LIKELY = 0.85

#: The confidence of a date and a time of day whose names say start or end.
_BY_CLOCK = 0.92

#: Words that mark a time of day as one of the start, or of the end.
_SIDES = {
    "time_min": {"start", "begin", "first", "from", "min"},
    "time_max": {"end", "stop", "last", "to", "max"},
}

#: A second, in days.
_SECOND = 1.2e-5

#: Units of durations, by the words of a field's name, in seconds.
_SECONDS = {
    "ms": 1e-3,
    "msec": 1e-3,
    "us": 1e-6,
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "minutes": 60.0,
    "hours": 3600.0,
}

#: The longest step or exposure that is believed, in seconds: a year.
_LONGEST = 3.2e7

#: Names whose unit a standard gives: seconds.
_IN_SECONDS = {
    "exptime",
    "xposure",
    "texposur",
    "cadence",
    "t_exptime",
    "t_resolution",
    "telapse",
    "exposure",
    "time_exp_min",
    "time_exp_max",
    "time_sampling_step_min",
    "time_sampling_step_max",
}


def propose_times(sample: Sample) -> Iterator[Proposal]:
    """Propose time_min and time_max."""
    start = _propose_start(sample)
    if start is None:
        yield from _propose_from_names(sample)
        return
    yield start
    yield _propose_end(sample, start)


def _propose_start(sample: Sample) -> Proposal | None:
    found = [*_propose_times(sample, "time_min", "time_min"), *_propose_pairs(sample)]
    if not found or max(each.confidence for each in found) < _BY_VALUES:
        found += _propose_times(sample, "time_mid", "time_min")
    found = found or list(_propose_any_time(sample))
    return _choose_best(found, sample) if found else None


def _propose_end(sample: Sample, start: Proposal) -> Proposal:
    found = [
        each
        for each in _propose_times(sample, "time_max", "time_max")
        if not _share_field(each, start)
    ] or _propose_same_day(sample, start)
    if not found and start.confidence <= _BY_VALUES:
        found = _propose_last_time(sample, start)
    if found:
        return _choose_best(found, sample)
    for meaning in ("duration", "time_exp"):
        for candidate in find_candidates(sample, meaning):
            if len(candidate.field.numbers):
                return _propose_after(start, candidate)
    return Proposal(
        ("time_max",),
        start.value,
        start.fields,
        0.55,
        "no field with an end was found: the start again",
    )


def _choose_best(found: list[Proposal], sample: Sample) -> Proposal:
    """Choose the likeliest; cap it if another one is likely too, and has other times."""
    best = max(found, key=lambda each: each.confidence)
    rival = next(
        (
            each
            for each in found
            if each.confidence >= _LIKELY
            and each.fields != best.fields
            and _differ(each, best, sample)
        ),
        None,
    )
    if rival is None:
        return best
    return best.cap(0.75, f"{best.reason}; or is it {', '.join(rival.fields)}?")


def _differ(one: Proposal, other: Proposal, sample: Sample) -> bool:
    """Return whether two proposals give times that differ by more than a second somewhere."""
    times = [evaluate(each.value.value, sample.records).values for each in (one, other)]
    return bool(((times[0] - times[1]).abs() > _SECOND).any())


def _share_field(one: Proposal, other: Proposal) -> bool:
    shared = set(one.fields) & set(other.fields)
    return any(name.upper() != SCALE_NAME for name in shared)


def _propose_after(start: Proposal, length: Candidate) -> Proposal:
    factor, sure = _duration_unit(length.field)
    seconds: str | CodeValue = length.field.name
    if factor != 1.0:
        seconds = quotient(length.field.name, 1 / factor)
    made = call(julian_date_after, start.value, seconds)
    fields = (*start.fields, length.field.name)
    confidence = min(start.confidence, length.score - 0.05 if sure else 0.6)
    return Proposal(("time_max",), made, fields, confidence, "the start and how long it took")


def _propose_times(sample: Sample, meaning: str, column: str) -> list[Proposal]:
    """Propose the fields that mean a time and hold times."""
    found = []
    for candidate in find_candidates(sample, meaning):
        form = time_form(candidate.field)
        if form == "text" and are_days(candidate.field):
            found.append(_propose_day(sample, candidate, column))
        elif form is not None:
            found.append(_propose_time(sample, candidate, column, form))
    return found


def _propose_time(sample: Sample, candidate: Candidate, column: str, form: str) -> Proposal:
    name, scale = candidate.field.name, _find_scale(sample)
    reason = _count_times(candidate.field, form)
    if form != "text":
        made = call(julian_date, name, form=form)
    elif scale is not None:
        made = call(julian_date_in_scale, name, scale.name)
        return Proposal((column,), made, (name, scale.name), candidate.score, reason)
    else:
        made = call(julian_date, name)
    return Proposal((column,), made, (name,), candidate.score, reason)


def _find_scale(sample: Sample) -> Field | None:
    """Find the field with the time scale of a FITS header's dates, unless all are in UTC."""
    named = (field for field in sample if field.name.upper() == SCALE_NAME)
    scale = next(named, None)
    if scale is None or {plain_scale(text).upper() for text in scale.texts.unique()} <= {"UTC"}:
        return None
    return scale


def _count_times(field: Field, form: str) -> str:
    kind = "times" if form == "text" else form.replace("_", " ")
    return f"by its name; {len(field.given)} of {len(field.values)} values are {kind}"


def _propose_day(sample: Sample, day: Candidate, column: str) -> Proposal:
    """Propose a date, joined by the time of day that goes with it, where there is one."""
    clock = _find_clock(sample, day.field, column)
    if clock is None:
        made = call(julian_date, day.field.name)
        return Proposal(
            (column,), made, (day.field.name,), min(day.score, 0.75), "a day without a time of day"
        )
    scale = _find_scale(sample)
    fields: tuple[str, ...] = (day.field.name, clock.name)
    if scale is None:
        made = call(julian_date_of_date_and_time, *fields)
    else:
        made, fields = (
            call(julian_date_in_scale, joint(day.field.name, clock.name, "T"), scale.name),
            (*fields, scale.name),
        )
    is_named = set(clock.words) & _SIDES[column] or set(clock.words) == {"time"}
    score = max(day.score, _BY_CLOCK) if is_named else day.score
    return Proposal((column,), made, fields, score, "a date and a time of day")


def _find_clock(sample: Sample, day: Field, column: str) -> Field | None:
    """Find the time of day that goes with a date: by its name, by its side, or the only one."""
    rest = set(day.words) - {"date", "day"}
    clocks = [field for field in sample if are_times_of_day(field)]
    named = [field for field in clocks if set(field.words) - {"time", "utc"} == rest]
    sided = [field for field in clocks if set(field.words) & _SIDES[column]]
    if named or len(sided) == 1:
        return (named or sided)[0]
    if day.name.upper() in DATE_NAMES and column == "time_min":
        known = _find_header_clock(sample)
        if known is not None:
            return known
    return clocks[0] if len(clocks) == 1 and column == "time_min" else None


def _find_header_clock(sample: Sample) -> Field | None:
    """Find the keyword that completes the dates of most headers, as for a field of view."""
    texts = [name for name in sample.fields if sample.records[name].dtype == pl.String]
    headers = (Keywords(record) for record in sample.records.select(texts).iter_rows(named=True))
    found = Counter(name for header in headers if (name := find_clock(header)))
    names = {field.name.upper(): field for field in sample}
    return names.get(found.most_common(1)[0][0]) if found else None


def _propose_same_day(sample: Sample, start: Proposal) -> list[Proposal]:
    """Propose the end of what has one date and two times of day; it may be after midnight."""
    if len(start.fields) != 2 or not are_times_of_day(sample.fields[start.fields[1]]):
        return []
    day, first = start.fields
    ends = [
        field
        for field in sample
        if are_times_of_day(field) and field.name != first and set(field.words) & _SIDES["time_max"]
    ]
    if len(ends) != 1:
        return []
    end = call(julian_date_of_date_and_time, day, ends[0].name)
    return [
        Proposal(
            ("time_max",),
            call(julian_date_not_before, end, start.value),
            (*start.fields, ends[0].name),
            min(start.confidence, _BY_CLOCK),
            "the start's date and a time of day",
        )
    ]


def _propose_pairs(sample: Sample) -> Iterator[Proposal]:
    whole, fraction = find_candidates(sample, "jd_whole"), find_candidates(sample, "jd_fraction")
    if whole and fraction:
        names = whole[0].field.name, fraction[0].field.name
        yield Proposal(
            ("time_min",),
            call(julian_date_of_pair, *names),
            names,
            0.93,
            "the two parts of a Julian date",
        )


def _propose_any_time(sample: Sample) -> Iterator[Proposal]:
    """Propose the earliest of the fields that hold times and aren't about the record."""
    ordered = _sort_timed_fields(sample)
    if ordered:
        yield _propose_by_values("time_min", ordered[0], len(ordered))


def _propose_from_names(sample: Sample) -> Iterator[Proposal]:
    """Propose the times that stand in the names of files."""
    if any(field.name == "file_name" and len(field.texts) for field in sample):
        yield Proposal(
            ("time_min", "time_max"),
            call(named_interval, "file_name"),
            ("file_name",),
            0.6,
            "no field holds times, but the names do",
        )


def _propose_last_time(sample: Sample, start: Proposal) -> list[Proposal]:
    ordered = _sort_timed_fields(sample)
    first = sample.fields[start.fields[0]].given
    if len(ordered) < 2 or first.to_list() != ordered[0].given.to_list():
        return []
    return [_propose_by_values("time_max", ordered[-1], len(ordered))]


def _propose_by_values(column: str, field: Field, count: int) -> Proposal:
    reason = (
        "the only field that holds times" if count == 1 else f"of {count} fields of times, by order"
    )
    return Proposal((column,), call(julian_date, field.name), (field.name,), _BY_VALUES, reason)


def _sort_timed_fields(sample: Sample) -> list[Field]:
    """List the fields that hold times, earliest first; empty if their order varies."""
    about = {
        c.field.name
        for m in (
            "changed",
            "changed_too",
            "creation_date",
            "release_date",
            "granule_uid",
            "obs_id",
        )
        for c in find_candidates(sample, m)
    }
    held = {f.name: f for f in sample if f.name not in about | {"modified"} and f.complete}
    timed = {
        name: julian_date(f.given).values for name, f in held.items() if time_form(f) == "text"
    }
    different = {tuple(values): name for name, values in reversed(timed.items())}
    names = sorted(different.values(), key=lambda name: float(timed[name][0]))
    ordered = all((timed[one] <= timed[other]).all() for one, other in pairwise(names))
    return [held[name] for name in names] if ordered else []


def propose_durations(sample: Sample) -> Iterator[Proposal]:
    """Propose time_sampling_step and time_exp, both ends from one field unless there are two."""
    for quantity in ("time_sampling_step", "time_exp"):
        found = [c for c in find_candidates(sample, quantity) if len(c.field.numbers)]
        if found:
            yield from _propose_bounds(quantity, found)


def _propose_bounds(quantity: str, found: list[Candidate]) -> Iterator[Proposal]:
    for end in ("min", "max"):
        own = [c for c in found if end in c.field.words]
        chosen = (own or found)[0]
        factor, sure = _duration_unit(chosen.field)
        confidence = chosen.score if sure else min(chosen.score, 0.65)
        reason = "by its name" if sure else "by its name; in seconds?"
        if not chosen.field.numbers.is_between(0.0, _LONGEST / factor).all():
            confidence, reason = 0.3, "by its name, but some values cannot be durations"
        yield Proposal(
            (f"{quantity}_{end}",),
            quotient(chosen.field.name, 1 / factor),
            (chosen.field.name,),
            confidence,
            reason,
        )


def _duration_unit(field: Field) -> tuple[float, bool]:
    """Return the unit of a duration in seconds, and whether the name says it."""
    named = next((word for word in field.words if word in _SECONDS), None)
    if named:
        return _SECONDS[named], True
    return 1.0, field.name.lower().rsplit(".", 1)[-1].replace("-", "_") in _IN_SECONDS
