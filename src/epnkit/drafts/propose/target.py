"""Proposals for what was looked at: the target and its class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import CodeValue, call, column, constant, translation
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, plain_name
from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.declare import evaluate
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.texts import hash_list

#: How many different targets a field may have to be translated word by word.
_MOST = 40


def propose_target(sample: Sample) -> Iterator[Proposal]:
    """Propose target_name and target_class."""
    solar = _find_solar_sign(sample)
    candidates = find_candidates(sample, "target_name")
    named = [each for c in candidates for each in _propose_by_name(c, sample)]
    known = [each for each in named if each[0].sure]
    if known:
        yield from _cap_disputed(known, sample)
    elif solar is not None:
        yield Proposal(("target_name",), constant("Sun"), (), *solar)
        yield Proposal(("target_class",), constant("star"), (), *solar)
    else:
        yield from named[0] if named else _propose_default()


def _cap_disputed(known: list[list[Proposal]], sample: Sample) -> Iterator[Proposal]:
    """Return the first; cap it if another field names other bodies."""
    first, *others = known
    bodies = _read_bodies(first[0], sample)
    rival = next((each[0] for each in others if _read_bodies(each[0], sample) != bodies), None)
    for proposal in first:
        yield (
            proposal
            if rival is None
            else proposal.cap(0.8, f"{proposal.reason}; or is it {', '.join(rival.fields)}?")
        )


def _read_bodies(named: Proposal, sample: Sample) -> list[str]:
    made = evaluate(named.value.value, sample.records)
    return (made.values if isinstance(made, Outcome) else made).to_list()


def names_a_planet(target: tuple[Proposal, ...], sample: Sample) -> bool:
    """Return whether what is proposed names bodies other than the Sun."""
    named = next((each for each in target if each.columns == ("target_name",)), None)
    if named is None or not named.fields:
        return False
    bodies = {part for value in _read_bodies(named, sample) if value for part in value.split("#")}
    return bool(bodies) and "Sun" not in bodies


def _propose_default() -> Iterator[Proposal]:
    reason = "nothing in the records says what was looked at"
    yield Proposal(("target_name",), constant("Sun"), (), 0.3, reason)
    yield Proposal(("target_class",), constant("star"), (), 0.3, reason)


def _propose_by_name(candidate: Candidate, sample: Sample) -> Iterator[list[Proposal]]:
    """Propose a field that names targets: sure where all its values are bodies that are known."""
    field = candidate.field
    values = _distinct_values(field)
    if not field.is_words:
        return
    if not values or len(values) > _MOST or not field.texts.len():
        yield from _propose_list(field, values)
        return
    bodies = {value: body_of(value) for value in values}
    classes = {value: _class_of(body) for value, body in bodies.items() if body}
    said = _find_class(sample)
    if all(bodies.values()):
        reason = f"by its name; its values are {_abbreviate(bodies.values())}"
        names = _name_value(field, bodies)
        yield [
            Proposal(("target_name",), names, (field.name,), candidate.score, reason),
            said or _propose_class(field, classes, candidate.score, reason),
        ]
    else:
        unknown = [value for value, body in bodies.items() if not body]
        reason = f"by its name; not known as bodies: {_abbreviate(unknown)}"
        yield [
            Proposal(("target_name",), column(field.name), (field.name,), 0.5, reason),
            said or _guess_classes(field, classes, unknown, reason),
        ]


def _find_class(sample: Sample) -> Proposal | None:
    """Propose the field that says the class itself, in EPN-TAP's words."""
    codes = {plain_name(code): code for code in COLUMNS["target_class"].allowed_values}
    for candidate in find_candidates(sample, "target_class"):
        values = sorted(set(candidate.field.texts))
        made = {value: codes.get(plain_name(value)) for value in values}
        if values and all(made.values()):
            field, reason = candidate.field, "by its name; its values are EPN-TAP's classes"
            same = all(value == code for value, code in made.items())
            value = column(field.name) if same else translation(field.name, dict(made))
            return Proposal(("target_class",), value, (field.name,), candidate.score, reason)
    return None


def _guess_classes(
    field: Field, classes: dict[str, str], unknown: list[str], reason: str
) -> Proposal:
    """Propose the classes of the bodies that are known, and guess one for the others."""
    guess = _guess_class(unknown)
    if not classes:
        return Proposal(("target_class",), constant(guess), (), 0.3, reason)
    each = {**classes, **dict.fromkeys(unknown, guess)}
    return Proposal(("target_class",), translation(field.name, each), (field.name,), 0.3, reason)


def _guess_class(values: list[str]) -> str:
    """Guess the class of small bodies by how the IAU designates them: 433 Eros, 67P/..."""
    comets = [re.match(r"\d+P\b|[CPX]/\d{4}", value) for value in values]
    numbered = [re.match(r"\(?\d+\)? [A-Za-z]", value) for value in values]
    return "comet" if all(comets) else "asteroid" if all(numbered) else "star"


def _propose_list(field: Field, values: list[str]) -> Iterator[list[Proposal]]:
    """Propose a list of targets as it is, with the class of the first one that is known."""
    if not values or len(values) > _MOST or any("{" in value for value in values):
        return
    known = [body for part in values[0].split("#") if (body := body_of(part))]
    reason = f"by its name; lists such as {_abbreviate(values)}"
    made = call(hash_list, field.name)
    yield [
        Proposal(("target_name",), made, (field.name,), 0.5, reason),
        Proposal(
            ("target_class",), constant(_class_of(known[0]) if known else "star"), (), 0.3, reason
        ),
    ]


def _propose_class(field: Field, classes: dict[str, str], score: float, reason: str) -> Proposal:
    different = set(classes.values())
    made = constant(different.pop()) if len(different) == 1 else translation(field.name, classes)
    return Proposal(("target_class",), made, (field.name,), score, reason)


def _name_value(field: Field, bodies: dict[str, str | None]) -> CodeValue:
    same = all(value == body for value, body in bodies.items())
    return column(field.name) if same else translation(field.name, dict(bodies))


def _distinct_values(field: Field) -> list[str]:
    if field.given.dtype == pl.List(pl.String):
        return sorted({"#".join(value) for value in field.given})
    if field.given.dtype != pl.String:
        return []
    return sorted(str(value) for value in field.given.unique())


def _abbreviate(values: object) -> str:
    listed = sorted({str(value) for value in values})  # type: ignore[attr-defined]
    return ", ".join(listed[:3]) + (" ..." if len(listed) > 3 else "")


def body_of(value: str) -> str | None:
    """Return the body that a text names, or a list of them joined by ``#``; None if unknown."""
    parts = [_body_names().get(part.strip().lower()) for part in value.strip("#").split("#")]
    return None if None in parts else "#".join(dict.fromkeys(p for p in parts if p))


def _class_of(body: str) -> str:
    return "#".join(dict.fromkeys(_class_table()[part] for part in body.split("#")))


@cache
def _class_table() -> dict[str, str]:
    classes = read_table("targets")["bodies"]
    return {name: kind for kind, names in classes.items() for name in names}


@cache
def _body_names() -> dict[str, str]:
    spellings = read_table("targets")["spellings"]
    own = {name.lower(): name for name in _class_table()}
    return own | {other: name for name, others in spellings.items() for other in others}


def _find_solar_sign(sample: Sample) -> tuple[float, str] | None:
    """Look for signs of the Sun; how sure they are, and which."""
    solar = read_table("targets")["solar"]
    words = set(solar["words"])
    observers, carriers = ({name.lower() for name in solar[k]} for k in ("observers", "carriers"))
    for field in sample:
        if field.texts.n_unique() and field.texts.n_unique() <= _MOST:
            known = next((v for v in field.texts.unique() if _names_observer(v, observers)), None)
            if known is not None and _is_about_observers(field):
                return 0.95, f"{field.name} is {known!r}, which looks at the Sun"
    seen = next((field.name for field in sample if _shows_features(field)), None)
    if seen is not None:
        return 0.9, f"{seen} speaks of what is on the Sun alone"
    signs = [field.name for field in sample if words & {*field.words, *field.context}]
    if signs:
        reason = f"signs of the Sun in the fields {_abbreviate(signs)}"
        return (0.93 if len(signs) > 1 else 0.85), reason
    aboard = next(
        (
            f
            for f in sample
            if _is_about_observers(f)
            and f.distinct <= _MOST
            and any(_names_observer(v, carriers) for v in f.texts.unique())
        ),
        None,
    )
    if aboard is not None:
        return 0.7, f"{aboard.name} looks at the Sun, and measures the solar wind around itself"
    return None


def _shows_features(field: Field) -> bool:
    """Return whether a field holds words for what is seen on the Sun alone."""
    if not {"target", "object", "feature", "type", "region"} & set(field.words):
        return False
    inner = field.given.explode() if isinstance(field.given.dtype, pl.List) else field.given
    if inner.dtype != pl.String:
        return False
    values = {value.strip().lower() for value in inner.drop_nulls().unique()} - {"unknown", ""}
    known = values & set(read_table("targets")["solar"]["features"])
    return len(known) > len(values) / 2


def _names_observer(value: str, observers: set[str]) -> bool:
    parts = value.lower().replace("/", " ").replace("_", " ").replace("-", " ").split()
    return value.lower() in observers or bool(set(parts) & observers)


def _is_about_observers(field: Field) -> bool:
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
