"""Spectral limits in Hz, against the values of real instruments."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.errors import MappingError
from epnkit.mapping.spectral import hertz, hertz_band, hertz_limits, hertz_of_lists

#: The speed of light, m/s, exact by the definition of the metre.
LIGHT = 299792458.0


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (656.28, "nm", 4.568057201e14),
        (393.37, "nm", 7.621131708e14),
        (656.28, -9, 4.568057201e14),
        (6562.8, -10, 4.568057201e14),
        (6562.8, "-10", 4.568057201e14),
        (94, "A", 3.189281468e16),
        (335, "Angstrom", 8.949028597e15),
        (335, "ANGSTROM", 8.949028597e15),
        (1083.0, "nm", 2.768166741e14),
        (1.98669, 0, 150900471.6),
        (150.9, "MHz", 1.509e8),
        (150.9, "MHZ", 1.509e8),
        (1326, "kHz", 1.326e6),
        (10.0, "Hz", 10.0),
    ],
)
def test_known_lines_and_channels(value: float, unit: str | int, expected: float) -> None:
    assert hertz(pl.Series([value]), unit).values[0] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        # The SI's prefixes are m for milli and M for mega; h = 4.135667696e-15 eV s (CODATA 2018),
        # c = 299792458 m/s.
        (3.0, "mHz", 0.003),
        (3.0, "MHz", 3e6),
        (3.0, "mhz", 3e6),
        (10.0, "meV", 2.417989242e12),
        (10.0, "MeV", 2.417989242e21),
        (10.0, "MEV", 2.417989242e21),
        (10.0, "mm", 2.99792458e10),
        (10.0, "MM", 2.99792458e10),
        (10.0, "Mm", 29.9792458),
        (10.0, "EV", 2.417989242e15),
        (10.0, "K", None),
        (10.0, "T", None),
    ],
)
def test_the_exact_spelling_of_a_unit_counts_before_another_case(
    value: float, unit: str, expected: float | None
) -> None:
    outcome = hertz(pl.Series([value]), pl.Series([unit]))
    if expected is None:
        assert outcome.values.to_list() == [None]
        assert "is not a unit of wavelength, frequency or energy" in outcome.reasons[0]
    else:
        assert outcome.values[0] == pytest.approx(expected, rel=1e-9)


def test_a_power_of_ten_of_the_hertz() -> None:
    assert hertz(pl.Series([150.9]), 6, power_of="Hz").values[0] == pytest.approx(1.509e8)


@given(st.floats(1e-12, 1e4), st.floats(1e-12, 1e4))
def test_the_limits_of_wavelengths_are_swapped(one: float, other: float) -> None:
    limits = hertz_limits(pl.Series([one]), pl.Series([other]), "m")
    assert limits.low.values[0] == pytest.approx(LIGHT / max(one, other))
    assert limits.high.values[0] == pytest.approx(LIGHT / min(one, other))


def test_a_missing_end_is_the_other_one() -> None:
    limits = hertz_limits(pl.Series([None, 20.0, None]), pl.Series([10.0, None, None]), "kHz")
    assert limits.low.values.to_list() == [10000.0, 20000.0, None]
    assert limits.high.values.to_list() == [10000.0, 20000.0, None]


def test_units_that_differ_from_record_to_record() -> None:
    units = pl.Series(["nm", "m", "MHz", "-10", "furlong", None])
    outcome = hertz(pl.Series([656.28, 1.98669, 150.9, 6562.8, 1.0, 1.0]), units)
    assert outcome.values.to_list()[:4] == pytest.approx(
        [4.568057201e14, 150900471.6, 1.509e8, 4.568057201e14], rel=1e-7
    )
    assert outcome.values.to_list()[4:] == [None, None]
    assert "furlong" in outcome.reasons[4]
    assert "no unit" in outcome.reasons[5]


def test_a_power_of_ten_out_of_this_world_is_refused() -> None:
    outcome = hertz(pl.Series([1083.0]), pl.Series([4.8e-38]))
    assert outcome.values.to_list() == [None]
    assert "4.8e-38" in outcome.reasons[0]


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_what_is_not_above_zero_is_refused(value: float) -> None:
    outcome = hertz(pl.Series([value]), "nm")
    assert outcome.values.to_list() == [None]
    assert "above zero" in outcome.reasons[0]


def test_a_range_with_a_wrong_end_is_refused_whole() -> None:
    limits = hertz_limits(pl.Series([-5.0]), pl.Series([10.0]), "kHz")
    assert limits.low.values.to_list() == limits.high.values.to_list() == [None]
    assert limits.low.reasons[0] is not None


def test_a_unit_that_is_none_of_light_is_told() -> None:
    with pytest.raises(MappingError, match="kg"):
        hertz(pl.Series([1.0]), "kg")


def test_a_band_lies_around_its_centre() -> None:
    limits = hertz_band(pl.Series([78900146.484375]), 195312.5, "Hz")
    assert limits.low.values.to_list() == [78802490.234375]
    assert limits.high.values.to_list() == [78997802.734375]


def test_a_band_in_wavelength_is_swapped() -> None:
    limits = hertz_band(pl.Series([656.2]), pl.Series([0.05]), "nm")
    assert limits.low.values[0] == pytest.approx(LIGHT / 656.225e-9)
    assert limits.high.values[0] == pytest.approx(LIGHT / 656.175e-9)


def test_lists_of_frequencies_filled_up_with_zeros() -> None:
    lists = pl.Series([[2280, 3270, 4080, 1509, 4320, 0, 0, 0], [0, 0], None])
    limits = hertz_of_lists(lists, "100 kHz")
    assert np.allclose(limits.low.values[0], 1.509e8, rtol=1e-12)
    assert np.allclose(limits.high.values[0], 4.320e8, rtol=1e-12)
    assert limits.low.values.to_list()[1:] == [None, None]


@pytest.mark.parametrize("unit", ["nm", "MHz", "keV", "cm-1"])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 0.0, -1.0])
def test_what_is_no_light_is_refused_in_every_unit(value: float, unit: str) -> None:
    """An infinite wavelength is no frequency of zero."""
    for units in (unit, pl.Series([unit])):
        found = hertz(pl.Series([value]), units)
        assert found.values.to_list() == [None]
        assert found.reasons[0] is not None
