"""Contours in time and frequency: traced right, and valid to the format's own judge."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.tfcat import contour

#: The reference validator, of Debian's package starlink-tfcat-java.
JUDGE = Path("/usr/share/java/starlink-tfcat.jar")


def write_contour(code: str | None, low: float | None = 1.0, high: float | None = 2.0) -> Outcome:
    codes = pl.Series([code], dtype=pl.String)
    begin, end = pl.Series(["1970-01-02T00:00:00"]), pl.Series(["1970-01-02T00:02:00"])
    limits = [pl.Series([each], dtype=pl.Float64) for each in (low, high)]
    return contour(codes, begin, end, limits[0], limits[1], pl.Series(["wind"]))


def ring(outcome: Outcome) -> list[list[float]]:
    document: Any = json.loads(outcome.values[0])
    (polygon,) = document["features"][0]["geometry"]["coordinates"]
    return list(polygon)


def test_a_square_is_laid_between_its_limits() -> None:
    # Two steps later, two up, two back, two down; two minutes, 1 to 2 MHz.
    assert ring(write_contour("44660022")) == [
        [86400.0, 1.0],
        [86460.0, 1.0],
        [86520.0, 1.0],
        [86520.0, 1.5],
        [86520.0, 2.0],
        [86460.0, 2.0],
        [86400.0, 2.0],
        [86400.0, 1.5],
        [86400.0, 1.0],
    ]


def test_a_drift_to_lower_frequencies_goes_up_to_the_left() -> None:
    assert ring(write_contour("4703")) == [
        [86460.0, 1.0],
        [86520.0, 1.0],
        [86460.0, 2.0],
        [86400.0, 2.0],
        [86460.0, 1.0],
    ]


@pytest.mark.parametrize(
    ("code", "reason"), [("4476", "does not return"), ("44x600", "digits 0 to 7"), ("", "empty")]
)
def test_a_wrong_code_has_its_reason(code: str, reason: str) -> None:
    outcome = write_contour(code)
    assert outcome.values[0] is None
    assert reason in outcome.reasons[0]


def test_nothing_given_is_nothing_written() -> None:
    for outcome in (write_contour(None), write_contour("4703", low=None)):
        assert (outcome.values[0], outcome.reasons[0]) == (None, None)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 30))
def test_the_box_of_a_contour_is_what_was_given(width: int, height: int, slant: int) -> None:
    code = "4" * width + "6" * height + "7" * slant + "0" * width + "3" * slant + "2" * height
    times, frequencies = zip(*ring(write_contour(code)), strict=True)
    assert (min(times), max(times)) == (86400.0, 86520.0)
    assert (min(frequencies), max(frequencies)) == (1.0, 2.0)


def test_the_reference_validator_has_no_complaint(tmp_path: Path) -> None:
    path = tmp_path / "burst.tfcat"
    path.write_text(write_contour("44470003").values[0])
    done = subprocess.run(
        ["java", "-jar", JUDGE, path], capture_output=True, text=True, check=False
    )
    # The validator of Debian 13 says first that it does not look at UCDs.
    said = re.sub(r".*createUcdChecker\n.*no UCD checking\n", "", done.stderr)
    assert (done.returncode, done.stdout, said) == (0, "", "")
