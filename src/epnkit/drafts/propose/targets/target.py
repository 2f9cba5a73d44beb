"""Proposals for what was looked at: the target and its class."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, column, constant, translation
from epnkit.drafts.propose.proposal import Proposal, abbreviate
from epnkit.drafts.propose.targets.merged import covers_all, propose_merged
from epnkit.drafts.propose.targets.signs import (
    MOST,
    find_carried_body,
    find_named_body,
    find_solar_sign,
    find_spoken_body,
)
from epnkit.drafts.propose.targets.titles import propose_titled
from epnkit.drafts.recognise.bodies import are_mostly_bodies, body_of, class_of, may_name_body
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, plain_name
from epnkit.drafts.recognise.values import are_paths
from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.declare import evaluate
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.texts import hash_list

#: How sure a field of bodies is that only its values speak for, and from when on a target is known.
_BY_VALUES, _KNOWN = 0.85, 0.84

#: How sure a target is at least of which something in the records speaks.
_EVIDENT = 0.5

#: How sure names are that the IAU gives to comets, or to numbered asteroids.
_DESIGNATED = 0.88

#: How comets, numbered asteroids, and planets of other stars are designated (IAU).
_DESIGNATIONS = {
    "comet": r"^\s*(\d+P\b|[CPXDA]/-?\d{1,4})",
    "asteroid": r"^\s*\(?\d+\)? [A-Z]",
    "exoplanet": r"^\S.*\s[b-i]$",
}

#: The class that is guessed of a target whose name is not known, and of one on the sky.
_OTHERWISE, _ON_SKY = "star", "sky"

#: How sure names are that each have one place on the sky, and the class of what they name.
_PLACED, _PLACED_CLASS = 0.7, 0.3

#: From when on signs of the Sun say more than names that have places on the sky.
_CERTAIN = 0.9

#: The classes of what names of fields speak of.
_KINDS = {
    "comet": "comet",
    "asteroid": "asteroid",
    "ast": "asteroid",
    "exoplanet": "exoplanet",
    "mineral": "sample",
    "meteorite": "sample",
    "specimen": "sample",
    "sampling": "sample",  # samples of rocks, where a field of targets is named so
    "planetoid": "asteroid",
}

#: Words of names of fields of satellites.
_SATELLITES = frozenset(["satellite", "moon", "sat", "mond", "lune", "luna"])

#: Why a field is taken for the target.
_NAMED, _VALUED = "by its name", "by its values alone"

#: Words of names of bodies that are not what was looked at.
_OTHER_BODIES = {"parent", "primary", "reference", "origin", "observer", "frame", "center", "near"}


def propose_target(sample: Sample) -> Iterator[Proposal]:
    """Propose target_name and target_class."""
    solar = find_solar_sign(sample)
    candidates = find_candidates(sample, "target_name")
    named = [each for c in candidates for each in _propose_field(c, sample, _NAMED)]
    known = [each for each in named if each[0].confidence >= _KNOWN]
    known = known or list(_propose_by_values(sample, {c.field.name for c in candidates}))
    placed = [] if known else list(_propose_placed(sample))
    partly = bool(known) and not covers_all(sample, known[0][0].value)
    vague = not known and (solar is None or solar[0] < _CERTAIN)
    merged = tuple(propose_merged(sample)) if partly or vague else ()
    if merged:
        yield from merged
    elif known:
        yield from _cap_disputed(_prefer_satellites(known, sample), sample)
    elif placed and not named and (solar is None or solar[0] < _CERTAIN):
        yield from placed
    elif solar is not None:
        yield Proposal(("target_name",), constant("Sun"), (), *solar)
        yield Proposal(("target_class",), constant("star"), (), *solar)
    elif named:
        yield from named[0]
    else:
        yield from _propose_constant(sample)


def _prefer_satellites(known: list[list[Proposal]], sample: Sample) -> list[list[Proposal]]:
    """Put a field of satellites before one of planets: those are what they go round."""
    if any(proposal.value.code != '"planet"' for proposal in known[0][1:]):
        return known
    for field in sample:
        last = plain_name(field.name.rsplit(".", 1)[-1])
        values = _distinct_values(field) if _SATELLITES & {*last.split("_")} else []
        bodies = [body_of(value) for value in values]
        if 0 < len(values) <= MOST and all(b and class_of(b) == "satellite" for b in bodies):
            own = Candidate(field, _BY_VALUES)
            return [*_propose_field(own, sample, _NAMED)]
    return known


def _propose_by_values(sample: Sample, named: set[str]) -> Iterator[list[Proposal]]:
    """Propose fields whose values are bodies, though no name says that they are targets.

    An instrument, or what carries it, may be named like a body: Pandora, ATLAS.
    """
    others = {
        c.field.name
        for meaning in ("instrument_name", "instrument_host_name")
        for c in find_candidates(sample, meaning)
        if not may_name_body(c.field)
    }
    for field in (each for each in sample if each.name not in others):
        values = _distinct_values(field)
        few = 0 < len(values) <= MOST and field.complete
        designated = bool(values) and field.complete and _are_designations(field, values)
        either = may_name_body(field) and are_mostly_bodies(pl.Series(values))
        bodies = few and (all(map(body_of, values)) or either)
        if (bodies or designated) and not _OTHER_BODIES & {*field.words, *field.context}:
            why = _NAMED if field.name in named else _VALUED
            yield from _propose_field(Candidate(field, _BY_VALUES), sample, why)


def _propose_placed(sample: Sample) -> Iterator[Proposal]:
    """Propose names of which each has one place on the sky, as the sources of a list have."""
    axes = [find_candidates(sample, f"c{axis}_celestial")[:1] for axis in (1, 2)]
    places = [c.field.name for each in axes for c in each]
    if len(places) < len(axes):
        return
    for field in sample:
        few = 1 < field.distinct <= len(sample.records) // 2
        if few and field.complete and field.is_words and _has_places(sample, field.name, places):
            reason = f"each of its {field.distinct} names has one place on the sky"
            named = column(field.name)
            yield Proposal(("target_name",), named, (field.name,), _PLACED, reason)
            yield Proposal(("target_class",), constant(_ON_SKY), (), _PLACED_CLASS, reason)
            return


def _has_places(sample: Sample, name: str, places: list[str]) -> bool:
    """Return whether each name has one place, and none two names."""
    named, found = (sample.records.select(each).n_unique() for each in ([name], places))
    return named == found == sample.records.select(name, *places).n_unique()


def _are_designations(field: Field, values: list[str]) -> bool:
    """Return whether values are designations; those of asteroids also look like other texts."""
    kind = _find_kind(values)
    return kind == "comet" or (kind == "asteroid" and "name" in field.words)


def _propose_constant(sample: Sample) -> Iterator[Proposal]:
    """Propose what no field names: the spacecraft's body, those of titles, or one spoken of."""
    found = find_carried_body(sample)
    titled = [] if found else list(propose_titled(sample))
    yield from titled
    found = found or find_named_body(sample) or find_spoken_body(sample)
    if titled or found is None:
        return
    body, confidence, reason = found
    yield Proposal(("target_name",), constant(body), (), confidence, reason)
    yield Proposal(("target_class",), constant(class_of(body)), (), confidence, reason)


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


def read_bodies(target: tuple[Proposal, ...], sample: Sample) -> frozenset[str]:
    """Return the bodies that were looked at; none if what is proposed is a mere guess."""
    named = next((each for each in target if each.columns == ("target_name",)), None)
    if named is None or named.confidence < _EVIDENT:
        return frozenset()
    found = _read_bodies(named, sample) if named.fields else [named.value.value]
    return frozenset(part for value in found if value for part in value.split("#"))


def _propose_field(candidate: Candidate, sample: Sample, why: str) -> Iterator[list[Proposal]]:
    """Propose a field of targets: sure if its name says so and all its values are known bodies."""
    field, values = candidate.field, _distinct_values(candidate.field)
    if not field.is_words or are_paths(field):
        return
    if not len(field.texts):
        yield from _propose_list(field, values, why)
        return
    few = 0 < len(values) <= MOST
    bodies = {value: body_of(value) for value in values} if few else {}
    if bodies and all(bodies.values()):
        yield _propose_bodies(candidate, sample, bodies, why)
    elif (kind := _find_designation(values, field)) is not None:
        yield _propose_designated(candidate, sample, kind, why)
    elif few:
        yield _propose_unknown(field, sample, bodies, why)


def _propose_bodies(
    candidate: Candidate, sample: Sample, bodies: dict[str, str | None], why: str
) -> list[Proposal]:
    """Propose a field whose values are all known."""
    field, score = candidate.field, candidate.score
    reason = f"{why}; its values are {abbreviate(bodies.values())}"
    classes = {value: class_of(body) for value, body in bodies.items() if body}
    named = Proposal(("target_name",), _name_value(field, bodies), (field.name,), score, reason)
    return [named, _find_class(sample) or _propose_class(field, classes, score, reason)]


def _propose_designated(
    candidate: Candidate, sample: Sample, kind: str, why: str
) -> list[Proposal]:
    """Propose a field whose values are designations of one class."""
    field, score = candidate.field, min(candidate.score, _DESIGNATED)
    reason = f"{why}; its values are names of the class {kind}"
    named = Proposal(("target_name",), column(field.name), (field.name,), score, reason)
    classed = Proposal(("target_class",), constant(kind), (), score, reason)
    return [named, _find_class(sample) or classed]


def _propose_unknown(
    field: Field, sample: Sample, bodies: dict[str, str | None], why: str
) -> list[Proposal]:
    """Propose a field some of whose values are not known, with a guess of their class."""
    unknown = [value for value, body in bodies.items() if not body]
    reason = f"{why}; not known as bodies: {abbreviate(unknown)}"
    classes = {value: class_of(body) for value, body in bodies.items() if body}
    spelt: dict[str, str | None] = {value: body or value for value, body in bodies.items()}
    made = _name_value(field, spelt) if classes else column(field.name)
    named = Proposal(("target_name",), made, (field.name,), 0.5, reason)
    return [named, _find_class(sample) or _guess_classes(field, classes, unknown, reason)]


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
    common = max(classes.values(), key=list(classes.values()).count, default=_OTHERWISE)
    guess = _find_kind(unknown) or common
    if not classes:
        return Proposal(("target_class",), constant(guess), (), 0.3, reason)
    each = {**classes, **dict.fromkeys(unknown, guess)}
    return Proposal(("target_class",), translation(field.name, each), (field.name,), 0.3, reason)


def _find_kind(values: list[str]) -> str | None:
    """Find the class of bodies that are all designated alike by the IAU: 433 Eros, 67P/..."""
    kinds = (
        kind
        for kind, form in _DESIGNATIONS.items()
        if all(re.match(form, value) for value in values)
    )
    return next(kinds, None)


def _find_designation(values: list[str], field: Field) -> str | None:
    """Return comet or asteroid if all values are designated as such, or the name says so."""
    said = {kind for word, kind in _KINDS.items() if word in field.words}
    return said.pop() if len(said) == 1 else _find_kind(values)


def _propose_list(field: Field, values: list[str], why: str) -> Iterator[list[Proposal]]:
    """Propose lists of targets as they are, with the class of the first one that is known."""
    if not 0 < len(values) <= MOST or any("{" in value for value in values):
        return
    parts = [part for value in values for part in value.split("#")]
    known = [body for part in values[0].split("#") if (body := body_of(part))]
    kind = class_of(known[0]) if known else _find_designation(parts, field) or _OTHERWISE
    reason = f"{why}; lists such as {abbreviate(values)}"
    made = call(hash_list, field.name)
    yield [
        Proposal(("target_name",), made, (field.name,), 0.5, reason),
        Proposal(("target_class",), constant(kind), (), 0.3, reason),
    ]


def _propose_class(field: Field, classes: dict[str, str], score: float, reason: str) -> Proposal:
    different = set(classes.values())
    one = len(different) == 1 and field.complete
    made = constant(different.pop()) if one else translation(field.name, classes)
    return Proposal(("target_class",), made, (field.name,), score, reason)


def _name_value(field: Field, bodies: dict[str, str | None]) -> CodeValue:
    same = all(value == body for value, body in bodies.items())
    return column(field.name) if same else translation(field.name, dict(bodies))


def _distinct_values(field: Field) -> list[str]:
    if field.given.dtype == pl.List(pl.String):
        return sorted({*field.given.list.join("#", ignore_nulls=True)} - {""})
    if field.given.dtype != pl.String:
        return []
    return sorted(str(value) for value in field.given.unique())
