"""Times of which each part is a field: year, month, day, hour, minute, second."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import CodeValue, call, number, numbers_of
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.times.clocks import SIDES, find_sided_clock, join_clock
from epnkit.drafts.recognise.values import SHARE, share_matching
from epnkit.mapping.date_parts import julian_date_of_parts
from epnkit.mapping.times import julian_date, julian_date_after
from epnkit.quoting import python_text

#: The names that fields have for a part of a time, with the range of its values.
_Part = tuple[frozenset[str], float, float]


def _name_part(part: str, low: float, high: float) -> _Part:
    return frozenset(read_table("words")["parts"][part]), low, high


#: The parts, the longest first.
_PARTS: tuple[_Part, ...] = (
    _name_part("year", 1600, 2200),
    _name_part("month", 1, 12),
    _name_part("day", 1, 32),
    _name_part("hour", 0, 24),
    _name_part("minute", 0, 60),
    _name_part("second", 0, 61),
)

#: The number of a day in its year.
_DAY_OF_YEAR: _Part = (frozenset(["doy", "day_of_year", "dayofyear", "yday", "ddd"]), 1, 367)

#: How many parts make a date.
_DATE = 3

#: The confidence where a date and a time of day are there, and of a date alone.
_TIME, _DAY = 0.92, 0.7

#: What stands before or after the names of parts of a start, or of an end, as it is written.
_AFFIXES = {
    "time_min": SIDES["time_min"] | {"beg", "obs", "observed"},
    "time_max": SIDES["time_max"],
}

#: A date whose day has a fraction, as the Minor Planet Center and others write it.
_DAY_FRACTION = r"^\s*(\d{4})[- /](\d{1,2})[- /](\d{1,2}\.\d+)\s*$"

#: How sure a number of a day with a time of day is.
_FIGURES = 0.88

#: How sure a date with a fraction of a day is.
_FRACTION = 0.92


def propose_parts(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose the parts of a time for time_min or time_max."""
    for affixes in (_AFFIXES[column], frozenset([""])):
        fields = _find_parts(sample, affixes)
        if len(fields) >= _DATE and (column == "time_min" or affixes != {""}):
            yield _propose(fields, column)
            return
        if (of_year := _propose_day_of_year(sample, column, affixes)) is not None:
            yield of_year
            return


def propose_day_fractions(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose texts such as ``2019 06 10.878`` for time_min."""
    for field in sample:
        if len(field.texts) and share_matching(field.texts, _DAY_FRACTION) >= SHARE:
            parts = [_extract(field.name, number) for number in (1, 2, 3)]
            made = _join_parts(*parts)
            reason = "dates with a fraction of a day"
            yield Proposal((column,), made, (field.name,), _FRACTION, reason)
            return


def _extract(name: str, number: int) -> CodeValue:
    kind = "Float64" if number == _DATE else "Int64"
    code = f"pl.col({python_text(name)}).str.extract({python_text(_DAY_FRACTION)}, {number})"
    value = pl.col(name).str.extract(_DAY_FRACTION, number).cast(getattr(pl, kind))
    return CodeValue(value, f"{code}.cast(pl.{kind})")


def _join_parts(year: CodeValue, month: CodeValue, day: CodeValue) -> CodeValue:
    """Declare a date whose day has a fraction."""
    whole = CodeValue(day.value.floor(), f"{day.code}.floor()")
    hours = CodeValue(day.value % 1.0 * 24.0, f"{day.code} % 1.0 * 24.0")
    return call(julian_date_of_parts, year, month, whole, hours)


def _propose_day_of_year(sample: Sample, column: str, affixes: frozenset[str]) -> Proposal | None:
    """Propose a year and the number of a day in it, which may have a fraction."""
    year = _find_part(sample, _PARTS[0], affixes)
    day = _find_part(sample, _DAY_OF_YEAR, affixes) or _find_long_day(sample, affixes)
    if year is None or day is None:
        return None
    clock = find_sided_clock(sample, column)
    if clock is None and column == "time_max":
        return None
    names, reason = (year.name, day.name), "a year and the number of a day in it"
    if clock is not None:
        made = join_clock(_write_ordinal_date(year.name, day.name), clock)
        reason = f"{reason}, and a time of day"
        return Proposal((column,), made, (*names, clock.name), _FIGURES, reason)
    confidence = _TIME if (day.numbers.cast(pl.Float64) % 1.0 != 0.0).any() else _DAY
    return Proposal((column,), _count_days(year.name, day.name), names, confidence, reason)


def _write_ordinal_date(year: str, day: str) -> CodeValue:
    """Declare a date such as 1972-031."""
    first, second = python_text(year), python_text(day)
    padded = pl.col(day).cast(pl.Int64).cast(pl.String).str.zfill(3)
    code = f"pl.col({second}).cast(pl.Int64).cast(pl.String).str.zfill(3)"
    return CodeValue(
        pl.concat_str(pl.col(year), padded, separator="-"),
        f'pl.concat_str(pl.col({first}), {code}, separator="-")',
    )


def _count_days(year: str, day: str) -> CodeValue:
    """Declare the time some days after the beginning of a year, the first being day 1."""
    first = CodeValue(
        pl.datetime(pl.col(year).cast(pl.Int32), 1, 1),
        f"pl.datetime(pl.col({python_text(year)}).cast(pl.Int32), 1, 1)",
    )
    days = number(day)
    seconds = CodeValue((days.value - 1.0) * 86400.0, f"({days.code} - 1.0) * 86400.0")
    return call(julian_date_after, call(julian_date, first), seconds)


def _propose(fields: list[Field], column: str) -> Proposal:
    names = tuple(field.name for field in fields)
    timed = len(fields) > _DATE
    if not timed and bool((fields[-1].numbers.cast(pl.Float64) % 1.0 != 0.0).any()):
        made = _join_parts(*(number(numbers_of(field)) for field in fields))
        reason = "the parts of a date, whose day has a fraction"
        return Proposal((column,), made, names, _FRACTION, reason)
    reason = "the parts of a time" if timed else "the parts of a date, without a time of day"
    if _lacks_minutes(fields):
        timed, reason = False, f"{reason}; but where are the minutes?"
    made = call(julian_date_of_parts, *map(numbers_of, fields))
    return Proposal((column,), made, names, _TIME if timed else _DAY, reason)


def _lacks_minutes(fields: list[Field]) -> bool:
    """Return whether the last part is a whole hour."""
    whole = not (fields[-1].numbers.cast(pl.Float64) % 1.0 != 0.0).any()
    return len(fields) == _DATE + 1 and whole


def _find_parts(sample: Sample, affixes: frozenset[str]) -> list[Field]:
    """Find the fields of the parts one after the other, until one is missing."""
    found: list[Field] = []
    for part in _PARTS:
        field = _find_part(sample, part, affixes)
        if field is None:
            break
        found.append(field)
    return found


def _find_long_day(sample: Sample, affixes: frozenset[str]) -> Field | None:
    """Find a day that no month has, and that so is one of the year."""
    names, first, longest = _PARTS[_DATE - 1]
    day = _find_part(sample, (names, first, _DAY_OF_YEAR[2]), affixes)
    return day if day is not None and bool((day.numbers > longest).any()) else None


def _find_part(sample: Sample, part: _Part, affixes: frozenset[str]) -> Field | None:
    names, low, high = part
    named = (field for field in sample if _is_named(field.name, names, affixes))
    return next((field for field in named if _is_within(field, low, high)), None)


def _is_named(name: str, names: frozenset[str], affixes: frozenset[str]) -> bool:
    last = name.rsplit(".", 1)[-1].lower().replace("-", "_")
    forms = {
        form
        for each in names
        for affix in affixes
        for form in (f"{affix}_{each}", f"{each}_{affix}", f"{affix}{each}", f"{each}{affix}")
    }
    return last in (forms if affixes != {""} else names)


def _is_within(field: Field, low: float, high: float) -> bool:
    numbers = field.numbers
    return field.complete and len(numbers) > 0 and bool(numbers.is_between(low, high).all())
