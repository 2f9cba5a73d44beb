"""Times whose parts are columns: what is no part, or no time of a day, is refused."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.mapping.date_parts import julian_date_of_parts


def read(*parts: float | str | None) -> tuple[float | None, str | None]:
    made = julian_date_of_parts(*(pl.Series([part]) for part in parts))
    return made.values[0], made.reasons[0]


@pytest.mark.parametrize(
    ("parts", "date"),
    [
        ((2012, 5, 1), 2456048.5),
        (("2012", "05", "01", "06", "00", "30"), 2456048.7503472222),
        ((2012, 5, 1, 6.5), 2456048.7708333333),
        ((2012, 5, 1, 24, 0, 0.0), 2456049.5),
        # The day has 86,401 seconds: astropy's Time("2012-06-30T23:59:60.5").jd, and so on.
        ((2012, 6, 30, 23, 59, 60.5), 2456109.499994213),
        ((2012, 6, 30, 12), 2456108.999994213),
        ((2012, 6, 30, 24, 0, 0), 2456109.5),
        ((2012, 5, 1, None, None, float("nan")), 2456048.5),
    ],
)
def test_times_are_read(parts: tuple[float | str | None, ...], date: float) -> None:
    found, reason = read(*parts)
    assert found == pytest.approx(date, abs=1e-9)
    assert reason is None


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((12, 5, 1), "12 is not a year of four digits"),
        ((2012, 13, 1), "13 is not a month"),
        ((2012, 5, 1.5), "1.5 is not a day"),
        ((2012, 2, 30), "'2012-02-30' is not a time"),
        ((2012, 5, 1, 25), "25 is not an hour"),
        ((2012, 5, 1, -99, 0, 0), "-99 is not an hour"),
        ((2012, 5, 1, 6.5, 30), "6.5 is not an hour"),
        ((2012, 5, 1, 6, 99, 0), "99 is not a minute"),
        ((2012, 5, 1, 6, 0, 75.0), "75.0 is not a second"),
        ((2012, 5, 1, 24, 0, 1.0), "86401.0 seconds are more than a day"),
        ((2012, 5, 1, 12, 30, 60.0), "60.0 is no second of this minute"),
        ((2012, 5, 1, 23, 59, 60.0), "60.0 is no second of this minute"),
        ((2012, "May", 1), "'May' is not a month"),
    ],
)
def test_what_is_no_time_is_refused(parts: tuple[float | str | None, ...], why: str) -> None:
    assert read(*parts) == (None, why)
