"""Data sets as Das2 streams: their records, or a view of them at a resolution."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.blocks import INTEGER_FILL, Block
from epnkit.streaming.das2.stream import (
    Plane,
    write_exception,
    write_packet_header,
    write_packets,
    write_stream_header,
)
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.declare import FILL, Variable
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.reduce import choose_level, step_of
from epnkit.streaming.times import SECOND, write_time
from epnkit.streaming.views import View, make_view

#: Numbers that packet headers may have (Das2 2.2).
_NUMBERS = 99


def list_planes(feed: DataSetFeed) -> tuple[Variable, ...]:
    """List the parameters that a Das2 stream of a data set has: spectra, or else scalars."""
    spectra = tuple(each for each in feed.dataset.variables if each.axis)
    return spectra or feed.dataset.variables


def write_records(feed: DataSetFeed, start: int, stop: int, *, readable: bool) -> Iterator[bytes]:
    """Write the records of a span.

    Parameters
    ----------
    feed : DataSetFeed
        The data set.
    start, stop : int
        The span, nanoseconds since 1970.
    readable : bool
        Whether times and numbers are texts.
    """
    yield write_stream_header(describe(feed, start, stop))
    writer = _Writer(feed, list_planes(feed), readable)
    names = [each.name for each in (*writer.varying, *writer.variables)]
    found = False
    for block in feed.read(names, start, stop):
        found = True
        yield from writer.write(block)
    if not found:
        yield write_exception("NoDataInInterval", write_span(start, stop))


@dataclass
class _Writer:
    """Writes blocks, with a new header for each list of frequencies."""

    feed: DataSetFeed
    variables: tuple[Variable, ...]
    readable: bool
    numbers: dict[bytes, int] = field(default_factory=dict)

    @property
    def varying(self) -> tuple[Variable, ...]:
        """The frequencies, if they vary."""
        names = {each.axis.name for each in self.variables if each.axis and each.axis.varies}
        return tuple(each for each in self.feed.dataset.all_variables if each.name in names)

    def write(self, block: Block) -> Iterator[bytes]:
        if not self.varying:
            axes, _ = self.feed.read_shapes()
            name = self.variables[0].axis.name if self.variables[0].axis else ""
            yield from self._write_rows(block.times, block.columns, axes.get(name, np.zeros(0)))
            return
        axis, values = block.columns[0], block.columns[1:]
        changes = np.flatnonzero((axis[1:] != axis[:-1]).any(axis=1)) + 1
        for rows in np.split(np.arange(len(axis)), changes):
            good = axis[rows[0]] != FILL
            part = tuple(each[rows][:, good] for each in values)
            yield from self._write_rows(block.times[rows], part, axis[rows[0]][good])

    def _write_rows(
        self,
        times: NDArray[np.int64],
        columns: Sequence[NDArray[np.float64]],
        tags: NDArray[np.float64],
    ) -> Iterator[bytes]:
        key = tags.tobytes()
        if key not in self.numbers:
            if len(self.numbers) == _NUMBERS:
                self.numbers.clear()  # numbers are given again, with new headers
            self.numbers[key] = len(self.numbers) + 1
            planes = [describe_plane(each) for each in self.variables]
            yield write_packet_header(self.numbers[key], planes, tags, readable=self.readable)
        values = [np.where(each == INTEGER_FILL, FILL, each) for each in columns]
        yield write_packets(self.numbers[key], times, values, readable=self.readable)


def write_view(
    feed: DataSetFeed,
    start: int,
    stop: int,
    resolution: float,
    pyramid: Pyramid | None,
    *,
    readable: bool,
) -> Iterator[bytes]:
    """Write averages and peaks of a span.

    Parameters
    ----------
    feed : DataSetFeed
        The data set.
    start, stop : int
        The span, nanoseconds since 1970.
    resolution : float
        The longest step that is wanted, in seconds.
    pyramid : Pyramid, optional
        Kept reductions.
    readable : bool
        Whether times and numbers are texts.
    """
    level = choose_level(resolution)
    views = [make_view(feed, each, start, stop, level, pyramid) for each in list_planes(feed)]
    yield write_stream_header(describe(feed, start, stop, step_of(level) / SECOND))
    if not len(views[0].reduced.steps):
        yield write_exception("NoDataInInterval", write_span(start, stop))
        return
    planes = [plane for view in views for plane in _make_reduced_planes(view)]
    yield write_packet_header(1, planes, views[0].centers, readable=readable)
    columns = [_fill(part) for view in views for part in _make_reduced_columns(view)]
    centers = views[0].reduced.steps * step_of(level) + step_of(level) // 2
    yield write_packets(1, centers, columns, readable=readable)


def _make_reduced_planes(view: View) -> Iterator[Plane]:
    name = view.variable.name
    yield describe_plane(view.variable, operation="BIN_AVG", source=name)
    yield describe_plane(view.variable, f"{name}.max", operation="BIN_MAX", source=name)


def _make_reduced_columns(view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return view.reduced.average, view.reduced.greatest


def _fill(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values), FILL, values)


def describe_plane(
    variable: Variable, name: str = "", operation: str = "", source: str = ""
) -> Plane:
    """Describe a parameter as a plane of a packet.

    A unit with a factor, such as solar flux units, is part of the label: das2C reads none.
    """
    label, unit = variable.label or variable.description, variable.unit or ""
    if unit[:1].isdigit():
        label, unit = f"{label} ({unit})", ""
    return Plane(
        name or variable.name,
        write_unit(unit),
        label,
        write_unit(variable.axis.unit) if variable.axis else "",
        operation,
        source,
    )


def write_unit(unit: str) -> str:
    """Write a unit with powers as Das2's clients read them.

    Examples
    --------
    >>> write_unit("W m-2 Hz-1")
    'W m**-2 Hz**-1'
    """
    return re.sub(r"(?<=[A-Za-z])([+-]?\d+)", r"**\1", unit)


def describe(
    feed: DataSetFeed, start: int, stop: int, width: float | None = None
) -> dict[str, str]:
    """Describe a stream: the properties of its header."""
    about, cadence = feed.about, feed.about.cadence
    seconds = width or (cadence.total_seconds() if cadence else 0.0)
    axis = next((each.axis for each in list_planes(feed) if each.axis), None)
    return {
        "title": about.title,
        "summary": about.description,
        "sourceId": about.id,
        "xLabel": "Time (UTC)",
        "yLabel": f"{axis.label or axis.name} (%{{UNITS}})" if axis else "",
        "renderer": "spectrogram" if axis else "",
        "boolean:monotonicXTags": "true",
        "DatumRange:xCacheRange": write_span(start, stop),
        "Datum:xCacheResolution": f"{width:g} s" if width else "",
        "Datum:xTagWidth": f"{seconds:g} s" if seconds else "",
    }


def write_span(start: int, stop: int) -> str:
    """Write a span as das2C and das2py read it: two times, and the unit of both.

    Examples
    --------
    >>> write_span(0, 1_500_000_000)
    '1970-01-01T00:00:00.000 to 1970-01-01T00:00:01.500 UTC'
    """
    return f"{write_time(start)[:-1]} to {write_time(stop)[:-1]} UTC"
