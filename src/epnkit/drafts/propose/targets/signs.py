"""What speaks of a target that no field names: observers of the Sun, spacecraft, words of names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.proposal import abbreviate
from epnkit.drafts.recognise.bodies import body_of, read_instruments, read_letters, read_missions
from epnkit.drafts.recognise.meanings import find_candidates

#: How many different values a field may have to be looked through, or translated word by word.
MOST = 40

#: The fewest letters of a body in the name of a field: pan, ida and nix are mostly other words.
_SHORTEST = 4

#: How sure the body is that a spacecraft was sent to, and one in the names of fields.
_CARRIED, _NAMED = 0.72, 0.65

#: How sure the body is whose vocabulary the records have.
_SPOKEN = 0.66

#: How many parts an identifier of PDS3's data sets has at least.
_PARTS = 3

#: Types that radio bursts of the Sun have (Wild's classes), and how sure they are.
_BURSTS, _OF_BURSTS = frozenset(["II", "III", "IV"]), 0.85

#: Words of names of angles, distances and times: where the Sun stands, whatever is looked at.
_GEOMETRY = {
    "longitude",
    "latitude",
    "incidence",
    "inc",
    "elongation",
    "elong",
    "distance",
    "dist",
    "zenith",
    "azimuth",
    "elevation",
    "altitude",
    "phase",
    "angle",
    "time",
    "sub",
    "range",
    "lon",
    "ls",
    "day",
    "helio",
    "r",
    "delta",
    "local",
    "declination",
}

#: Words of names of points that are not what was observed: where a line of sight passes the Sun.
_POINTS = {"point", "pierce", "footpoint", "closest", "approach"}

#: Words of names of coordinates, which are the granule's own if no such point is named.
_COORDINATES = {"longitude", "latitude", "lon", "lat"}

#: How sure it is that the Sun was looked at if nearly all observers look at nothing else, and if
#: some do.
_OBSERVED, _PARTLY, _MOSTLY = 0.95, 0.7, 0.98

#: How the types of axes begin that are on the Sun (Thompson 2006).
_SOLAR_AXES = ("HPLN", "HGLN", "CRLN", "SOLX", "SOLARX")

#: How sure signs of the Sun are: several, one, and coordinates of another point.
_SEVERAL, _ONE = 0.93, 0.85

#: Bodies that names of fields have for where something is counted from.
_CIRCUMSTANCES = {"Sun", "Earth", "Moon"}


def find_carried_body(sample: Sample) -> tuple[str, float, str] | None:
    """Find the one body that the spacecraft in the records was sent to, or an instrument saw."""
    for meaning, read, find, why in _CARRIERS:
        known = _index_names(read())
        for candidate in find_candidates(sample, meaning):
            values = candidate.field.texts.unique()
            bodies = {find(value, known) for value in values}
            if len(bodies) == 1 and (body := bodies.pop()):
                return body, _CARRIED, f"{candidate.field.name} {why}"
    return None


def _index_names(names: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the body for each name, of the names for each body."""
    return {_plain(name): body for body, others in names.items() for name in others}


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.lower().strip()))


def _find_by_name(value: str, known: dict[str, str]) -> str | None:
    """Find the body of a name, also of one of several: ``Cluster 2``, ``THEMIS-A``."""
    plain = _plain(value)
    whole = known.get(plain) or known.get(re.sub(r" ?([a-e]|\d+)$", "", plain))
    if whole:
        return whole
    # Of several names only abbreviations count: MRO MARCI, and not the observatory of Phoenix.
    bodies = {known.get(word.lower()) for word in re.findall(r"\b[A-Z]{3,}\b", value)} - {None}
    return bodies.pop() if len(bodies) == 1 else None


def _find_by_letter(value: str, known: dict[str, str]) -> str | None:
    """Find the body in an identifier of PDS3's data sets: ``MEX-M-HRSC-3-RDR-V3.0``."""
    parts = _plain(value).split(" ")
    return known.get(parts[1]) if len(parts) > _PARTS and value.isupper() else None


#: What may tell the body: a meaning of fields, the names of it, how one is found in them, and why.
_CARRIERS = (
    ("instrument_host_name", read_missions, _find_by_name, "is a spacecraft that was sent there"),
    ("instrument_name", read_instruments, _find_by_name, "is an instrument that saw nothing else"),
    ("granule_gid", read_letters, _find_by_letter, "has its letter"),
)


def find_spoken_body(sample: Sample) -> tuple[str, float, str] | None:
    """Find the one body whose vocabulary is in names, descriptions or values of fields."""
    words = _index_names(read_table("targets")["vocabulary"])
    found: dict[str, str] = {}
    for where, text in _list_texts(sample):
        padded = f" {' '.join(re.findall('[a-z]+', text.lower()))} "
        for word, body in words.items():
            if f" {word} " in padded:
                found.setdefault(body, f"{where} speaks of it: {word}")
    if len(found) != 1:
        return None
    ((body, reason),) = found.items()
    return body, _SPOKEN, reason


def _list_texts(sample: Sample) -> Iterator[tuple[str, str]]:
    """List the texts that may speak of a body, and where they stand."""
    yield "the table", sample.declared.about.replace("_", " ")
    for field in sample:
        yield field.name, " ".join((*field.words, *field.context))
        yield field.name, sample.declared.descriptions.get(field.name, "")
        if 0 < field.texts.n_unique() <= MOST:
            yield from ((field.name, text) for text in field.texts.unique(maintain_order=True))


def find_named_body(sample: Sample) -> tuple[str, float, str] | None:
    """Find the one body in the names of fields: ``marsYear``."""
    found = {
        body: field.name
        for field in sample
        for word in (*field.words, *field.context)
        if (body := body_of(word)) and body not in _CIRCUMSTANCES and len(word) >= _SHORTEST
    }
    if len(found) != 1:
        return None
    ((body, name),) = found.items()
    return body, _NAMED, f"the name {name} speaks of it"


def _list_signs(field: Field) -> set[str]:
    """Return the words of a name that may speak of the Sun; none of where the Sun stands."""
    words = {*field.words, *field.context}
    plain = {"solar", "sun", "heliocentric"}
    return words - plain if words & plain and words & _GEOMETRY else words


def _is_of_other_point(field: Field) -> bool:
    """Return whether a field is a coordinate of a point that may not be what was observed."""
    words = {*field.words, *field.context}
    return bool(words & _POINTS and words & _COORDINATES)


def find_solar_sign(sample: Sample) -> tuple[float, str] | None:
    """Look for signs of the Sun; how sure they are, and which."""
    solar = read_table("targets")["solar"]
    words = set(solar["words"])
    carriers = {name.lower() for name in solar["carriers"]}
    observed = [
        (_count(field, known), field.name, known[0]) for field, known in list_observers(sample)
    ]
    if observed:
        # Others of the records may be of something else.
        count, name, value = max(observed)
        sure = _OBSERVED if count >= _MOSTLY * len(sample.records) else _PARTLY
        return sure, f"{name} is {value!r}, which looks at the Sun"
    seen = next((field.name for field in sample if _shows_features(field)), None)
    if seen is not None:
        return 0.9, f"{seen} speaks of what is on the Sun alone"
    burst = next((field.name for field in sample if _holds_burst_types(field)), None)
    if burst is not None:
        return _OF_BURSTS, f"{burst} holds types of solar radio bursts"
    signs = [field.name for field in sample if words & _list_signs(field)]
    if signs:
        reason = f"signs of the Sun in the fields {abbreviate(signs)}"
        own = [name for name in signs if not _is_of_other_point(sample.fields[name])]
        return (_SEVERAL if len(own) > 1 else _ONE), reason
    aboard = next(
        (
            f
            for f in sample
            if _is_about_observers(f)
            and f.distinct <= MOST
            and any(_names_observer(v, carriers) for v in f.texts.unique())
        ),
        None,
    )
    if aboard is not None:
        return 0.7, f"{aboard.name} looks at the Sun, and measures the solar wind around itself"
    return None


def _count(field: Field, values: list[str]) -> int:
    """Count the records that have one of some values."""
    return int(field.values.is_in(values).sum())


def list_observers(sample: Sample) -> Iterator[tuple[Field, list[str]]]:
    """List the fields of observers, with the values that look at nothing but the Sun."""
    observers = {name.lower() for name in read_table("targets")["solar"]["observers"]}
    for field in sample:
        if 0 < field.texts.n_unique() <= MOST and _is_about_observers(field):
            known = [v for v in field.texts.unique().sort() if _names_observer(v, observers)]
            if known:
                yield field, known


def list_solar_axes(sample: Sample) -> Iterator[tuple[Field, list[str]]]:
    """List the fields of axes of images, with the types of those that are on the Sun."""
    for field in sample:
        if field.name.upper() == "CTYPE1":
            values = field.texts.unique().sort()
            known = [value for value in values if value.upper().startswith(_SOLAR_AXES)]
            if known:
                yield field, known


def _holds_burst_types(field: Field) -> bool:
    """Return whether a field of a burst holds types that radio bursts of the Sun have."""
    named = {"burst", "bursts"} & {*field.words, *field.context}
    if not named or not {"type", "class", "kind"} & {*field.words}:
        return False
    values = {value.upper().removeprefix("TYPE").strip() for value in field.texts.unique()}
    return bool(values & _BURSTS) and values <= _BURSTS | {"I", "V", "U", "J", "CTM"}


def _shows_features(field: Field) -> bool:
    """Return whether a field holds words for what is seen on the Sun alone."""
    if not {"target", "object", "feature", "type", "region", "tag"} & set(field.words):
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
