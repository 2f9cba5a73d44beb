"""Units that anyone may have written."""

from __future__ import annotations

import pytest
from astropy import units as u

from epnkit.mapping.spectral import unit_of
from epnkit.units import parse_unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [("nm", u.nm), ("10**-10 m", u.AA), ("km/s", u.km / u.s), ("1e3 Hz", u.kHz), ("%", u.percent)],
)
def test_units_are_parsed(text: str, unit: u.UnitBase) -> None:
    assert parse_unit(text) == unit


# astropy did not end with the first in ten minutes; the scales of some others are no numbers.
@pytest.mark.parametrize(
    "text",
    ["10**9999999999 m", "MHz9999", "1e400 m", "0 m", "parsnip", "", " ", "m/", "(" * 3000, "m\0"],
)
def test_others_are_none(text: str) -> None:
    assert parse_unit(text) is None
    assert unit_of(text) is None
