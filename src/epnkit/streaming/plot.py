"""Pictures of streams: dynamic spectra and curves of any span, as PNG with axes and units."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.modules import requires_extra
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.declare import Variable
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.readers.base import Floats
from epnkit.streaming.reduce import choose_level, step_of
from epnkit.streaming.times import SECOND, write_time
from epnkit.streaming.views import View, make_view

#: Dots an inch: letters have the same size in each picture.
_DPI = 100

#: Pixels beside the spectrum, for numbers and labels, and the largest part of a small picture.
_LEFT, _RIGHT, _BELOW, _ABOVE = (90, 0.2), (120, 0.25), (64, 0.25), (50, 0.2)

#: Pixels that labels need at least: a smaller picture is the spectrum alone.
_LEAST_WIDTH, _LEAST_HEIGHT = 300, 160

#: Where on the right the bar of colours begins and ends, as a part of that side.
_BAR = (0.12, 0.27)

#: Pixels that the time at a tick needs.
_TICK = 70

#: The share of values that are darker or brighter than the colours show.
_OUTLIERS = (2.0, 99.7)

#: From which ratio of frequencies on their axis is logarithmic.
_LOGARITHMIC = 20.0

#: matplotlib's fonts are shared by all threads.
_LOCK = Lock()


@dataclass(frozen=True)
class Picture:
    """What is to be drawn.

    Parameters
    ----------
    feed : DataSetFeed
        The data set.
    variable : Variable
        The parameter.
    start, stop : int
        The span, nanoseconds since 1970.
    width, height : int
        Pixels.
    """

    feed: DataSetFeed
    variable: Variable
    start: int
    stop: int
    width: int = 1000
    height: int = 500

    @property
    def has_labels(self) -> bool:
        """Whether there is room for labels."""
        return self.width >= _LEAST_WIDTH and self.height >= _LEAST_HEIGHT

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Where the spectrum is, in parts of the picture: left, bottom, width, height."""
        if not self.has_labels:
            return 0.0, 0.0, 1.0, 1.0
        left, right = (min(px / self.width, most) for px, most in (_LEFT, _RIGHT))
        below, above = (min(px / self.height, most) for px, most in (_BELOW, _ABOVE))
        return left, below, 1.0 - left - right, 1.0 - below - above

    @property
    def columns(self) -> int:
        """Pixels of the time axis."""
        return round(self.width * self.frame[2])

    @property
    def rows(self) -> int:
        """Pixels of the frequency axis."""
        return round(self.height * self.frame[3])


def draw(picture: Picture, pyramid: Pyramid | None) -> bytes:
    """Draw a parameter.

    Parameters
    ----------
    picture : Picture
        What is drawn.
    pyramid : Pyramid, optional
        Kept reductions.

    Returns
    -------
    bytes
        A PNG file.
    """
    resolution = (picture.stop - picture.start) / SECOND / picture.columns
    level = choose_level(resolution)
    view = make_view(picture.feed, picture.variable, picture.start, picture.stop, level, pyramid)
    with _LOCK:
        return _render(picture, view)


def _render(picture: Picture, view: View) -> bytes:
    with requires_extra("stream"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    figure = Figure((picture.width / _DPI, picture.height / _DPI), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes(picture.frame)
    first, last = (np.datetime64(each, "ns") for each in (picture.start, picture.stop))
    axes.set_xlim(first, last)
    if not len(view.reduced.steps):
        _write_nothing(axes, "no data")
    elif picture.variable.axis is not None:
        _draw_spectrum(figure, axes, picture, view)
    else:
        _draw_curve(axes, picture, view)
    if picture.has_labels:
        _label_times(axes, picture)
    else:
        axes.set_axis_off()
    written = BytesIO()
    options = {"compress_level": 1, "compress_type": zlib.Z_RLE}
    canvas.print_png(written, pil_kwargs=options)
    return written.getvalue()


def _label_times(axes: Any, picture: Picture) -> None:
    with requires_extra("stream"):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    room = picture.columns // _TICK
    locator = AutoDateLocator(minticks=min(room, 3), maxticks=min(room, 9))
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    # On the right there is the date.
    axes.set_xlabel("Time (UTC)", loc="left" if room < 5 else "center")
    span = f"{write_time(picture.start, 0)} to {write_time(picture.stop, 0)}"
    axes.set_title(f"{picture.feed.about.title}: {picture.variable.name}\n{span}", fontsize=10)


def _draw_spectrum(figure: Any, axes: Any, picture: Picture, view: View) -> None:
    """Draw the spectrum under axes that have the right scales."""
    with requires_extra("stream"):
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LogNorm, Normalize

    values, limits = make_image(picture, view)
    shown = values[np.isfinite(values) & ((values > 0) | (picture.variable.scale != "log"))]
    if not shown.size:
        _write_nothing(axes, "no values")
        return
    low, high = np.percentile(shown, _OUTLIERS)
    logarithmic = picture.variable.scale == "log" and 0 < low < high
    norm = LogNorm(low, high) if logarithmic else Normalize(low, high)
    mapping = ScalarMappable(norm, "viridis")
    image = _colour(mapping, values)
    # Pixel for pixel, which is faster than to let the axes resample it.
    left, below, *_ = picture.frame
    corner = (picture.width * left, picture.height * below)
    figure.figimage(image, *corner, origin="lower", zorder=axes.get_zorder() - 1)
    axes.patch.set_alpha(0.0)
    axes.set_yscale("log" if limits[1] > _LOGARITHMIC * limits[0] > 0 else "linear")
    axes.set_ylim(*limits)
    if picture.has_labels:
        _label_spectrum(figure, axes, picture, mapping)


def _label_spectrum(figure: Any, axes: Any, picture: Picture, mapping: Any) -> None:
    """Label the axis of frequencies, and draw the bar of colours."""
    axis, (left, below, width, height) = picture.variable.axis, picture.frame
    _write_plainly(axes.yaxis, *axes.get_ylim())
    axes.set_ylabel(_label(axis.label or axis.name if axis else "", axis.unit if axis else None))
    first, last = (left + width + (1.0 - left - width) * part for part in _BAR)
    bar = figure.add_axes((first, below, last - first, height))
    label = _label(picture.variable.label or picture.variable.name, picture.variable.unit)
    figure.colorbar(mapping, cax=bar, label=label)
    _write_plainly(bar.yaxis, mapping.norm.vmin, mapping.norm.vmax)


def _write_nothing(axes: Any, why: str) -> None:
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center")
    axes.set_yticks([])


def _write_plainly(axis: Any, low: float, high: float) -> None:
    """Label a logarithmic axis with numbers as Python writes them: formulas take a third longer."""
    with requires_extra("stream"):
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    if isinstance(axis.get_major_locator(), LogLocator):
        axis.set_major_locator(choose_ticks(low, high))
        axis.set_major_formatter(FuncFormatter(_write_number))
        axis.set_minor_formatter(NullFormatter())


def choose_ticks(low: float, high: float) -> Any:
    """Choose where a logarithmic axis has numbers, so that there are some on each.

    Within a decade, which may have no power of ten, they are evenly spaced; within three, they are
    1, 2 and 5 of each.

    Parameters
    ----------
    low, high : float
        The limits of the axis, above zero.

    Returns
    -------
    matplotlib.ticker.Locator
        What places the numbers.
    """
    with requires_extra("stream"):
        from matplotlib.ticker import LogLocator, MaxNLocator

    if high < 10 * low:
        return MaxNLocator(6)
    return LogLocator(subs=(1.0, 2.0, 5.0) if high < 1000 * low else (1.0,))


def _write_number(value: float, position: int | None) -> str:
    """Write a number, a power of ten as ``1e-18``.

    Examples
    --------
    >>> _write_number(1e-18, None), _write_number(20.0, None)
    ('1e-18', '20')
    """
    return f"{value:g}"


def _colour(mapping: Any, values: Floats) -> NDArray[np.uint8]:
    """Colour values; what is none is white."""
    image: NDArray[np.uint8] = mapping.to_rgba(values, bytes=True)
    image[~np.isfinite(values)] = 255
    return image


def make_image(picture: Picture, view: View) -> tuple[Floats, tuple[float, float]]:
    """Make the values of each pixel, the lowest frequency first, and the limits of the axis.

    Parameters
    ----------
    picture : Picture
        What is drawn.
    view : View
        The values.

    Returns
    -------
    values : numpy.ndarray, shape (rows, columns)
        NaN where there is none.
    limits : tuple of float
        The lowest and the highest frequency.
    """
    order = np.argsort(view.centers, kind="stable")
    if picture.variable.axis is not None and picture.variable.axis.varies:
        # Channels that no sweep tunes to show the next one.
        used = np.flatnonzero(view.reduced.count.any(axis=0))
        order = used if used.size else order
    centers = view.centers[order]
    rows, limits = _choose_channels(centers, picture.rows)
    columns, present = _choose_steps(picture, view)
    values = view.reduced.average[np.ix_(columns, order[rows])].T
    return np.where(present, values, np.nan), limits


def _choose_channels(centers: Floats, rows: int) -> tuple[NDArray[np.intp], tuple[float, float]]:
    """Choose the channel that is nearest to each row of pixels."""
    low, high = float(centers[0]), float(centers[-1])
    if len(centers) == 1 or low == high:
        return np.zeros(rows, np.intp), (low - 0.5, high + 0.5)
    spaced = np.geomspace if high > _LOGARITHMIC * low > 0 else np.linspace
    wanted = spaced(low, high, rows)
    middles = (centers[1:] + centers[:-1]) / 2
    return np.searchsorted(middles, wanted), (low, high)


def _choose_steps(picture: Picture, view: View) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Choose the last step that begins before each column of pixels, and say if it reaches it."""
    step = step_of(view.level)
    starts = view.reduced.steps * step
    # Records that are farther apart than a step reach half as far again as most of them.
    apart = 1.5 * float(np.median(np.diff(starts))) if len(starts) > 1 else 0.0
    reach = max(step, (picture.stop - picture.start) / picture.columns, apart)
    edges = np.linspace(picture.start, picture.stop, picture.columns + 1)
    middles = ((edges[1:] + edges[:-1]) / 2).astype(np.int64)
    found = np.searchsorted(starts, middles, side="right") - 1
    chosen = np.maximum(found, 0)
    return chosen, (found >= 0) & (middles - starts[chosen] < reach)


def _draw_curve(axes: Any, picture: Picture, view: View) -> None:
    """Draw the averages of a scalar, and how high it goes."""
    step = step_of(view.level)
    times = (view.reduced.steps * step + step // 2).astype("M8[ns]")
    average, greatest = view.reduced.average[:, 0], view.reduced.greatest[:, 0]
    axes.fill_between(times, average, greatest, alpha=0.3, linewidth=0)
    axes.plot(times, average, linewidth=1, marker="." if len(times) < 100 else "")
    axes.set_ylabel(_label(picture.variable.label or picture.variable.name, picture.variable.unit))


def _label(name: str, unit: str | None) -> str:
    return f"{name} ({unit})" if unit else name
