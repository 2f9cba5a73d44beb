"""Times of which each part is a field: year, month, day, hour, minute, second."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import call
from epnkit.drafts.propose.proposal import Proposal
from epnkit.mapping.date_parts import julian_date_of_parts

#: The parts, by the names that fields have for them, with the range of their values.
_PARTS: tuple[tuple[frozenset[str], float, float], ...] = (
    (frozenset(["year", "yyyy", "yr", "annee", "jahr", "anno", "ano"]), 1600, 2200),
    (frozenset(["month", "mm", "mon", "mois", "monat", "mese", "mes"]), 1, 12),
    (frozenset(["day", "dd", "jour", "tag", "giorno", "dia"]), 1, 31),
    (frozenset(["hour", "hours", "hh", "hr", "heure", "stunde", "ora", "hora"]), 0, 24),
    (frozenset(["minute", "minutes", "min", "mi"]), 0, 60),
    (frozenset(["second", "seconds", "sec", "ss"]), 0, 61),
)

#: How many parts make a date.
_DATE = 3

#: The confidence where a date and a time of day are there, and of a date alone.
_TIME, _DAY = 0.92, 0.7

#: Words that say which end of an observation parts are of.
_SIDES = {
    "time_min": frozenset(["start", "begin", "beg", "first", "obs", "observed", "from"]),
    "time_max": frozenset(["end", "stop", "last", "to"]),
}


def propose_parts(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose the parts of a time for time_min or time_max."""
    for affixes in (_SIDES[column], frozenset([""]) if column == "time_min" else frozenset()):
        fields = _find_parts(sample, affixes)
        if len(fields) >= _DATE:
            yield _propose(fields, column)
            return


def _propose(fields: list[Field], column: str) -> Proposal:
    names = tuple(field.name for field in fields)
    timed = len(fields) > _DATE
    reason = "the parts of a time" if timed else "the parts of a date, without a time of day"
    made = call(julian_date_of_parts, *names)
    return Proposal((column,), made, names, _TIME if timed else _DAY, reason)


def _find_parts(sample: Sample, affixes: frozenset[str]) -> list[Field]:
    """Find the fields of the parts one after the other, until one is missing."""
    found: list[Field] = []
    for names, low, high in _PARTS:
        field = next(
            (f for f in sample if _is_named(f.name, names, affixes) and _is_within(f, low, high)),
            None,
        )
        if field is None:
            break
        found.append(field)
    return found


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
