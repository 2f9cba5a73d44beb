"""Plots as a path in a stretched box, with ticks told beside it: readable at any width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from epnkit.report.facts import BINS_PER_DECADE, active

#: How many bars a plot has at most.
_BARS = 240

_UNIX = 2440587.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: What stands before a unit, by powers of a thousand, and where the power 0 is.
_PREFIXES = ("a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y")
_ONE = 6

#: A blank between a number and its unit.
_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Tick:
    """A mark of an axis.

    Parameters
    ----------
    at : float
        Where, in percent of the axis.
    label : str
        What it says.
    """

    at: float
    label: str


@dataclass(frozen=True)
class Plot:
    """Something drawn in a box of 100 by 100, whose y runs down.

    Parameters
    ----------
    path : str
        The drawing, in the words of SVG.
    across, up : list of Tick
        The ticks of both axes, from left to right and from below to above.
    told : str
        The same in words, for those who don't see it.
    across_label, up_label : str
        Quantity and unit of the axes.
    """

    path: str
    across: list[Tick]
    up: list[Tick]
    told: str
    across_label: str
    up_label: str


def moment(julian_date: float) -> datetime:
    """Give the time of a Julian date, to a tenth of a millisecond."""
    return _EPOCH + timedelta(seconds=round((julian_date - _UNIX) * 86400, 4))


def time_plot(days: Sequence[tuple[int, int, int]]) -> Plot | None:
    """Plot how many granules begin in each part of the time; None without any."""
    if not days:
        return None
    first, last = min(day for day, _, _ in days), max(day for _, day, _ in days) + 1
    width = max(1, math.ceil((last - first) / _BARS))
    bars = [0] * math.ceil((last - first) / width)
    for day, _, count in days:
        bars[(day - first) // width] += count
    span = len(bars) * width
    # A day of the calendar begins half a day before the Julian day of its number.
    begin = moment(first - 0.5)
    noun = "day" if width == 1 else f"{width} days"
    return Plot(
        _bars(bars),
        _date_ticks(begin, span),
        _count_ticks(max(bars)),
        f"Granules begun per {noun}, at most {max(bars)}",
        "Date (UTC)",
        f"Granules per {noun}",
    )


def spectrum_plot(pairs: Sequence[tuple[int, int, int]]) -> Plot | None:
    """Plot how many granules cover each frequency; None without any."""
    if not pairs:
        return None
    margin = BINS_PER_DECADE // 20
    start, counts = active(pairs)
    counts = [0] * margin + counts + [0] * margin
    width = math.ceil(len(counts) / _BARS)
    bars = [max(counts[at : at + width]) for at in range(0, len(counts), width)]
    low = (start - margin) / BINS_PER_DECADE
    high = low + len(bars) * width / BINS_PER_DECADE
    return Plot(
        _bars(bars),
        _frequency_ticks(low, high),
        _count_ticks(max(bars)),
        f"Granules that cover each frequency, at most {max(bars)}",
        "Frequency (Hz, logarithmic)",
        "Granules",
    )


def frequency(hertz: float) -> str:
    """Write a frequency with four digits, as ``150 MHz``."""
    return _with_prefix(hertz, "Hz")


def wavelength(hertz: float) -> str:
    """Write the wavelength in vacuum of a frequency with four digits, as ``656.3 nm``."""
    return _with_prefix(299_792_458 / hertz, "m")


def _with_prefix(value: float, unit: str) -> str:
    power = min(max(math.floor(math.log10(value) / 3 + 1e-9), -_ONE), len(_PREFIXES) - _ONE - 1)
    return f"{value / 1000.0**power:.4g}{_NO_BREAK}{_PREFIXES[power + _ONE]}{unit}"


def _bars(bars: Sequence[int]) -> str:
    """Draw bars that stand on the ground, those of zero left out."""
    wide, high = 100 / len(bars), 100 / max(*bars, 1)
    return "".join(
        f"M{at * wide:.2f} 100v-{max(count * high, 0.7):.2f}h{wide:.3f}V100z"
        for at, count in enumerate(bars)
        if count
    )


def _count_ticks(highest: int) -> list[Tick]:
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(4, integer=True).tick_values(0, max(highest, 1))
    return [Tick(100 * v / highest, f"{v:,.0f}") for v in values if 0 <= v <= highest]


def _date_ticks(begin: datetime, days: int) -> list[Tick]:
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
    """Give ticks at decades, or at round numbers where there is less than one."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    if high - low >= 1:
        steps = (1.0, 2.0, 5.0) if high - low < 2.5 else (1.0,)
        values = LogLocator(subs=steps, numticks=9).tick_values(10**low, 10**high)
    else:
        values = MaxNLocator(5).tick_values(10**low, 10**high)
    ticks = ((math.log10(value), value) for value in values if value > 0)
    return [
        Tick(100 * (at - low) / (high - low), frequency(value))
        for at, value in ticks
        if low <= at <= high
    ]
