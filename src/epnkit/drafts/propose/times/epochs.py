"""Times as numbers that count from another epoch: offsets, decimal years, seconds of GPS or TAI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import CodeValue, call, number, numbers_of, scale
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.times.clocks import SIDES
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.drafts.recognise.units import SECONDS
from epnkit.drafts.recognise.values import OTHER_EPOCHS, time_form
from epnkit.mapping.times import julian_date

#: A unit that counts from a date, as CF and VOTables of tables have it: ``days since 2000-01-01``.
_SINCE = re.compile(
    r"(?i)\b([a-z]+)\s+(?:since|from|after|past)\s+(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)"
)

#: What is subtracted from a Julian date: ``BJD - 2457000``, ``jd_2450000``.
_OFFSET = re.compile(r"(?<!\d)(24\d{5}(?:[._]\d)?)(?!\d)")

#: Words of Julian dates: of UTC, at the barycentre and at the Sun, and of Kepler's and TESS's.
_JULIAN = frozenset(["jd", "julian", "bjd", "hjd", "bkjd", "btjd"])

#: The words of years.
_YEAR = frozenset(read_table("words")["parts"]["year"]) - {"y", "an"}

#: How sure each form is.
_BY_UNIT, _BY_OFFSET, _BY_CLOCK, _BY_YEAR = 0.9, 0.88, 0.82, 0.82

#: The seconds of a day, and the number from which on seconds of the space age are in ms.
_DAY, _MILLISECONDS = 86400.0, 1e11

#: The least share of years that have a fraction.
_FRACTIONS = 0.5

#: The years of decimal years, and of counted seconds.
_YEARS, _SPACE_AGE = (1600.0, 2100.0), (2436204.5, 2473459.5)


@dataclass(frozen=True)
class _Clock:
    """A clock that counts seconds: the date of its zero in Python, and its time scale."""

    zero: str
    value: pl.Expr
    scale: str


#: GPS time begins in 1980; SolarSoft's TAI in 1958; ephemeris time at J2000 (NAIF).
_CLOCKS = {
    "gps": _Clock("pl.datetime(1980, 1, 6)", pl.datetime(1980, 1, 6), "GPS"),
    "tai": _Clock("pl.datetime(1958, 1, 1)", pl.datetime(1958, 1, 1), "TAI"),
    "et": _Clock("pl.datetime(2000, 1, 1, 12)", pl.datetime(2000, 1, 1, 12), "TDB"),
    "ephemeris": _Clock("pl.datetime(2000, 1, 1, 12)", pl.datetime(2000, 1, 1, 12), "TDB"),
    "j2000": _Clock("pl.datetime(2000, 1, 1, 12)", pl.datetime(2000, 1, 1, 12), "TDB"),
}


def propose_epochs(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose numbers that count from an epoch which a name, a unit or a description tells.

    Parameters
    ----------
    sample : Sample
        The records.
    column : str
        ``time_min`` or ``time_max``.
    """
    named = [c.field.name for c in find_candidates(sample, column)]
    middle = [c.field.name for c in find_candidates(sample, "time_mid")]
    for field in sample:
        if not len(field.numbers):
            continue
        side = field.name in named or bool(SIDES[column] & {*field.words})
        alone = column == "time_min" and not SIDES["time_max"] & {*field.words}
        counts = (
            _counts_from_date(sample, field) or _YEAR & {*field.words} or says_unix(sample, field)
        )
        if side or (alone and (field.name in middle or counts)):
            yield from _propose_number(sample, field, column)


def _counts_from_date(sample: Sample, field: Field) -> bool:
    return _SINCE.search(sample.declared.units.get(field.name, "")) is not None


def _propose_number(sample: Sample, field: Field, column: str) -> Iterator[Proposal]:
    found = (
        _read_since(sample, field)
        or _read_offset(sample, field)
        or _read_unix(sample, field)
        or _read_clock(field)
        or _read_year(field)
    )
    if found is not None:
        made, score, reason = found
        yield Proposal((column,), made, (field.name,), score, reason)


_Read = tuple[CodeValue, float, str]


def _read_since(sample: Sample, field: Field) -> _Read | None:
    """Read a number of days, hours or seconds since a date."""
    texts = sample.declared.units, sample.declared.descriptions
    said = (_SINCE.search(each.get(field.name, "")) for each in texts)
    found = next((each for each in said if each is not None), None)
    factor = SECONDS.get(found[1].lower()) if found else None
    zero = _read_date(found[2]) if found else None
    if found is None or factor is None or zero is None:
        return None
    return _count_days(field, factor / _DAY, zero), _BY_UNIT, f"{found[0]}, as the source declares"


def says_unix(sample: Sample, field: Field) -> bool:
    """Return whether a name or a description says that numbers are Unix times."""
    said = f"{field.name} {sample.declared.descriptions.get(field.name, '')}".lower()
    return any(word in said for word in ("unix", "posix"))


def _read_unix(sample: Sample, field: Field) -> _Read | None:
    """Read Unix times, as a name or a description says."""
    form = time_form(field)
    if form is None or not form.startswith("unix") or not says_unix(sample, field):
        return None
    made = call(julian_date, numbers_of(field), form=form)
    return made, _BY_OFFSET, form.replace("_", " ")


def _read_date(text: str) -> float | None:
    value: float | None = julian_date(pl.Series([text.replace(" ", "T")])).values[0]
    return value


def _read_offset(sample: Sample, field: Field) -> _Read | None:
    """Read a Julian date from which a whole number is subtracted, as its name or unit says."""
    declared = (sample.declared.units, sample.declared.descriptions)
    said = [field.name, *(each.get(field.name, "") for each in declared)]
    found = next((each for text in said if (each := _OFFSET.search(text))), None)
    if found is None or not _JULIAN & {*re.findall("[a-z]+", " ".join(said).lower())}:
        return None
    zero = float(found[1].replace("_", "."))
    first, last = (day - zero for day in _SPACE_AGE)
    if not field.numbers.cast(pl.Float64).is_between(first, last).all():
        return None
    return _count_days(field, 1.0, zero), _BY_OFFSET, f"Julian dates without {found[1]}"


def _read_clock(field: Field) -> _Read | None:
    """Read seconds of a clock that its name says."""
    name = next((word for word in OTHER_EPOCHS if word in field.words and word in _CLOCKS), None)
    if name is None:
        return None
    clock, largest = _CLOCKS[name], float(str(field.numbers.max() or 0.0))
    each = 1e3 if largest > _MILLISECONDS else 1e6
    plain = number(numbers_of(field))
    passed = pl.duration(microseconds=(plain.value * each).round(0).cast(pl.Int64))
    code = f"pl.duration(microseconds=({plain.code} * {each:g}).round(0).cast(pl.Int64))"
    form = "%Y-%m-%dT%H:%M:%S%.6f"
    text = CodeValue(
        (clock.value + passed).dt.strftime(form), f'({clock.zero} + {code}).dt.strftime("{form}")'
    )
    made = call(julian_date, text, scale=clock.scale)
    return made, _BY_CLOCK, f"seconds of {name} since {clock.zero.removeprefix('pl.')}"


def _read_year(field: Field) -> _Read | None:
    """Read years with a fraction."""
    numbers = field.numbers.cast(pl.Float64)
    fractions = (numbers % 1.0 != 0.0).sum() / len(numbers)
    said = {*_YEAR, "date", "time", "epoch"} & {*field.words}
    if (
        not said
        or field.constant
        or fractions < _FRACTIONS
        or not numbers.is_between(*_YEARS).all()
    ):
        return None
    plain = number(numbers_of(field))
    year, code = plain.value.floor().cast(pl.Int32), f"{plain.code}.floor().cast(pl.Int32)"
    first, next_first = pl.datetime(year, 1, 1), pl.datetime(year + 1, 1, 1)
    span = (next_first - first).dt.total_microseconds() * (plain.value % 1.0)
    written = (
        f"(pl.datetime({code} + 1, 1, 1) - pl.datetime({code}, 1, 1)).dt.total_microseconds()"
        f" * ({plain.code} % 1.0)"
    )
    text = CodeValue(
        first + pl.duration(microseconds=span.cast(pl.Int64)),
        f"pl.datetime({code}, 1, 1) + pl.duration(microseconds=({written}).cast(pl.Int64))",
    )
    return call(julian_date, text), _BY_YEAR, "years with a fraction"


def _count_days(field: Field, factor: float, zero: float) -> CodeValue:
    passed = scale(numbers_of(field), factor)
    days = CodeValue(passed.value + zero, f"{passed.code} + {zero!r}")
    return call(julian_date, days, form="julian_date")
