"""Proposals for the times of a granule, its steps and exposures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import (
    call,
    first_value,
    join_texts,
    numbers_of,
    where_missing,
    with_clock,
)
from epnkit.drafts.propose.code import column as as_column
from epnkit.drafts.propose.common import keep_common
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.synonyms import COMMON, find_synonyms
from epnkit.drafts.propose.times.clocks import (
    find_clock_of,
    find_sided_clock,
    propose_day,
    propose_same_day,
    wrap_midnight,
)
from epnkit.drafts.propose.times.durations import Seconds, find_timed_spans, read_seconds
from epnkit.drafts.propose.times.epochs import propose_epochs
from epnkit.drafts.propose.times.fields import propose_timed_field, propose_timed_fields
from epnkit.drafts.propose.times.parts import propose_day_fractions, propose_parts
from epnkit.drafts.propose.times.record_dates import DATE_MEANINGS
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import are_days, are_durations, are_times_of_day, time_form
from epnkit.fits.dates import SCALE_NAME
from epnkit.mapping.declare import evaluate
from epnkit.mapping.named_times import named_interval
from epnkit.mapping.times import (
    julian_date,
    julian_date_after,
    julian_date_not_before,
    julian_date_of_pair,
)

#: How sure a column is to hold the time when only its values speak for it.
_BY_VALUES = 0.6

#: From which confidence on a second proposal for a time makes the first one uncertain.
_LIKELY = 0.85

#: How many fewer records may have a value of a field that is chosen for its name.
_MUCH_LESS = 0.05

#: The words of ends, for those of starts.
_OPPOSITES = (
    {"first": "last", "start": "end", "begin": "end", "from": "to", "onset": "end"},
    {"start": "stop", "begin": "stop", "open": "closes", "opens": "closes"},
)

#: The share of ends that may be before the start, and the most days that observations mostly take.
_EARLY, _LONGEST = 0.05, 1000.0

#: How sure an end is that is the start and a duration where there is no other.
_COMPLETED = 0.82

#: The most days that observations mostly take of which no name says that they end.
_SHORT = 30.0

#: How sure a day and a time of day are at most of which no name says that they are a start.
_OF_DAY = 0.78

#: How sure an end is at most that is named like the start.
_MIRRORED = 0.88

#: How many characters a date without a time of day has.
_DAY_LETTERS = 10

#: From how many records on it is no chance that a time is the same in all; how sure it is then.
_ENOUGH, _CONSTANT = 10, 0.3

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
        *propose_timed_fields(sample, "time_min", "time_min"),
        *_propose_pairs(sample),
        *propose_parts(sample, "time_min"),
        *propose_day_fractions(sample, "time_min"),
        *propose_epochs(sample, "time_min"),
    ]
    if not found or max(each.confidence for each in found) < _BY_VALUES:
        found += propose_timed_fields(sample, "time_mid", "time_min")
    found = found or list(_propose_any_time(sample))
    return _choose_best(found, sample) if found else None


def _propose_end(sample: Sample, start: Proposal) -> Proposal:
    found = [
        each
        for each in propose_timed_fields(sample, "time_max", "time_max")
        if not _share_field(each, start) and _may_end(each, start, sample)
    ]
    found += [
        each
        for each in propose_epochs(sample, "time_max")
        if not _share_field(each, start) and _may_end(each, start, sample)
    ]
    found = found or _propose_counterpart(sample, start)
    if not found:
        of_parts = [*propose_parts(sample, "time_max"), *propose_same_day(sample, start)]
        found = [wrap_midnight(each, start, sample) for each in of_parts]
    if not found and start.confidence <= _BY_VALUES:
        found = _propose_last_time(sample, start)
    if found:
        return _complete_end(_choose_best(found, sample), start, sample)
    lengths = [c for m in ("duration", "time_exp") for c in find_candidates(sample, m)]
    for candidate in [*lengths, *find_timed_spans(sample, "duration_bare")]:
        if len(candidate.field.numbers) or are_durations(candidate.field):
            return _propose_after(sample, start, candidate)
    return Proposal(
        ("time_max",),
        start.value,
        start.fields,
        0.55,
        "no field with an end was found: the start again",
    )


def _propose_counterpart(sample: Sample, start: Proposal) -> list[Proposal]:
    """Propose the field that is named like that of the start, but for the other end."""
    first = sample.fields[start.fields[0]]
    others = {
        tuple(opposite.get(word, word) for word in first.words) for opposite in _OPPOSITES
    } - {first.words}
    score = min(start.confidence, _MIRRORED)
    found = [
        each
        for field in sample
        if field.words in others and field.context == first.context
        for each in propose_timed_field(sample, Candidate(field, score), "time_max")
    ]
    return [each for each in found if _may_end(each, start, sample)]


def _may_end(end: Proposal, start: Proposal, sample: Sample, longest: float = _LONGEST) -> bool:
    """Return whether times may be the ends of what began then: not before, and not years later."""
    first, last = (evaluate(p.value.value, sample.records).values for p in (start, end))
    days = (last - first).drop_nulls()
    before = float((days < -_SECOND).mean() or 0.0)
    median = days.median()
    return before <= _EARLY and (not isinstance(median, float) or median <= longest)


def _complete_end(end: Proposal, start: Proposal, sample: Sample) -> Proposal:
    """Take the start where there is no end, if both are texts of times and ends are missing."""
    clocks = [name for name in start.fields if are_times_of_day(sample.fields[name])]
    texts = [name for name in (*end.fields, *start.fields) if name not in clocks]
    plain = all(
        time_form(sample.fields[n]) == "text"
        and (not are_days(sample.fields[n]) or (clocks and _are_short(sample.records[n])))
        for n in texts
    )
    same = len({sample.records[name].dtype for name in texts}) == 1
    missing = 1.0 - _share_given(end, sample)
    best_start = _share_given(start, sample) >= COMMON - missing
    if missing <= 1.0 - COMMON or not (plain and same and best_start):
        return end
    later = _find_end_of_day(sample, end, texts)
    ends = [as_column(name) for name in end.fields]
    ends += [] if later is None else [join_texts(*later, "T")]
    starts = [
        with_clock(n, _choose_clock(sample, n, clocks)) if clocks else as_column(n)
        for n in texts
        if n in start.fields
    ]
    made = call(julian_date, first_value([*ends, *starts]))
    if later is not None:
        made = call(julian_date_not_before, made, start.value)
    names = tuple(dict.fromkeys((*texts, *clocks, *(later or ()))))
    told = (*end.fields, *(later or ())[1:])
    length = _find_length(sample, told)
    if length is None:
        reason = f"{missing:.0%} have no end: the start instead; {end.reason}"
        return Proposal(("time_max",), made, names, min(end.confidence, 0.7), reason)
    lasted = where_missing(told, length.value)
    made, names = call(julian_date_after, made, lasted), (*names, *length.fields)
    listed = " or ".join(length.fields)
    reason = f"{missing:.0%} have no end: the start and {listed} instead; {end.reason}"
    return Proposal(("time_max",), made, names, min(end.confidence, _COMPLETED), reason)


def _choose_clock(sample: Sample, day: str, clocks: list[str]) -> str:
    """Return the time of day of a date: its own, or the first."""
    own = find_clock_of(sample, day)
    return own.name if own is not None and own.name in clocks else clocks[0]


def _find_end_of_day(sample: Sample, end: Proposal, texts: list[str]) -> tuple[str, str] | None:
    """Find a date and a time of day that say the end of records which have no other."""
    clock = find_sided_clock(sample, "time_max")
    if clock is None or not are_times_of_day(clock):
        return None
    without = sample.records.filter(_lack(end.fields))
    days = (name for name in texts if name not in end.fields)
    short = (name for name in days if _are_days_with(without, name, clock.name))
    return next(((name, clock.name) for name in short), None)


def _are_days_with(records: pl.DataFrame, day: str, clock: str) -> bool:
    """Return whether records with a time of day have a date that needs one, and there are some."""
    days = records.filter(pl.col(clock).is_not_null())[day]
    return len(days) > 0 and not days.null_count() and _are_short(days)


def _are_short(days: pl.Series) -> bool:
    """Return whether texts of dates are such that a time of day can be put behind them."""
    return days.dtype == pl.String and bool((days.str.len_chars() == _DAY_LETTERS).all())


def _lack(names: tuple[str, ...]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_null() for name in names)


def _find_length(sample: Sample, told: tuple[str, ...]) -> Seconds | None:
    """Find a duration in a unit that is said, which records have that have no end.

    Of several that complete each other the first that is there counts.
    """
    without = sample.records.filter(_lack(told))
    for meaning in ("duration", "time_exp"):
        given = [
            c
            for c in find_candidates(sample, meaning)
            if len(c.field.numbers) and not c.ends and without[c.field.name].is_not_null().any()
        ]
        read = [read_seconds(sample, c.field) for c in find_synonyms(sample, given) or given[:1]]
        if read:
            names = tuple(dict.fromkeys(name for each in read for name in each.fields))
            sure, value = all(each.sure for each in read), first_value([e.value for e in read])
            return Seconds(value, names, sure, None, read[0].reason) if sure else None
    return None


def _choose_best(found: list[Proposal], sample: Sample) -> Proposal:
    """Choose the likeliest of what most records have; cap it if another has other times."""
    doubted = (_doubt_constant(each, sample) for each in found)
    common = keep_common(doubted, lambda each: _share_given(each, sample), _MUCH_LESS)
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


def _doubt_constant(proposal: Proposal, sample: Sample) -> Proposal:
    """Cap a number that is the same in all records: a code or a count, and no time."""
    fields = [sample.fields[name] for name in proposal.fields]
    same = len(sample.records) >= _ENOUGH and all(field.constant for field in fields)
    if not same or any(len(field.texts) for field in fields):
        return proposal
    return proposal.cap(_CONSTANT, f"{proposal.reason}; but it is the same in all records")


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
    seconds = read_seconds(sample, length.field)
    given = numbers_of(length.field) if seconds.factor == 1.0 else seconds.value
    made = call(julian_date_after, start.value, given)
    fields = tuple(dict.fromkeys((*start.fields, *seconds.fields)))
    confidence = min(start.confidence, length.score - 0.05 if seconds.sure else 0.6)
    return Proposal(("time_max",), made, fields, confidence, "the start and how long it took")


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
        first = ordered[0]
        of_day = propose_day(sample, Candidate(first, _BY_VALUES), "time_min")
        by_values = _propose_by_values("time_min", first, len(ordered))
        yield of_day.cap(_OF_DAY, of_day.reason) if are_days(first) else by_values


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
    last = _propose_by_values("time_max", ordered[-1], len(ordered))
    return [last] if _may_end(last, start, sample, _SHORT) else []


def _propose_by_values(column: str, field: Field, count: int) -> Proposal:
    reason = (
        "the only field that holds times" if count == 1 else f"of {count} fields of times, by order"
    )
    return Proposal((column,), call(julian_date, field.name), (field.name,), _BY_VALUES, reason)


def _sort_timed_fields(sample: Sample) -> list[Field]:
    """List the fields that hold times, earliest first; empty if their order varies."""
    about = {
        c.field.name
        for m in ("changed", "changed_too", *DATE_MEANINGS, "granule_uid", "obs_id")
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
