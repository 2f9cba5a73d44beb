"""What speaks of a target that no field names, and what only seems to."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Declared, Sample
from epnkit.drafts.propose.draft import Draft, propose
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.write.service import list_missing
from epnkit.mapping.declare import evaluate

COUNT = 12


def frame(**columns: Any) -> pl.DataFrame:
    """Make records with an identifier and a time next to some columns."""
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    base = {
        "id": [f"e{n}" for n in range(COUNT)],
        "start_time": [f"2001-01-{n + 1:02}T00:00:00" for n in range(COUNT)],
    }
    return pl.DataFrame({**base, **given})


def drafted(**columns: Any) -> Draft:
    """Draft what such records are."""
    return propose(Sample("sql", frame(**columns), COUNT), "x")


def target(**columns: Any) -> tuple[str, str, Proposal]:
    """Give the name and the class that a draft has for the first record, and the proposal."""
    records = frame(**columns)
    draft = drafted(**columns)
    named, classed = draft.of("target_name"), draft.of("target_class")
    assert named is not None
    assert classed is not None
    first = [pl.Series(_value(each, records))[0] for each in (named, classed)]
    return first[0], first[1], named


def _value(proposal: Proposal, records: pl.DataFrame) -> pl.Series:
    if isinstance(proposal.value.value, str):
        return pl.Series([proposal.value.value])
    made = evaluate(proposal.value.value, records)
    return made if isinstance(made, pl.Series) else made.values


@pytest.mark.parametrize(
    ("columns", "name", "kind"),
    [
        ({"mission": "MARS EXPRESS"}, "Mars", "planet"),
        ({"spacecraft": "LRO"}, "Moon", "satellite"),
        ({"season.marsYear": 27}, "Mars", "planet"),
        ({"ring_system": "S RINGS"}, "Saturn", "planet"),
        ({"seen": ["Io", "Europa"] * (COUNT // 2)}, "Io", "satellite"),
        ({"desig": ["67P/Churyumov-Gerasimenko", "C/2013 A1"] * (COUNT // 2)}, None, "comet"),
        ({"comet": "67P/CHURYUMOV-GERASIMENKO 1 (1969 R1)"}, None, "comet"),
        ({"planet": ["KOI-100 b", "HD 209458 b"] * (COUNT // 2)}, None, "exoplanet"),
        ({"mineral": ["Olivine", "Enstatite"] * (COUNT // 2)}, "Olivine", "sample"),
    ],
)
def test_a_target_is_found(columns: dict[str, Any], name: str | None, kind: str) -> None:
    found, classed, proposal = target(**columns)
    (given,) = columns.values()
    assert found == (name or (given if isinstance(given, str) else given[0]))
    assert classed == kind
    assert not proposal.sure or "by its name" in proposal.reason


@pytest.mark.parametrize(
    "columns",
    [
        {"solar_incidence": 30.0, "solar_distance_au": 1.5},
        {"sub_solar_longitude": 30.0, "sun_elongation": 90.0},
        {"heliocentric_distance": 5.2},
        {"parent_body": "Jupiter"},
    ],
)
def test_where_the_sun_stands_says_nothing_of_what_was_looked_at(columns: dict[str, Any]) -> None:
    proposal = drafted(**columns).of("target_name")
    assert proposal is None or proposal.confidence < 0.8


@pytest.mark.parametrize(
    ("columns", "name", "kind"),
    [
        ({"target": [["67P/C-G"], ["1P/Halley"]] * (COUNT // 2)}, "67P/C-G", "comet"),
        ({"comet": [["Halley"], ["Encke", None]] * (COUNT // 2)}, "Halley", "comet"),
        ({"target": [["Mars", "Phobos"], ["Mars"]] * (COUNT // 2)}, "Mars#Phobos", "planet"),
    ],
)
def test_lists_of_targets_are_proposed_as_they_are(
    columns: dict[str, Any], name: str, kind: str
) -> None:
    found, classed, proposal = target(**columns)
    assert (found, classed) == (name, kind)
    assert proposal.fields == tuple(columns)
    assert proposal.reason.startswith("by its name; lists such as")


@pytest.mark.parametrize(
    ("name", "value", "column"),
    [
        ("instrument", "PANDORA", "instrument_name"),
        ("telescope", "ATLAS", "instrument_host_name"),
        ("spacecraft_id", "PANDORA", "instrument_host_name"),
    ],
)
@pytest.mark.parametrize("others", [{}, {"target": "Mars"}])
def test_an_instrument_that_is_named_like_a_body_is_no_target(
    name: str, value: str, column: str, others: dict[str, str]
) -> None:
    draft = drafted(**{name: value}, **others)
    proposal, made = draft.of("target_name"), draft.of(column)
    assert (() if proposal is None else proposal.fields) == tuple(others)
    assert made is not None
    assert made.fields == (name,)


@pytest.mark.parametrize("name", ["satellite", "source"])
def test_a_satellite_or_a_source_may_be_a_body(name: str) -> None:
    found, classed, proposal = target(**{name: ["Io", "Europa"] * (COUNT // 2)})
    assert (found, classed) == ("Io", "satellite")
    assert not proposal.sure
    assert drafted(**{name: ["Io", "Europa"] * (COUNT // 2)}).of("instrument_host_name") is None


def test_a_field_that_only_its_values_speak_for_says_so() -> None:
    *_, proposal = target(seen=["Io", "Europa"] * (COUNT // 2))
    assert proposal.reason == "by its values alone; its values are Europa, Io"


def test_a_short_word_in_the_name_of_a_field_is_no_body() -> None:
    assert drafted(pan_band="550-900").of("target_name") is None


def test_where_nothing_speaks_of_a_target_it_and_its_class_are_to_decide() -> None:
    draft = drafted(seeing=2.0)
    assert draft.of("target_name") is None
    assert draft.of("target_class") is None
    assert {"target_name", "target_class"} <= {*list_missing(draft)}


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"Sel_Lat_deg": 10.0}, "Moon"),
        ({"mare": ["Mare Imbrium", "Mare Nubium"] * (COUNT // 2)}, "Moon"),
        ({"station": "Apollo 14"}, "Moon"),
        ({"instrument": "MDIS-NAC"}, "Mercury"),
        ({"spacecraft": ["Cluster 1", "Cluster 2"] * (COUNT // 2)}, "Earth"),
        ({"probe_name": "THEMIS-A", "mission": "THEMIS-A"}, "Earth"),
        ({"data_set_id": "MEX-M-HRSC-3-RDR-V3.0"}, "Mars"),
        ({"filament_length": 3.0}, "Sun"),
        ({"goes_class": "C1.2"}, "Sun"),
        ({"note": ["coronal loop", "plage"] * (COUNT // 2)}, "Sun"),
    ],
)
def test_missions_instruments_and_words_speak_of_a_body(columns: dict[str, Any], name: str) -> None:
    found, _, proposal = target(**columns)
    assert found == name
    assert not proposal.sure


def test_words_of_two_bodies_decide_nothing() -> None:
    assert drafted(note=["lunar mare", "dust devil"] * (COUNT // 2)).of("target_name") is None


@pytest.mark.parametrize(
    "declared",
    [
        Declared(about="lunar_flashes"),
        Declared(about="t: Flashes on the lunar night side"),
        Declared(descriptions={"mag": "magnitude of the lunar flash"}),
    ],
)
def test_what_a_database_says_of_a_table_speaks_of_a_body(declared: Declared) -> None:
    draft = propose(Sample("sql", frame(mag=7.3), COUNT, declared), "x")
    named = draft.of("target_name")
    assert named is not None
    assert named.value.value == "Moon"


def test_a_column_of_an_observer_s_own_body_is_not_taken_by_its_values() -> None:
    proposal = drafted(origin_body_frame=["Earth", "Mars"] * (COUNT // 2)).of("target_name")
    assert proposal is None or not proposal.sure
