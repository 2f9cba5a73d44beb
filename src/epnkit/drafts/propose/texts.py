"""Proposals for the columns that are words: instruments, kinds of data, levels, measurements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import call, column, constant, first_of, part_before, translation
from epnkit.drafts.propose.levels import propose_level
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.synonyms import count_synonyms, find_synonyms
from epnkit.drafts.propose.targets.known_names import propose_from_names
from epnkit.drafts.propose.targets.object_names import Part, propose_object_names
from epnkit.drafts.recognise.bodies import are_mostly_bodies, may_name_body
from epnkit.drafts.recognise.features import is_of_features
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import (
    are_addresses,
    are_data_files,
    are_pictures,
    share_matching,
)
from epnkit.epncore import columns as epncore
from epnkit.epncore.ucd import find_fault
from epnkit.mapping.texts import hash_list

#: Words of names of fields that speak of what happened, and how files of instruments are called
#: that make rows of measurements one after the other.
_HAPPENED = {"event", "flare", "cme", "storm", "shock", "impact", "flash", "meteor", "eruption"}
_IN_ROWS = r"(?i)\bmag\b|magnetom|fluxgate|dust (detector|counter)|seismom"


#: How sure a name has to be that stands in for another one.
_NAMED = 0.9

#: How sure an antenna is the host of a receiver.
_CARRIES = 0.85

#: How sure the names of objects are that a field holds.
_OF_OBJECTS = 0.85

#: Words of fields that spectra have.
_OF_SPECTRA = {"order", "slit", "spectrograph", "spectrum", "spectra", "spectrometer"}

#: How instruments are called that make spectra; a spectroheliograph makes images.
_SPECTRAL = r"(?i)(spectro|spettro|spektro|espectro)(gra|met|fotom)|^spec$"

#: Words of names of the places of telescopes, and of lists of such places.
_PLACES = {"observatory", "station", "site", "laboratory"}
_CODES = ({"observation", "code"}, {"mpc", "code"}, {"iau", "code"})

#: Values that are less sure than the name of their field: how sure at most, and why.
_OBJECTS: Final = (
    r"^\[?\s*\{",
    0.5,
    "but its values are objects, of which one field may be the name",
)
_DOUBTS: Final[dict[str, list[tuple[str, float, str]]]] = {
    "instrument_name": [_OBJECTS],
    "instrument_host_name": [
        _OBJECTS,
        (r"(?i)graph\b|\d ?cm\b", 0.7, "but a value names an instrument"),
    ],
}


def propose_texts(sample: Sample, made: set[str], targets: set[str]) -> Iterator[Proposal]:
    """Propose the instrument and its host, the kind of data, its level, what was measured.

    Parameters
    ----------
    sample : Sample
        The records.
    made : set of str
        The columns that are proposed already, those that lead to data among them.
    targets : set of str
        The fields that the targets are proposed from.
    """
    yield from _propose_instruments(sample, targets)
    kind = _propose_product_type(sample, made)
    yield kind
    derived = kind.value.code == '"ci"' or _guess_kind(sample) in {"ci", "ev"}
    yield propose_level(sample, derived=derived)
    yield from _propose_measurement(sample)


def _propose_instruments(sample: Sample, targets: set[str]) -> Iterator[Proposal]:
    for name in ("instrument_host_name", "instrument_name"):
        named = _list_carriers(sample, targets)[name]
        found = [c for c in named if _are_names(c.field, targets)]
        found = _prefer_places(sample, name, found)
        objects = _propose_objects(name, found)
        if name == "instrument_host_name" and objects is None and not found:
            carried = find_candidates(sample, "instrument_name")
            objects = _propose_objects(name, carried, cut=True)
        if objects is not None:
            yield objects
        elif kept := find_synonyms(sample, [c for c in found if c.score >= _NAMED]):
            names = tuple(c.field.name for c in kept)
            made, reason = call(hash_list, first_of(names)), count_synonyms(kept, sample)
            yield Proposal((name,), made, names, 0.75, reason)
        elif found:
            yield _propose_name(name, found[0])
        else:
            yield from propose_from_names(sample, name)


def _list_carriers(sample: Sample, targets: set[str]) -> dict[str, list[Candidate]]:
    """List the fields of instruments and of hosts; an antenna carries a receiver if there is one.

    Parameters
    ----------
    sample : Sample
        The records.
    targets : set of str
        The fields that the targets are proposed from.
    """
    instruments = find_candidates(sample, "instrument_name")
    named = [c for c in instruments if _are_names(c.field, targets)]
    antennas = [c for c in named if "antenna" in c.field.words]
    if len(antennas) == len(named):
        antennas = []
    hosts = [
        *find_candidates(sample, "instrument_host_name"),
        *(Candidate(c.field, min(c.score, _CARRIES)) for c in antennas),
        *find_candidates(sample, "institute"),
    ]
    own = [c for c in instruments if c not in antennas]
    return {"instrument_host_name": hosts, "instrument_name": own}


def _prefer_places(sample: Sample, column: str, found: list[Candidate]) -> list[Candidate]:
    """Take a telescope for the instrument, unless there is one, where its place is the host."""
    hosts = find_candidates(sample, "instrument_host_name")
    if not any(_is_place(c.field) and c.field.complete for c in hosts):
        return found
    if column == "instrument_name":
        return found or [c for c in hosts if "telescope" in c.field.words and c.field.is_words]
    return [c for c in found if "telescope" not in c.field.words]


def _is_place(field: Field) -> bool:
    words = {*field.words}
    return bool(_PLACES & words) or any(code <= words for code in _CODES)


def _propose_objects(column: str, found: list[Candidate], *, cut: bool = False) -> Proposal | None:
    """Propose the names in the likeliest field, if that is of objects that have names."""
    part: Part = "host" if column == "instrument_host_name" else "instrument"
    for candidate in found[:1]:
        made = propose_object_names(candidate.field, part, cut=cut)
        if made is not None:
            score, name = min(candidate.score, _OF_OBJECTS), candidate.field.name
            return Proposal((column,), made, (name,), score, "the names of its objects")
    return None


def _are_names(field: Field, targets: set[str]) -> bool:
    """Return whether the values are few names, and none of what was looked at."""
    few = field.distinct <= max(20, len(field.given) // 3)
    looked_at = field.name in targets or may_name_body(field)
    return field.is_words and few and not (looked_at and are_mostly_bodies(field.texts))


def _propose_name(column: str, candidate: Candidate) -> Proposal:
    """Propose a name; of ISTP's two forms the short one, which may be no standard name."""
    field = candidate.field
    if len(field.texts) > 0 and share_matching(field.texts, r"^[^>]+>[^>]+$") == 1.0:
        return Proposal(
            (column,),
            part_before(field.name, ">"),
            (field.name,),
            min(candidate.score, 0.85),
            "by its name; the short form",
        )
    most, reason = _doubt_name(column, field)
    confidence = min(candidate.score, most)
    return Proposal((column,), call(hash_list, field.name), (field.name,), confidence, reason)


def _doubt_name(column: str, field: Field) -> tuple[float, str]:
    """Return how sure a name is at most by its values, and the reason."""
    inner = field.given.explode() if field.given.dtype.is_nested() else field.texts
    for pattern, most, doubt in _DOUBTS[column]:
        if share_matching(inner.drop_nulls(), pattern) > 0:
            return most, f"by its name; {doubt}"
    return 1.0, "by its name"


def _propose_product_type(sample: Sample, made: set[str]) -> Proposal:
    codes = set(epncore.COLUMNS["dataproduct_type"].allowed_values)
    for candidate in find_candidates(sample, "dataproduct_type"):
        field = candidate.field
        values = set(field.texts)
        if values and values <= codes:
            return Proposal(
                ("dataproduct_type",),
                column(field.name),
                (field.name,),
                min(candidate.score + 0.1, 0.98),
                "EPN-TAP's own codes",
            )
        known = {value: _product_code(value) for value in values}
        if values and len(values) <= 20 and all(known.values()):
            return Proposal(
                ("dataproduct_type",),
                translation(field.name, known),
                (field.name,),
                candidate.score,
                "by its name and its words",
            )
    return _guess_product_type(sample, made)


def _guess_product_type(sample: Sample, made: set[str]) -> Proposal:
    """Guess the kind of data; what has no file is an item of a catalogue (section 2.1.2)."""
    if not made & {"access_url", "thumbnail_url", "file_name"}:
        return Proposal(
            ("dataproduct_type",),
            constant("ci"),
            (),
            0.45,
            "a guess: nothing leads to data, so an item of a catalogue",
        )
    kind, reason = _guess_kind(sample), "a guess by what fields there are"
    if not made & {"access_url", "thumbnail_url"} and kind != "ci":
        needed = "without an access_url it has to be ci"
        files = sample.kind == "files" and not sample.of_table
        if files or any(are_data_files(field) for field in sample):
            reason = f"{reason}; {needed}"  # the files are there, and lack an address only
        else:
            kind, reason = "ci", f"{kind} by {reason}, but {needed}"
    return Proposal(("dataproduct_type",), constant(kind), (), 0.45, reason)


def _product_code(value: str) -> str | None:
    words = value.rpartition(">")[2].lower().strip()
    known = {
        each: code for code, others in read_table("targets")["types"].items() for each in others
    }
    # Of a daily averaged spectrum the last word counts, of a dynamic one both.
    ends = sorted((each for each in known if f" {words}".endswith(f" {each}")), key=len)
    return known[ends[-1]] if ends else None


def _guess_kind(sample: Sample) -> str:
    """Guess the kind of data by the fields that such data have."""
    words = {word for field in sample for word in (*field.words, *field.context)}
    spoken = words | _read_addresses(sample)
    if spoken & _HAPPENED and not any(are_data_files(f) or are_pictures(f) for f in sample):
        return "ci"
    if is_of_features(sample):
        return "ci"
    ranged = find_candidates(sample, "frequency_min") and find_candidates(sample, "time_max")
    if ranged or words & {"spectrogram", "dynspec"} or _axis_types(sample) >= {"time", "freq"}:
        return "ds"
    named = {ending for field in sample for ending in _endings(field)}
    if words & {"cube", "qube", "polarization"} or "qub" in named:
        return "sc"
    if words & _OF_SPECTRA or _is_by_spectrograph(sample):
        return "sp"
    measured = (c.field for c in find_candidates(sample, "instrument_name")[:1])
    in_rows = any(share_matching(field.texts, _IN_ROWS) == 1.0 for field in measured)
    if in_rows or "epoch_first" in sample.fields or "cdf" in named:
        return "ts"  # what CDF files mostly hold
    return "ci" if words & {"event", "flare"} else "im"


def _read_addresses(sample: Sample) -> set[str]:
    """Return the words that are in all addresses of a field: ``.../view/CME/25``."""
    found = (field.texts.str.to_lowercase() for field in sample if are_addresses(field))
    each = ([{*re.findall("[a-z]+", text)} for text in texts] for texts in found)
    return {word for parts in each for word in set.intersection(*parts)}


def _is_by_spectrograph(sample: Sample) -> bool:
    """Return whether the instrument's name says that it makes spectra; a heliograph's does not."""
    named = find_candidates(sample, "instrument_name")[:1]
    return any(share_matching(c.field.texts, _SPECTRAL) == 1.0 for c in named)


def _axis_types(sample: Sample) -> set[str]:
    """List what the axes of FITS images are: the first four letters of CTYPE1, CTYPE2..."""
    fields = [sample.fields[name] for n in range(1, 5) if (name := f"CTYPE{n}") in sample.fields]
    return {value[:4].lower() for field in fields for value in field.texts.unique()}


def _endings(field: Field) -> set[str]:
    """List the endings of names of files."""
    return set(field.texts.str.extract(r"\.([A-Za-z]{2,5})$", 1).str.to_lowercase().drop_nulls())


def _propose_measurement(sample: Sample) -> Iterator[Proposal]:
    for candidate in find_candidates(sample, "measurement_type"):
        if candidate.field.is_words:
            yield _propose_ucds(candidate)
            return
    for candidate in find_candidates(sample, "measured_unit"):
        words = {value: _ucd_of_unit(value) for value in set(candidate.field.texts)}
        if words and len(words) <= 20 and all(words.values()):
            name = candidate.field.name
            yield Proposal(
                ("measurement_type",),
                translation(name, words),
                (name,),
                0.75,
                "by the unit of the data",
            )
            return


def _propose_ucds(candidate: Candidate) -> Proposal:
    field = candidate.field
    wrong = next(
        (
            why
            for text in field.texts.unique()
            for part in text.split("#")
            if (why := find_fault(part))
        ),
        "",
    )
    score, reason = (
        (0.5, f"by its name, but a value {wrong}") if wrong else (candidate.score, "by its name")
    )
    return Proposal(
        ("measurement_type",), call(hash_list, field.name), (field.name,), score, reason
    )


def _ucd_of_unit(unit: str) -> str | None:
    known = read_table("targets")["units"]
    plain_unit = unit.strip().lower().removesuffix("/beam")
    return next((ucd for ucd, units in known.items() if plain_unit in units), None)
