"""Plots as an SVG path in a stretched box, with ticks outside of it: readable at any width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from epnkit.modules import requires_extra
from epnkit.report.facts import BINS_PER_DECADE, count_active

#: The largest number of bars of a plot.
_BARS = 240

_UNIX = 2440587.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: The SI prefixes by powers of a thousand, and the index of the power 0.
_PREFIXES = ("a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y")
_ONE = 6

#: The space between a number and its unit.
_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Tick:
    """A mark of an axis.

    Parameters
    ----------
    at : float
        Its position, in percent of the axis.
    label : str
        Its text.
    """

    at: float
    label: str


@dataclass(frozen=True)
class Plot:
    """A plot in a box of 100 by 100, whose y runs down.

    Parameters
    ----------
    path : str
        The bars, as an SVG path.
    across, up : list of Tick
        The ticks of both axes, from left to right and from below to above.
    summary : str
        A description, for those who cannot see it.
    across_label, up_label : str
        Quantity and unit of the axes.
    """

    path: str
    across: list[Tick]
    up: list[Tick]
    summary: str
    across_label: str
    up_label: str


def from_julian_date(julian_date: float) -> datetime:
    """Convert a Julian date to a time, to a tenth of a millisecond."""
    return _EPOCH + timedelta(seconds=round((julian_date - _UNIX) * 86400, 4))


def plot_times(days: Sequence[tuple[int, int, int]]) -> Plot | None:
    """Plot how many granules begin in each interval of time; None without granules."""
    if not days:
        return None
    first, last = min(day for day, _, _ in days), max(day for _, day, _ in days) + 1
    width = max(1, math.ceil((last - first) / _BARS))
    bars = [0] * math.ceil((last - first) / width)
    for day, _, count in days:
        bars[(day - first) // width] += count
    span = len(bars) * width
    # A day of the calendar begins half a day before the Julian day of its number.
    begin = from_julian_date(first - 0.5)
    noun = "day" if width == 1 else f"{width} days"
    return Plot(
        _draw_bars(bars),
        _date_ticks(begin, span),
        _count_ticks(max(bars)),
        f"Granules begun per {noun}, at most {max(bars)}",
        "Date (UTC)",
        f"Granules per {noun}",
    )


def plot_spectrum(pairs: Sequence[tuple[int, int, int]]) -> Plot | None:
    """Plot how many granules cover each frequency; None without granules."""
    if not pairs:
        return None
    margin = BINS_PER_DECADE // 20
    start, counts = count_active(pairs)
    counts = [0] * margin + counts + [0] * margin
    width = math.ceil(len(counts) / _BARS)
    bars = [max(counts[at : at + width]) for at in range(0, len(counts), width)]
    low = (start - margin) / BINS_PER_DECADE
    high = low + len(bars) * width / BINS_PER_DECADE
    return Plot(
        _draw_bars(bars),
        _frequency_ticks(low, high),
        _count_ticks(max(bars)),
        f"Granules that cover each frequency, at most {max(bars)}",
        "Frequency (Hz, logarithmic)",
        "Granules",
    )


def format_frequency(hertz: float) -> str:
    """Write a frequency with four digits, as ``150 MHz``."""
    return _format_with_prefix(hertz, "Hz")


def format_wavelength(hertz: float) -> str:
    """Write the wavelength in vacuum of a frequency with four digits, as ``656.3 nm``."""
    return _format_with_prefix(299_792_458 / hertz, "m")


def _format_with_prefix(value: float, unit: str) -> str:
    power = min(max(math.floor(math.log10(value) / 3 + 1e-9), -_ONE), len(_PREFIXES) - _ONE - 1)
    return f"{value / 1000.0**power:.4g}{_NO_BREAK}{_PREFIXES[power + _ONE]}{unit}"


def _draw_bars(bars: Sequence[int]) -> str:
    """Draw bars from the bottom, without those of zero."""
    wide, high = 100 / len(bars), 100 / max(*bars, 1)
    return "".join(
        f"M{at * wide:.2f} 100v-{max(count * high, 0.7):.2f}h{wide:.3f}V100z"
        for at, count in enumerate(bars)
        if count
    )


def _count_ticks(highest: int) -> list[Tick]:
    with requires_extra("plots"):
        from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(4, integer=True).tick_values(0, max(highest, 1))
    return [Tick(100 * v / highest, f"{v:,.0f}") for v in values if 0 <= v <= highest]


def _date_ticks(begin: datetime, days: int) -> list[Tick]:
    with requires_extra("plots"):
        from matplotlib.dates import (
            DAYS_PER_MONTH,
            DAYS_PER_YEAR,
            AutoDateFormatter,
            AutoDateLocator,
            date2num,
            num2date,
        )

    end = begin + timedelta(days=days)
    locator = AutoDateLocator(minticks=3, maxticks=8)
    values = locator.tick_values(begin, end)
    form = AutoDateFormatter(locator, defaultfmt="%Y-%m-%d")
    form.scaled = {
        DAYS_PER_YEAR: "%Y",
        DAYS_PER_MONTH: "%Y-%m",
        1.0: "%Y-%m-%d",
        1 / 24: "%m-%d %H:%M",
    }
    origin = date2num(begin)
    return [
        Tick(100 * (value - origin) / days, form(value))
        for value in values
        if begin <= num2date(value) <= end
    ]


def _frequency_ticks(low: float, high: float) -> list[Tick]:
    """Return ticks at decades, or at round numbers if the range is less than one."""
    with requires_extra("plots"):
        from matplotlib.ticker import LogLocator, MaxNLocator

    if high - low >= 1:
        steps = (1.0, 2.0, 5.0) if high - low < 2.5 else (1.0,)
        values = LogLocator(subs=steps, numticks=9).tick_values(10**low, 10**high)
    else:
        values = MaxNLocator(5).tick_values(10**low, 10**high)
    ticks = ((math.log10(value), value) for value in values if value > 0)
    return [
        Tick(100 * (at - low) / (high - low), format_frequency(value))
        for at, value in ticks
        if low <= at <= high
    ]
