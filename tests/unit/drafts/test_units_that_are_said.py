"""The unit that a person gives where a draft guessed one: the rest of the proposal stays."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.alternatives import CHOSEN, take_unit
from epnkit.drafts.propose.draft import propose
from epnkit.drafts.propose.proposal import Proposal
from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import evaluate

COUNT = 40
C = 299792458.0


def sample(**columns: Any) -> Sample:
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    base = {
        "event_id": [f"e{n}" for n in range(COUNT)],
        "start_time": [f"2001-01-01T{n % 24:02}:00:00" for n in range(COUNT)],
    }
    return Sample("sql", pl.DataFrame({**base, **given}), COUNT)


def guess(of: Sample, column: str) -> Proposal:
    proposal = propose(of, "x").of(column)
    assert proposal is not None
    assert proposal.with_unit is not None
    return proposal


def values(proposal: Proposal, of: Sample) -> pl.Series:
    """Evaluate a proposal, of a range its lower limit."""
    made = evaluate(proposal.value.value, of.records)
    made = getattr(made, "low", made)
    return made if isinstance(made, pl.Series) else made.values


def test_the_unit_of_records_that_lack_one_is_said() -> None:
    units = ["um" if n % 2 else "nm" for n in range(COUNT)]
    units[:2] = ["um", "um"]
    lengths = [0.6563 if unit == "um" else 656.3 for unit in units]
    records = sample(wavelength=[*lengths[1:], 656.3], wavelength_unit=[*units[1:], None])
    chosen = take_unit(records, guess(records, "spectral_range_min"), "nm")
    assert chosen.confidence == CHOSEN
    assert chosen.fields == ("wavelength", "wavelength_unit")
    assert values(chosen, records).to_list() == pytest.approx([C / 656.3e-9] * COUNT)


def test_values_that_stand_for_none_stay_none() -> None:
    records = sample(wavelength=["0", *["656.3"] * (COUNT - 1)])
    chosen = take_unit(records, guess(records, "spectral_range_min"), "nm")
    assert "don't fit" not in chosen.reason
    found = values(chosen, records).to_list()
    assert found[0] is None
    assert found[1:] == pytest.approx([C / 656.3e-9] * (COUNT - 1))


@pytest.mark.parametrize(
    ("columns", "column", "unit", "value"),
    [
        ({"alt_min": 40.0, "alt_max": 90.0}, "c3min", "m", 0.04),
        ({"alt_min": 40.0, "alt_max": 90.0}, "c3max", "KM", 90.0),
        ({"exposure_used": 40.0}, "time_exp_min", "ms", 0.04),
        ({"integration_used": 2.0}, "time_exp_max", "Minutes", 120.0),
    ],
)
def test_heights_and_durations_are_made_again(
    columns: dict[str, float], column: str, unit: str, value: float
) -> None:
    records = sample(planet="Mars", lat_c=1.0, lon_c=3.0, **columns)
    chosen = take_unit(records, guess(records, column), unit)
    assert chosen.confidence == CHOSEN
    assert values(chosen, records)[0] == pytest.approx(value)
    assert chosen.with_unit is None


@pytest.mark.parametrize(
    ("columns", "column", "said"),
    [
        ({"alt_min": 40.0}, "c3min", "'kg' is no unit of length"),
        ({"integration_used": 2.0}, "time_exp_min", "'kg' is no unit of time"),
        ({"wave": 656.3}, "spectral_range_min", "'kg' is no unit of wavelength"),
    ],
)
def test_another_kind_of_unit_is_refused(columns: dict[str, float], column: str, said: str) -> None:
    records = sample(planet="Mars", lat_c=1.0, lon_c=3.0, **columns)
    with pytest.raises(ConfigurationError, match=said):
        take_unit(records, guess(records, column), "kg")


def test_a_unit_that_is_no_guess_stays() -> None:
    records = sample(wavelength_nm=656.3)
    proposal = propose(records, "x").of("spectral_range_min")
    assert proposal is not None
    assert take_unit(records, proposal, "um") is proposal
