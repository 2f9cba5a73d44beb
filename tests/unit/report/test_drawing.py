"""What the report draws: counts, calendars, ticks, footprints."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.report import calendar, chart, plots
from epnkit.report.facts import count_active
from epnkit.report.page import format_duration

DAY = st.integers(2_440_000, 2_440_800)
PAIRS = st.lists(
    st.tuples(DAY, st.integers(0, 40), st.integers(1, 9)).map(lambda t: (t[0], t[0] + t[1], t[2]))
)


def read_number(day: date) -> int:
    """Give the Julian day number: 2440588 is the first of January 1970."""
    return 2_440_588 + (day - date(1970, 1, 1)).days


@given(PAIRS)
def test_what_is_active_is_what_a_loop_counts(pairs: list[tuple[int, int, int]]) -> None:
    start, counts = count_active(pairs)
    for offset, count in enumerate(counts):
        day = start + offset
        assert count == sum(n for first, last, n in pairs if first <= day <= last)
    assert sum(counts) == sum((last - first + 1) * n for first, last, n in pairs)


@given(PAIRS)
def test_a_year_has_all_its_days_once(pairs: list[tuple[int, int, int]]) -> None:
    for year in calendar.draw_years(pairs):
        squares = [re.findall(r"M(\d+)\.05 (\d)\.05", path) for path in [year.empty, *year.shades]]
        flat = [square for path in squares for square in path]
        length = 366 if year.number in (1968, 1972) else 365
        assert len(flat) == len(set(flat)) == length
        assert sum(map(len, squares[1:])) == year.days


def test_a_day_stands_in_its_week() -> None:
    # The first of March 2022 was a Tuesday, in the tenth week whose first holds Saturday the first.
    (year,) = calendar.draw_years(
        [(read_number(date(2022, 3, 1)), read_number(date(2022, 3, 1)), 5)]
    )
    assert (year.number, year.days, year.most) == (2022, 1, 5)
    assert year.shades[-1].startswith("M9.05 1.05")


def test_years_without_data_are_left_out_and_the_last_is_first() -> None:
    pairs = [
        (read_number(date(y, 5, 1)), read_number(date(y, 5, 1)), 1) for y in (1912, 1999, 2017)
    ]
    assert [year.number for year in calendar.draw_years(pairs)] == [2017, 1999, 1912]


@pytest.mark.parametrize("highest", [1, 2, 3, 10, 10**6])
def test_shades_rise_from_one(highest: int) -> None:
    bounds = calendar.shade_bounds(highest)
    assert bounds[0] == 1
    assert bounds == sorted(bounds)
    assert bounds[-1] <= highest


def test_no_granules_no_plots() -> None:
    assert plots.plot_times([]) is None
    assert plots.plot_spectrum([]) is None
    assert calendar.draw_years([]) == []


def test_the_height_of_a_bar_is_its_count() -> None:
    plot = plots.plot_times([(2_450_000, 2_450_000, 10), (2_450_001, 2_450_001, 5)])
    assert plot is not None
    assert re.findall(r"M([\d.]+) 100v-([\d.]+)", plot.path) == [
        ("0.00", "100.00"),
        ("50.00", "50.00"),
    ]
    assert [tick.label for tick in plot.up] == ["0", "3", "6", "9"]


@given(DAY, st.integers(1, 40_000))
def test_date_ticks_lie_in_the_plot_and_differ(first: int, length: int) -> None:
    plot = plots.plot_times([(first, first, 1), (first + length, first + length, 1)])
    assert plot is not None
    labels = [tick.label for tick in plot.across]
    assert 1 <= len(labels) <= 12
    assert len(set(labels)) == len(labels)
    assert all(0 <= tick.at <= 100 for tick in plot.across)


@given(st.floats(1, 1e18), st.floats(1, 1e6))
def test_frequency_ticks_lie_in_the_plot(low: float, factor: float) -> None:
    bins = [math.floor(math.log10(value) * 200) for value in (low, low * factor)]
    plot = plots.plot_spectrum([(bins[0], bins[1], 3)])
    assert plot is not None
    assert plot.across
    assert all(-0.01 <= tick.at <= 100.01 for tick in plot.across)
    assert len({tick.label for tick in plot.across}) == len(plot.across)


@pytest.mark.parametrize(
    ("hertz", "frequency", "wavelength"),
    [
        (150e6, "150 MHz", "1.999 m"),
        (1000.0, "1 kHz", "299.8 km"),
        (999.0, "999 Hz", "300.1 km"),
        (4.568e14, "456.8 THz", "656.3 nm"),
        (2.418e18, "2.418 EHz", "124 pm"),
        (0.01, "10 mHz", "29.98 Gm"),
    ],
)
def test_frequencies_and_wavelengths(hertz: float, frequency: str, wavelength: str) -> None:
    assert plots.format_frequency(hertz).replace("\N{NO-BREAK SPACE}", " ") == frequency
    assert plots.format_wavelength(hertz).replace("\N{NO-BREAK SPACE}", " ") == wavelength


def test_moments() -> None:
    assert f"{plots.from_julian_date(2_440_587.5):%Y-%m-%d %H:%M:%S}" == "1970-01-01 00:00:00"
    assert f"{plots.from_julian_date(2_459_671.25):%Y-%m-%d %H:%M:%S}" == "2022-04-01 18:00:00"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "under 1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3660, "1 h 1 min"),
        (86400, "1 d"),
        (86400 * 1403 + 7200, "1,403 d 2 h"),
        (3605, "1 h"),
    ],
)
def test_durations(seconds: int, told: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == told


def read_corners(path: str) -> list[list[tuple[float, float]]]:
    rings = [ring for ring in path.split("z") if ring]
    return [
        [tuple(map(float, pair.split())) for pair in ring.lstrip("M").split("L")]  # type: ignore[misc]
        for ring in rings
    ]


def test_pgspheres_text_is_read() -> None:
    text = "{(359.5d , -1.25d),(0.5d , -1e-05d),(1d , 2d)}"
    assert chart.read_polygon(text).tolist() == [[359.5, -1.25], [0.5, -1e-5], [1, 2]]


def test_a_footprint_within_the_map_is_drawn_once() -> None:
    square = np.array([[10.0, 10.0], [20.0, 10.0], [20.0, 20.0], [10.0, 20.0]])
    assert read_corners(chart.draw_outline(square)) == [[(10, 80), (20, 80), (20, 70), (10, 70)]]


def test_a_footprint_across_the_edge_is_drawn_at_both_sides() -> None:
    square = np.array([[350.0, 0.0], [10.0, 0.0], [10.0, 5.0], [350.0, 5.0]])
    rings = read_corners(chart.draw_outline(square))
    assert sorted(min(x for x, _ in ring) for ring in rings) == [-10, 350]
    assert all(max(x for x, _ in ring) - min(x for x, _ in ring) == 20 for ring in rings)


@pytest.mark.parametrize(("latitude", "edge"), [(80.0, 0.0), (-80.0, 180.0)])
def test_a_footprint_around_a_pole_reaches_the_edge_of_the_map(
    latitude: float, edge: float
) -> None:
    cap = np.array([[longitude, latitude] for longitude in range(0, 360, 30)], float)
    for ring in read_corners(chart.draw_outline(cap)):
        assert {y for _, y in ring} == {90 - latitude, edge}
        assert max(x for x, _ in ring) - min(x for x, _ in ring) == 360


def test_a_footprint_of_many_corners_is_thinned() -> None:
    angle = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    ring = np.column_stack([100 + 10 * np.cos(angle), 10 * np.sin(angle)])
    (drawn,) = read_corners(chart.draw_outline(ring))
    assert len(drawn) < 100
    assert max(x for x, _ in drawn) == pytest.approx(110, abs=0.1)
