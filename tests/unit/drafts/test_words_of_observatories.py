"""Names of fields as observatories and archives of several countries have them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import Draft, propose
from epnkit.mapping.declare import evaluate

COUNT = 12


def draft(**columns: Any) -> Draft:
    """Propose for some columns; one value is that of all."""
    return propose(sample(**columns), "x")


def sample(**columns: Any) -> Sample:
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], **given})
    return Sample("sql", records, COUNT)


def fields(made: Draft, column: str) -> tuple[str, ...] | None:
    proposal = made.of(column)
    return None if proposal is None else proposal.fields


@pytest.mark.parametrize("place", ["station", "observatory", "stn", "obscode", "Sternwarte"])
def test_a_place_is_the_host_of_a_telescope(place: str) -> None:
    telescope = "Fernrohr" if place == "Sternwarte" else "telescope"
    made = draft(**{place: "K09", telescope: "11 cm Zeiss refractor"})
    assert fields(made, "instrument_host_name") == (place,)
    assert fields(made, "instrument_name") == (telescope,)


@pytest.mark.parametrize("name", ["Kamera", "antenne", "recepteur", "ant"])
def test_instruments_are_known_in_other_languages(name: str) -> None:
    assert fields(draft(**{name: "Watec 902"}), "instrument_name") == (name,)


def test_a_day_without_a_month_and_hours_of_both_sides_are_times() -> None:
    given = sample(
        an=1990,
        jour=[18 + 10 * n for n in range(COUNT)],
        h_deb=[0.5 + n for n in range(COUNT)],
        h_fin=[0.75 + n for n in range(COUNT)],
    )
    made = propose(given, "x")
    start, end = made.of("time_min"), made.of("time_max")
    assert start is not None
    assert end is not None
    first, last = (evaluate(each.value.value, given.records).values[0] for each in (start, end))
    assert first == pytest.approx(2447909.520833333)
    assert last == pytest.approx(2447909.53125)


def test_german_longitude_and_latitude_are_known_by_their_degrees() -> None:
    grown = [float(n) for n in range(COUNT)]
    made = draft(Laenge_Grad=grown, Breite_Grad=grown)
    assert fields(made, "c1min") == ("Laenge_Grad",)
    assert fields(made, "c2min") == ("Breite_Grad",)


@pytest.mark.parametrize("name", ["solo_hgs_lon", "sc_lon", "observer_lon", "hgln_obs"])
def test_the_place_of_the_observer_is_not_that_of_the_target(name: str) -> None:
    made = draft(**{name: [float(n) for n in range(COUNT)], "target_name": "Sun"})
    assert fields(made, "c1min") is None


@pytest.mark.parametrize("name", ["observationduration", "obs_duration", "exposure_duration"])
def test_the_duration_of_an_observation_is_its_exposure(name: str) -> None:
    assert fields(draft(**{name: 0.5}), "time_exp_min") == (name,)


def test_a_start_and_a_stop_are_spectral_by_their_unit() -> None:
    made = draft(Start=300.0, Stop=2600.0, Units="nm")
    assert fields(made, "spectral_range_min") == ("Start", "Stop", "Units")
