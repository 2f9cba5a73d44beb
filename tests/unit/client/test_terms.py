"""Terms of a search: what people write, and what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from epnkit.client.terms import (
    Box,
    Cone,
    Polygon,
    SearchTerms,
    parse_interval,
    parse_spectral_range,
    read_terms,
)
from epnkit.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2005-04-01", 2453461.5, 2453462.5),
        ("2005-04-01/2005-04-02", 2453461.5, 2453463.5),
        ("2005-04-01T12:00..2005-04-01T18:00", 2453462.0, 2453462.25),
        ("2005/04/01", 2453461.5, 2453462.5),
    ],
)
def test_an_interval(text: str, low: float, high: float) -> None:
    found = parse_interval(text)
    assert found == pytest.approx((low, high), abs=1e-8)
    assert found[1] < high or "T" in text  # the next day is not in it


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10..40 MHz", 1e7, 4e7),
        ("10 MHz..0.04 GHz", 1e7, 4e7),
        ("100..200 nm", 299792458 / 200e-9, 299792458 / 100e-9),
        ("1000", 1000.0, 1000.0),
        ("1 keV", 2.417989242e17, 2.417989242e17),
    ],
)
def test_a_spectral_range(text: str, low: float, high: float) -> None:
    assert parse_spectral_range(text) == pytest.approx((low, high), rel=1e-8)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"time": "yesterday"}, "'yesterday' is no time"),
        ({"time": "2005-04-02/2005-04-01"}, "is no interval"),
        ({"time": ".."}, "is no time"),
        ({"frequency": "10..40 apples"}, "is no spectral range"),
        ({"frequency": "10..40 kg"}, "is no spectral range"),
        ({"frequency": "fast"}, "is no spectral range"),
        ({"cone": "1,2"}, "is no cone"),
        ({"cone": "1,95,2"}, "is no cone"),
        ({"cone": "1,nan,2"}, "is no cone"),
        ({"box": "1,2,30,20"}, "is no box"),
        ({"polygon": "1 2, 3 4"}, "is no polygon"),
        ({"polygon": "1 2, 3 4, 5"}, "is no polygon"),
        ({"cone": "1,2,3", "box": "1,2,3,4"}, "a search has one place"),
    ],
)
def test_what_cannot_be_read_is_refused(terms: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        read_terms(**terms)
    assert caught.value.cure


def test_values_are_taken_as_they_are() -> None:
    given = SearchTerms(time=(1.0, 2.0), frequency=(3.0, 4.0), place=Cone(1, 2, 3), level=3)
    assert read_terms(time=(1.0, 2.0), frequency=(3.0, 4.0), cone=Cone(1, 2, 3), level=3) == given
    assert read_terms(box=(350, 10, -5, 5)).place == Box(350, 10, -5, 5)
    assert read_terms(polygon="10 0, 20 0, 15 10").place == Polygon(((10, 0), (20, 0), (15, 10)))
    assert read_terms(time=("2005-04-01", "2005-04-02")) == read_terms(time="2005-04-01/2005-04-02")
