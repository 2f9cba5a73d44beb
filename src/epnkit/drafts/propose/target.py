"""Proposals for what was looked at: the target and its class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import table
from epnkit.drafts.propose.code import Made, column, computed, constant, translated
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, candidates
from epnkit.mapping.texts import hash_list

#: How many different targets a field may have to be translated word by word.
_MOST = 40


def target(sample: Sample) -> Iterator[Proposal]:
    """Propose target_name and target_class."""
    solar = _solar(sample)
    named = [each for c in candidates(sample, "target_name") for each in _named(c)]
    known = [each for each in named if each[0].sure]
    if known:
        yield from _undisputed(known, sample)
    elif solar is not None:
        yield Proposal(("target_name",), constant("Sun"), (), *solar)
        yield Proposal(("target_class",), constant("star"), (), *solar)
    else:
        yield from named[0] if named else _nothing()


def _undisputed(known: list[list[Proposal]], sample: Sample) -> Iterator[Proposal]:
    """Give the first; where another field names other bodies, doubt it."""
    first, *others = known
    told = _bodies_of(first[0], sample)
    rival = next((each[0] for each in others if _bodies_of(each[0], sample) != told), None)
    for proposal in first:
        yield (
            proposal
            if rival is None
            else proposal.doubted(0.8, f"{proposal.reason}; or is it {', '.join(rival.fields)}?")
        )


def _bodies_of(named: Proposal, sample: Sample) -> list[str]:
    return sample.records.select(named.made.value).to_series().to_list()


def _nothing() -> Iterator[Proposal]:
    reason = "nothing in the records tells what was looked at"
    yield Proposal(("target_name",), constant("Sun"), (), 0.3, reason)
    yield Proposal(("target_class",), constant("star"), (), 0.3, reason)


def _named(candidate: Candidate) -> Iterator[list[Proposal]]:
    """Propose a field that names targets: sure where all its values are bodies that are known."""
    field = candidate.field
    values = _values(field)
    if not values or len(values) > _MOST or not field.texts.len():
        yield from _listed(field, values)
        return
    bodies = {value: body_of(value) for value in values}
    classes = {value: _class(body) for value, body in bodies.items() if body}
    if all(bodies.values()):
        reason = f"by its name; its values are {_some(bodies.values())}"
        names = _translation(field, bodies)
        yield [
            Proposal(("target_name",), names, (field.name,), candidate.score, reason),
            _classes(field, classes, candidate.score, reason),
        ]
    else:
        reason = f"by its name; not all of its values are known bodies: {_some(values)}"
        yield [
            Proposal(("target_name",), column(field.name), (field.name,), 0.5, reason),
            Proposal(("target_class",), constant(_by_designation(values)), (), 0.3, reason),
        ]


def _by_designation(values: list[str]) -> str:
    """Guess the class of small bodies by how the IAU designates them: 433 Eros, 67P/..."""
    comets = [re.match(r"\d+P\b|[CPX]/\d{4}", value) for value in values]
    numbered = [re.match(r"\(?\d+\)? [A-Za-z]", value) for value in values]
    return "comet" if all(comets) else "asteroid" if all(numbered) else "star"


def _listed(field: Field, values: list[str]) -> Iterator[list[Proposal]]:
    """Propose a list of targets as it is, with the class of the first one that is known."""
    if not values or len(values) > _MOST or any("{" in value for value in values):
        return
    known = [body for part in values[0].split("#") if (body := body_of(part))]
    reason = f"by its name; lists such as {_some(values)}"
    made = computed(hash_list, field.name)
    yield [
        Proposal(("target_name",), made, (field.name,), 0.5, reason),
        Proposal(
            ("target_class",), constant(_class(known[0]) if known else "star"), (), 0.3, reason
        ),
    ]


def _classes(field: Field, classes: dict[str, str], score: float, reason: str) -> Proposal:
    different = set(classes.values())
    made = constant(different.pop()) if len(different) == 1 else translated(field.name, classes)
    return Proposal(("target_class",), made, (field.name,), score, reason)


def _translation(field: Field, bodies: dict[str, str | None]) -> Made:
    same = all(value == body for value, body in bodies.items())
    return column(field.name) if same else translated(field.name, dict(bodies))


def _values(field: Field) -> list[str]:
    if field.given.dtype == pl.List(pl.String):
        return sorted({"#".join(value) for value in field.given})
    if field.given.dtype != pl.String:
        return []
    return sorted(str(value) for value in field.given.unique())


def _some(values: object) -> str:
    listed = sorted({str(value) for value in values})  # type: ignore[attr-defined]
    return ", ".join(listed[:3]) + (" ..." if len(listed) > 3 else "")


def body_of(value: str) -> str | None:
    """Give the body that a text names, or a list of them joined by ``#``; None if unknown."""
    parts = [_bodies().get(part.strip().lower()) for part in value.strip("#").split("#")]
    return None if None in parts else "#".join(dict.fromkeys(p for p in parts if p))


def _class(body: str) -> str:
    return "#".join(dict.fromkeys(_class_of()[part] for part in body.split("#")))


@cache
def _class_of() -> dict[str, str]:
    told = table("targets")["bodies"]
    return {name: kind for kind, names in told.items() for name in names}


@cache
def _bodies() -> dict[str, str]:
    spellings = table("targets")["spellings"]
    own = {name.lower(): name for name in _class_of()}
    return own | {other: name for name, others in spellings.items() for other in others}


def _solar(sample: Sample) -> tuple[float, str] | None:
    """Look for signs of the Sun; how sure they are, and which."""
    told = table("targets")["solar"]
    words = set(told["words"])
    observers, carriers = ({name.lower() for name in told[k]} for k in ("observers", "carriers"))
    for field in sample:
        if field.texts.n_unique() and field.texts.n_unique() <= _MOST:
            known = next((v for v in field.texts.unique() if _observes(v, observers)), None)
            if known is not None and _speaks_of_observers(field):
                return 0.95, f"{field.name} is {known!r}, which looks at the Sun"
    seen = next((field.name for field in sample if _shows_features(field)), None)
    if seen is not None:
        return 0.9, f"{seen} speaks of what is on the Sun alone"
    signs = [field.name for field in sample if words & {*field.words, *field.context}]
    if signs:
        reason = f"signs of the Sun in the fields {_some(signs)}"
        return (0.93 if len(signs) > 1 else 0.85), reason
    aboard = next(
        (
            f
            for f in sample
            if _speaks_of_observers(f)
            and f.distinct <= _MOST
            and any(_observes(v, carriers) for v in f.texts.unique())
        ),
        None,
    )
    if aboard is not None:
        return 0.7, f"{aboard.name} looks at the Sun, and measures the solar wind around itself"
    return None


def _shows_features(field: Field) -> bool:
    """Tell whether a field holds words for what is seen on the Sun alone."""
    if not {"target", "object", "feature", "type", "region"} & set(field.words):
        return False
    inner = field.given.explode() if isinstance(field.given.dtype, pl.List) else field.given
    if inner.dtype != pl.String:
        return False
    values = {value.strip().lower() for value in inner.drop_nulls().unique()} - {"unknown", ""}
    known = values & set(table("targets")["solar"]["features"])
    return len(known) > len(values) / 2


def _observes(value: str, observers: set[str]) -> bool:
    parts = value.lower().replace("/", " ").replace("_", " ").replace("-", " ").split()
    return value.lower() in observers or bool(set(parts) & observers)


def _speaks_of_observers(field: Field) -> bool:
    words = {
        "instrument",
        "observatory",
        "telescope",
        "spacecraft",
        "mission",
        "facility",
        "detector",
        "name",
        "source",
        "project",
    }
    return bool(words & set(field.words))
