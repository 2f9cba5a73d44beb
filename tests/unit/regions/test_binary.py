"""Polygons as the bytes of pgsphere: read exactly, and in one form only."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.regions.geometry.binary import polygon_bytes

#: pgsphere's own number of degrees in a radian.
DEGREES = 57.295779513082320877

TRIANGLE = "{(10.0d,5.0d),(11.0d,5.0d),(10.5d,6.5d)}"


def read_bytes(value: bytes) -> list[float]:
    assert np.frombuffer(value[:4], np.int32)[0] == (len(value) - 4) // 16
    return [float(number) for number in np.frombuffer(value[4:], np.float64)]


@given(
    st.integers(10, 3_590_000_000),
    st.integers(10, 800_000_000),
    st.sampled_from([1, -1]),
    st.integers(5, 10),
)
def test_numbers_are_the_nearest_to_what_is_written(
    lon: int, lat: int, sign: int, decimals: int
) -> None:
    x, y = f"{lon / 1e7:.{decimals}f}", f"{sign * lat / 1e7:.{decimals}f}"
    corner, top = f"{float(x) + 0.5:.7f}", f"{float(y) + 1.0:.7f}"
    text = f"{{({x}d,{y}d),({corner}d,{y}d),({corner}d,{top}d)}}"
    (written,) = polygon_bytes(pl.Series([text]))
    if written is None:  # too near to an axis, or too thin
        return
    expected = [float(x), float(y), float(corner), float(y), float(corner), float(top)]
    assert read_bytes(written) == [value / DEGREES for value in expected]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "{}",
        TRIANGLE[:-1],
        TRIANGLE + "}",
        TRIANGLE + " ",
        " " + TRIANGLE,
        TRIANGLE.replace("10.0d", "1e1d"),
        TRIANGLE.replace("10.0d", "10d"),
        TRIANGLE.replace("10.0d", "10.d"),
        TRIANGLE.replace("10.0d", ".5d"),
        TRIANGLE.replace("10.0d", "+10.0d"),
        TRIANGLE.replace("10.0d", "-10.0d"),
        TRIANGLE.replace("10.0d", "1010.0d"),
        TRIANGLE.replace("10.0d", "10.00000000001d"),
        TRIANGLE.replace("10.0d", "10.0.0d"),
        TRIANGLE.replace("10.0d", "1٠.0d"),
        TRIANGLE.replace("d", "r"),
        TRIANGLE.replace("),(", ") , ("),
        TRIANGLE.replace("),(", "),,("),
        TRIANGLE.replace("),(", "),"),
        "{(10.0d,5.0d),(11.0d,5.0d)}",
        "{(10.0d,5.0d),(11.0d,5.0d),(10.5d,6.5d),}",
        "Polygon 10 5 11 5 10.5 6.5",
    ],
)
def test_any_other_form_is_left_to_pgsphere(text: str | None) -> None:
    found = polygon_bytes(pl.Series([TRIANGLE, text, TRIANGLE], dtype=pl.String))
    assert [value is None for value in found] == [False, True, False]
    assert read_bytes(found[2])[:2] == [10.0 / DEGREES, 5.0 / DEGREES]
