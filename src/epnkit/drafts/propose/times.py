"""Proposals for the times of a granule, its steps and exposures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, first_of, joint, quotient
from epnkit.drafts.propose.durations import duration_unit
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.time_parts import propose_parts
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import OBSCORE, are_days, are_times_of_day, time_form
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

#: The share of records that have a value, from which on a field needs no other next to it.
_COMMON = 0.98

#: How many fewer records may have a value of a field that is chosen for its name.
_MUCH_LESS = 0.05

#: A second, in days.
_SECOND = 1.2e-5


def propose_times(sample: Sample) -> Iterator[Proposal]:
    """Propose time_min and time_max."""
    start = _propose_start(sample)
    if start is None:
        yield from _propose_from_names(sample)
        return
    yield start
    yield _propose_end(sample, start)


def measure_lengths(times: list[Proposal], sample: Sample) -> pl.Series | None:
    """Return how long observations took by their proposed times, in seconds; None if not known."""
    bounds = {each.columns: each for each in times}
    start, end = bounds.get(("time_min",)), bounds.get(("time_max",))
    if start is None or end is None:
        return None
    first, last = (evaluate(each.value.value, sample.records).values for each in (start, end))
    lengths: pl.Series = (last - first) * 86400.0
    return lengths


def _propose_start(sample: Sample) -> Proposal | None:
    found = [
        *_propose_times(sample, "time_min", "time_min"),
        *_propose_pairs(sample),
        *propose_parts(sample, "time_min"),
    ]
    if not found or max(each.confidence for each in found) < _BY_VALUES:
        found += _propose_times(sample, "time_mid", "time_min")
    found = found or list(_propose_any_time(sample))
    return _choose_best(found, sample) if found else None


def _propose_end(sample: Sample, start: Proposal) -> Proposal:
    found = [
        each
        for each in _propose_times(sample, "time_max", "time_max")
        if not _share_field(each, start)
    ] or [*propose_parts(sample, "time_max"), *_propose_same_day(sample, start)]
    if not found and start.confidence <= _BY_VALUES:
        found = _propose_last_time(sample, start)
    if found:
        return _choose_best(found, sample)
    for meaning in ("duration", "time_exp"):
        for candidate in find_candidates(sample, meaning):
            if len(candidate.field.numbers):
                return _propose_after(sample, start, candidate)
    return Proposal(
        ("time_max",),
        start.value,
        start.fields,
        0.55,
        "no field with an end was found: the start again",
    )


def _choose_best(found: list[Proposal], sample: Sample) -> Proposal:
    """Choose the likeliest of what most records have; cap it if another has other times."""
    covered = [(_share_given(each, sample), each) for each in found]
    most = max(share for share, _ in covered)
    common = [each for share, each in covered if share >= most - _MUCH_LESS]
    best = max(common, key=lambda each: each.confidence)
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


def _share_given(proposal: Proposal, sample: Sample) -> float:
    """Return the share of records that get a time."""
    values = evaluate(proposal.value.value, sample.records).values
    return 1.0 - float(values.null_count()) / max(len(values), 1)


def _differ(one: Proposal, other: Proposal, sample: Sample) -> bool:
    """Return whether two proposals give times that differ by more than a second somewhere."""
    times = [evaluate(each.value.value, sample.records).values for each in (one, other)]
    return bool(((times[0] - times[1]).abs() > _SECOND).any())


def _share_field(one: Proposal, other: Proposal) -> bool:
    shared = set(one.fields) & set(other.fields)
    return any(name.upper() != SCALE_NAME for name in shared)


def _propose_after(sample: Sample, start: Proposal, length: Candidate) -> Proposal:
    factor, sure = duration_unit(sample, length.field)
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
    timed = [(c, time_form(c.field)) for c in find_candidates(sample, meaning)]
    for candidate, form in timed:
        if form == "text" and are_days(candidate.field):
            found.append(_propose_day(sample, candidate, column))
        elif form is not None:
            found.append(_propose_time(sample, candidate, column, form))
    whole = [c for c, form in timed if form == "text" and not are_days(c.field)]
    return [*_propose_synonyms(sample, whole, column), *found]


def _propose_synonyms(sample: Sample, whole: list[Candidate], column: str) -> list[Proposal]:
    """Propose the first of several fields that has a value, if none has one in all records."""
    kept, missing = [], pl.Series([True]).new_from_index(0, len(sample.records))
    for candidate in sorted(whole, key=lambda c: -c.score):
        values = sample.records[candidate.field.name]
        if values.dtype == pl.String and (missing & values.is_not_null()).any():
            kept.append(candidate)
            missing &= values.is_null()
    if len(kept) < 2 or any(c.field.coverage >= _COMMON for c in whole):
        return []
    names = tuple(c.field.name for c in kept)
    counts = ", ".join(f"{c.field.name} in {len(c.field.given)}" for c in kept)
    reason = f"the first that is there: {counts} of {len(missing)}; do they mean the same?"
    made = call(julian_date, first_of(names))
    return [Proposal((column,), made, names, min(0.85, kept[-1].score), reason)]


def _propose_time(sample: Sample, candidate: Candidate, column: str, form: str) -> Proposal:
    name, scale = candidate.field.name, _find_scale(sample)
    reason = _count_times(candidate.field, form)
    if form != "text":
        made = call(julian_date, name, form=form)
        said = {"mjd"} & set(candidate.field.words) or name.lower() in OBSCORE
        if form == "modified_julian_date" and not said:
            reason = f"{reason}, by the values alone"
            return Proposal((column,), made, (name,), min(candidate.score, 0.78), reason)
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
    names = sample.fields.get("file_name")
    if names is not None and len(names.texts) and "file_name" not in sample.of_table:
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
