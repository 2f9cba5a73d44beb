"""Proposals for the times of a granule, its steps and exposures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import Made, computed, divided
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, candidates
from epnkit.drafts.recognise.values import are_days, are_times_of_day, time_form
from epnkit.mapping.declare import evaluate
from epnkit.mapping.named_times import named_interval
from epnkit.mapping.times import (
    julian_date,
    julian_date_after,
    julian_date_not_before,
    julian_date_of_date_and_time,
    julian_date_of_pair,
)

#: How sure a column is to hold the time when only its values speak for it.
_BY_VALUES = 0.6

#: How sure a second proposal for a time has to be, to cast a doubt on the first.
_LIKELY = 0.85

#: How sure a date and a time of day are whose names tell the start or the end.
_BY_CLOCK = 0.92

#: What tells a time of day of the start from one of the end.
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


def times(sample: Sample) -> Iterator[Proposal]:
    """Propose time_min and time_max."""
    start = _start(sample)
    if start is None:
        yield from _of_names(sample)
        return
    yield start
    yield _end(sample, start)


def _start(sample: Sample) -> Proposal | None:
    found = [*_moments(sample, "time_min", "time_min"), *_pairs(sample)]
    if not found or max(each.confidence for each in found) < _BY_VALUES:
        found += _moments(sample, "time_mid", "time_min")
    found = found or list(_any_time(sample))
    return _best(found, sample) if found else None


def _end(sample: Sample, start: Proposal) -> Proposal:
    found = [
        each for each in _moments(sample, "time_max", "time_max") if not _same_name(each, start)
    ] or _same_day(sample, start)
    if not found and start.confidence <= _BY_VALUES:
        found = _last_time(sample, start)
    if found:
        return _best(found, sample)
    for meaning in ("duration", "time_exp"):
        for candidate in candidates(sample, meaning):
            if len(candidate.field.numbers):
                return _after(start, candidate)
    return Proposal(
        ("time_max",),
        start.made,
        start.fields,
        0.55,
        "no field with an end was found: the start again",
    )


def _best(found: list[Proposal], sample: Sample) -> Proposal:
    """Choose the likeliest; where another one is likely too, and of other times, doubt it."""
    best = max(found, key=lambda each: each.confidence)
    rival = next(
        (
            each
            for each in found
            if each.confidence >= _LIKELY
            and each.fields != best.fields
            and _apart(each, best, sample)
        ),
        None,
    )
    if rival is None:
        return best
    return best.doubted(0.75, f"{best.reason}; or is it {', '.join(rival.fields)}?")


def _apart(one: Proposal, other: Proposal, sample: Sample) -> bool:
    """Tell whether two proposals give times that differ by more than a second somewhere."""
    times = [evaluate(each.made.value, sample.records).values for each in (one, other)]
    return bool(((times[0] - times[1]).abs() > _SECOND).any())


def _same_name(one: Proposal, other: Proposal) -> bool:
    return bool(set(one.fields) & set(other.fields))


def _after(start: Proposal, length: Candidate) -> Proposal:
    factor, sure = _unit(length.field)
    seconds: str | Made = length.field.name
    if factor != 1.0:
        seconds = divided(length.field.name, 1 / factor)
    made = computed(julian_date_after, start.made, seconds)
    fields = (*start.fields, length.field.name)
    confidence = min(start.confidence, length.score - 0.05 if sure else 0.6)
    return Proposal(("time_max",), made, fields, confidence, "the start and how long it took")


def _moments(sample: Sample, meaning: str, column: str) -> list[Proposal]:
    """Propose the fields that mean a time and hold times."""
    found = []
    for candidate in candidates(sample, meaning):
        form = time_form(candidate.field)
        if form == "text" and are_days(candidate.field):
            found.append(_of_day(sample, candidate, column))
        elif form is not None:
            found.append(_of_moment(candidate, column, form))
    return found


def _of_moment(candidate: Candidate, column: str, form: str) -> Proposal:
    name = candidate.field.name
    made = computed(julian_date, name) if form == "text" else computed(julian_date, name, form=form)
    return Proposal((column,), made, (name,), candidate.score, _told(candidate.field, form))


def _told(field: Field, form: str) -> str:
    kind = "times" if form == "text" else form.replace("_", " ")
    return f"by its name; {len(field.given)} of {len(field.values)} values are {kind}"


def _of_day(sample: Sample, day: Candidate, column: str) -> Proposal:
    """Propose a date, joined by the time of day that goes with it, where there is one."""
    clock = _clock(sample, day.field, column)
    if clock is None:
        made = computed(julian_date, day.field.name)
        return Proposal(
            (column,), made, (day.field.name,), min(day.score, 0.75), "a day without a time of day"
        )
    made = computed(julian_date_of_date_and_time, day.field.name, clock.name)
    told = set(clock.words) & _SIDES[column] or set(clock.words) == {"time"}
    return Proposal(
        (column,),
        made,
        (day.field.name, clock.name),
        max(day.score, _BY_CLOCK) if told else day.score,
        "a date and a time of day",
    )


def _clock(sample: Sample, day: Field, column: str) -> Field | None:
    """Find the time of day that goes with a date: by its name, by its side, or the only one."""
    rest = set(day.words) - {"date", "day"}
    clocks = [field for field in sample if are_times_of_day(field)]
    named = [field for field in clocks if set(field.words) - {"time", "utc"} == rest]
    sided = [field for field in clocks if set(field.words) & _SIDES[column]]
    if named or len(sided) == 1:
        return (named or sided)[0]
    return clocks[0] if len(clocks) == 1 and column == "time_min" else None


def _same_day(sample: Sample, start: Proposal) -> list[Proposal]:
    """Propose the end of what has one date and two times of day; it may be after midnight."""
    if len(start.fields) == 1 or not are_times_of_day(sample.fields[start.fields[1]]):
        return []
    day, begun = start.fields
    ends = [
        field
        for field in sample
        if are_times_of_day(field) and field.name != begun and set(field.words) & _SIDES["time_max"]
    ]
    if len(ends) != 1:
        return []
    end = computed(julian_date_of_date_and_time, day, ends[0].name)
    return [
        Proposal(
            ("time_max",),
            computed(julian_date_not_before, end, start.made),
            (*start.fields, ends[0].name),
            min(start.confidence, _BY_CLOCK),
            "the start's date and a time of day",
        )
    ]


def _pairs(sample: Sample) -> Iterator[Proposal]:
    whole, fraction = candidates(sample, "jd_whole"), candidates(sample, "jd_fraction")
    if whole and fraction:
        names = whole[0].field.name, fraction[0].field.name
        yield Proposal(
            ("time_min",),
            computed(julian_date_of_pair, *names),
            names,
            0.93,
            "the two parts of a Julian date",
        )


def _any_time(sample: Sample) -> Iterator[Proposal]:
    """Propose the earliest of the fields that hold times and aren't about the record."""
    ordered = _in_order(sample)
    if ordered:
        yield _by_values("time_min", ordered[0], len(ordered))


def _of_names(sample: Sample) -> Iterator[Proposal]:
    """Propose the times that stand in the names of files."""
    names = sample.fields.get("file_name")
    if names is not None and len(names.texts):
        yield Proposal(
            ("time_min", "time_max"),
            computed(named_interval, "file_name"),
            ("file_name",),
            0.6,
            "no field holds times, but the names do",
        )


def _last_time(sample: Sample, start: Proposal) -> list[Proposal]:
    ordered = _in_order(sample)
    begun = sample.fields[start.fields[0]].given
    if len(ordered) < 2 or begun.to_list() != ordered[0].given.to_list():
        return []
    return [_by_values("time_max", ordered[-1], len(ordered))]


def _by_values(column: str, field: Field, count: int) -> Proposal:
    reason = (
        "the only field that holds times" if count == 1 else f"of {count} fields of times, by order"
    )
    return Proposal((column,), computed(julian_date, field.name), (field.name,), _BY_VALUES, reason)


def _in_order(sample: Sample) -> list[Field]:
    """List the fields that hold times, earliest first; empty where their order varies."""
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
        for c in candidates(sample, m)
    }
    held = {f.name: f for f in sample if f.name not in about | {"modified"} and f.complete}
    timed = {
        name: julian_date(f.given).values for name, f in held.items() if time_form(f) == "text"
    }
    different = {tuple(values): name for name, values in reversed(timed.items())}
    names = sorted(different.values(), key=lambda name: float(timed[name][0]))
    kept = all((timed[one] <= timed[other]).all() for one, other in pairwise(names))
    return [held[name] for name in names] if kept else []


def durations(sample: Sample) -> Iterator[Proposal]:
    """Propose time_sampling_step and time_exp, both ends from one field unless there are two."""
    for quantity in ("time_sampling_step", "time_exp"):
        found = [c for c in candidates(sample, quantity) if len(c.field.numbers)]
        if found:
            yield from _both_ends(quantity, found)


def _both_ends(quantity: str, found: list[Candidate]) -> Iterator[Proposal]:
    for end in ("min", "max"):
        own = [c for c in found if end in c.field.words]
        chosen = (own or found)[0]
        factor, sure = _unit(chosen.field)
        confidence = chosen.score if sure else min(chosen.score, 0.65)
        reason = "by its name" if sure else "by its name; in seconds?"
        if not chosen.field.numbers.is_between(0.0, _LONGEST / factor).all():
            confidence, reason = 0.3, "by its name, but some values cannot be durations"
        yield Proposal(
            (f"{quantity}_{end}",),
            divided(chosen.field.name, 1 / factor),
            (chosen.field.name,),
            confidence,
            reason,
        )


def _unit(field: Field) -> tuple[float, bool]:
    """Give the unit of a duration in seconds, and whether the name tells it."""
    named = next((word for word in field.words if word in _SECONDS), None)
    if named:
        return _SECONDS[named], True
    return 1.0, field.name.lower().rsplit(".", 1)[-1].replace("-", "_") in _IN_SECONDS
