"""Proposals for times of which the date and the time of day are two fields."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, join_texts, numbers_of, scale
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate
from epnkit.drafts.recognise.units import SECONDS
from epnkit.drafts.recognise.values import are_times_of_day, find_date_order, share_matching
from epnkit.fits.dates import DATE_NAMES, SCALE_NAME, find_clock, plain_scale
from epnkit.fits.keywords import Keywords
from epnkit.mapping.times import (
    julian_date,
    julian_date_after,
    julian_date_in_scale,
    julian_date_not_before,
    julian_date_of_date_and_time,
)
from epnkit.quoting import python_text
from epnkit.times import DateOrder

#: The confidence of a date and a time of day whose names say start or end.
_BY_CLOCK = 0.92

#: How sure a time of day is that is written without a colon.
_OTHER_CLOCK = 0.85

#: How sure a date is whose year is last, and a day where times of day are there for another one.
_ORDERED, _UNJOINED = 0.85, 0.45

#: Words of names of times of day at which something was done with the record.
_OF_RECORDS = {"created", "modified", "inserted", "release", "processing"}

#: Words of names of times of day, and of those of other clocks, and of durations.
_CLOCKS = {"time", "utc", "hour", "hours", "hhmm", "hhmmss", "hms", "hm", "tu", "clock"}
_OTHER_TIMES = {
    "ra",
    "ascension",
    "ar",
    "dec",
    "longitude",
    "latitude",
    "local",
    "sidereal",
    "lst",
    "exposure",
    "integration",
    "duration",
    "step",
    "zone",
}

#: The hours of a day, and the largest number of hours and minutes in four figures.
_HOURS, _LARGEST = 24.0, 2400.0

#: The seconds of a day, and of an hour.
_DAY, _HOUR = 86400.0, 3600.0

#: How many figures times of day have that are written without marks; how they look, and how clocks
#: show them.
_FIGURES = {
    4: (r"^([01]\d|2[0-4])[0-5]\d$", (r"^(\d\d)(\d\d)$", "${1}:${2}")),
    6: (r"^([01]\d|2[0-4])[0-5]\d[0-6]\d$", (r"^(\d\d)(\d\d)(\d\d)$", "${1}:${2}:${3}")),
}

#: Words that mark a time of day, or the parts of a time, as those of the start or of the end.
SIDES = {
    "time_min": frozenset(["start", "begin", "first", "from", "min", "on", "opens"]),
    "time_max": frozenset(["end", "stop", "last", "to", "max", "off", "closes"]),
}


#: The words of either side: with one of them, an h is an hour.
_ALL_SIDES = frozenset.union(*SIDES.values())

#: Words that alone may name a time of day in figures: ``begin`` and ``end`` of a list of events.
_BARE_SIDES = frozenset(["start", "begin", "max", "peak", "end", "stop"])

#: Words of the ends of what lasts; the maximum of an event is none.
_ENDS = frozenset(["end", "stop", "off", "closes"])


def propose_day(sample: Sample, day: Candidate, column: str) -> Proposal:
    """Propose a date, joined by the time of day that goes with it, where there is one."""
    clock = _find_clock(sample, day.field, column)
    if clock is None:
        return _propose_bare_day(sample, day, column)
    made, fields = _join(sample, day.field, clock)
    is_named = set(clock.words) & SIDES[column] or set(clock.words) <= {"time", "utc"}
    score = max(day.score, _BY_CLOCK) if is_named else day.score
    if not are_times_of_day(clock):
        score = min(score, _OTHER_CLOCK)
    reason = "a date and a time of day"
    if order := find_date_order(day.field):
        score, reason = min(score, _ORDERED), f"{reason}; {_explain(order)}"
    return Proposal((column,), made, fields, score, reason)


def _propose_bare_day(sample: Sample, day: Candidate, column: str) -> Proposal:
    """Propose a date alone: unsure if one of several times of day may be its own."""
    field, order = day.field, find_date_order(day.field)
    made = call(julian_date, field.name, **_say_order(order))
    reason = f"by its name; {_explain(order)}" if order else "a day without a time of day"
    bare = Proposal(
        (column,), made, (field.name,), min(day.score, _ORDERED if order else 0.75), reason
    )
    clocks = [f.name for f in sample if is_clock(f) and not _OF_RECORDS & {*f.words}]
    if column == "time_max" or not clocks:
        return bare
    return bare.cap(_UNJOINED, f"{reason}; but which of {', '.join(clocks)} is its time of day?")


def _say_order(order: DateOrder | None) -> dict[str, DateOrder]:
    return {"order": order} if order else {}


def _explain(order: DateOrder) -> str:
    return f"{order}, since a number above 12 is a day"


def _join(sample: Sample, day: Field, clock: Field) -> tuple[CodeValue, tuple[str, ...]]:
    """Declare a date with a time of day, in the scale that a header says."""
    scale, fields = find_scale(sample), (day.name, clock.name)
    order = find_date_order(day)
    if scale is None or order or not are_times_of_day(clock):
        return join_clock(day.name, clock, order), fields
    texts = join_texts(day.name, clock.name, "T")
    return call(julian_date_in_scale, texts, scale.name), (*fields, scale.name)


def join_clock(day: str | CodeValue, clock: Field, order: DateOrder | None = None) -> CodeValue:
    """Declare a date with a time of day, in whatever form that is.

    Parameters
    ----------
    day : str or CodeValue
        The field of the date, or a value that is one.
    clock : Field
        Times of day, as :func:`is_clock` knows them.
    order : {"DMY", "MDY"}, optional
        What comes first in dates whose year is last.
    """
    written = _write_clock(clock)
    if written is None:
        passed = scale(numbers_of(clock), _unit_within_day(clock) or _HOUR)
        return call(julian_date_after, call(julian_date, day, **_say_order(order)), passed)
    if order is None:
        return call(julian_date_of_date_and_time, day, written)
    return call(julian_date, join_texts(day, written, " "), order=order)


def _write_clock(clock: Field) -> str | CodeValue | None:
    """Declare times of day with marks; None if they are a number since midnight."""
    if are_times_of_day(clock):
        return clock.name
    if _unit_within_day(clock) is not None:
        return None
    if not (count := _count_figures(clock)):
        return None
    name, marks = python_text(clock.name), _FIGURES[count][1]
    value = pl.col(clock.name).cast(pl.String).str.zfill(count).str.replace(*marks)
    code = f"pl.col({name}).cast(pl.String).str.zfill({count}).str.replace({_quote(marks)})"
    return CodeValue(value, code)


def find_sided_clock(sample: Sample, column: str) -> Field | None:
    """Find the one time of day whose name says start, or end; or for a start the only one."""
    clocks = [field for field in sample if is_clock(field)]
    sided = [field for field in clocks if set(field.words) & SIDES[column]]
    alone = clocks if column == "time_min" else []
    found = sided or alone
    return found[0] if len(found) == 1 else None


def _quote(texts: tuple[str, str]) -> str:
    return ", ".join(map(python_text, texts))


def is_clock(field: Field) -> bool:
    """Return whether a field holds times of day: 20:15:00; 2015 or 20.25 if its name says so."""
    said = set(field.words)
    if are_times_of_day(field):
        return not said & _OTHER_TIMES
    if _unit_within_day(field) is not None:
        return True
    named = said & _CLOCKS or ("h" in said and said & _ALL_SIDES)
    if named and not said & _OTHER_TIMES:
        return bool(_count_figures(field)) or _are_hours(field)
    return bool(said) and said <= _BARE_SIDES and _count_figures(field) > 0


def _unit_within_day(field: Field) -> float | None:
    """Return the unit of numbers that count from midnight, in seconds, if their name says so."""
    words, numbers = field.words, field.numbers.cast(pl.Float64)
    unit = 1.0 if "sod" in words else None
    if {"of", "day"} <= {*words}:
        unit = next((SECONDS[word] for word in words if word in SECONDS and word != "day"), None)
    inside = len(numbers) > 0 and unit and bool(numbers.is_between(0.0, _DAY / unit).all())
    return unit if inside else None


def _count_figures(field: Field) -> int:
    """Return how many figures times of day have, such as 0615 or 061530; 0 if they are none."""
    if not (field.given.dtype == pl.String or field.given.dtype.is_integer()):
        return 0
    given, numbers = field.given.cast(pl.String), field.numbers.cast(pl.Float64)
    fits = (
        count
        for count, (form, _) in _FIGURES.items()
        if share_matching(given.str.zfill(count), form) == 1.0
        and bool((numbers > (_HOURS if count == min(_FIGURES) else _LARGEST)).any())
    )
    return next(fits, 0)


def _are_hours(field: Field) -> bool:
    numbers = field.numbers.cast(pl.Float64)
    inside = len(numbers) > 0 and bool(numbers.is_between(0.0, _HOURS).all())
    return inside and bool((numbers % 1.0 != 0.0).any())


def _find_clock(sample: Sample, day: Field, column: str) -> Field | None:
    """Find the time of day that goes with a date: by its name, by its side, or the only one."""
    rest = set(day.words) - {"date", "day"}
    clocks = [field for field in sample if is_clock(field)]
    named = [field for field in clocks if set(field.words) - {"time", "utc"} == rest]
    sided = [field for field in clocks if set(field.words) & SIDES[column]]
    if named or len(sided) == 1:
        return (named or sided)[0]
    if day.name.upper() in DATE_NAMES and column == "time_min":
        known = find_header_clock(sample)
        if known is not None:
            return known
    return clocks[0] if len(clocks) == 1 and column == "time_min" else None


def find_clock_of(sample: Sample, day: str) -> Field | None:
    """Find the keyword that completes a date: the one named like it, or that of most headers."""
    own = next((field for field in sample if is_clock_named_after(field, day)), None)
    return own if own is not None and are_times_of_day(own) else find_header_clock(sample)


def is_clock_named_after(clock: Field, day: str) -> bool:
    """Return whether a keyword is named like that of a date: ``TIME_OBS`` like ``DATE_OBS``."""
    plain = day.upper()
    return "DATE" in plain and clock.name.upper() == plain.replace("DATE", "TIME")


def find_header_clock(sample: Sample) -> Field | None:
    """Find the keyword that completes the dates of most headers, as for a field of view."""
    texts = [name for name in sample.fields if sample.records[name].dtype == pl.String]
    headers = (Keywords(record) for record in sample.records.select(texts).iter_rows(named=True))
    found = Counter(name for header in headers if (name := find_clock(header)))
    names = {field.name.upper(): field for field in sample}
    return names.get(found.most_common(1)[0][0]) if found else None


def propose_same_day(sample: Sample, start: Proposal) -> list[Proposal]:
    """Propose the end of what has one date and two times of day, on the day of the start."""
    if len(start.fields) < 2 or not is_clock(sample.fields[start.fields[1]]):
        return []
    day, first, *_ = start.fields
    ends = [
        field
        for field in sample
        if is_clock(field) and field.name != first and set(field.words) & SIDES["time_max"]
    ]
    ends = [field for field in ends if set(field.words) & _ENDS] or ends
    if len(ends) != 1:
        return []
    end, fields = _join(sample, sample.fields[day], ends[0])
    confidence = min(start.confidence, _BY_CLOCK)
    return [Proposal(("time_max",), end, fields, confidence, "the start's date and a time of day")]


def wrap_midnight(end: Proposal, start: Proposal, sample: Sample) -> Proposal:
    """Put an end on the next day if it is before the start, and has no day but the start's.

    Parameters
    ----------
    end, start : Proposal
        For time_max and time_min.
    sample : Sample
        The records.
    """
    fields = [sample.fields[name] for name in end.fields]
    days = [field for field in fields if not is_clock(field)]
    own_day = any(set(day.words) & SIDES["time_max"] for day in days)
    if own_day or len(days) == len(fields):
        return end
    names = tuple(dict.fromkeys((*start.fields, *end.fields)))
    return replace(end, value=call(julian_date_not_before, end.value, start.value), fields=names)


def find_scale(sample: Sample) -> Field | None:
    """Find the field with the time scale of a FITS header's dates, unless all are in UTC."""
    named = (field for field in sample if field.name.upper() == SCALE_NAME)
    scale = next(named, None)
    if scale is None or {plain_scale(text).upper() for text in scale.texts.unique()} <= {"UTC"}:
        return None
    return scale
