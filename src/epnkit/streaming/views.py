"""Views of data sets: any span at any resolution, from kept reductions where there are any."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from epnkit.errors import EpnkitError
from epnkit.streaming.blocks import (
    UNREACHED,
    Block,
    Span,
    may_be_needed,
    read_granule,
    skip_unneeded,
)
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.declare import Variable
from epnkit.streaming.index import MARGIN, Granule
from epnkit.streaming.log import LOG
from epnkit.streaming.pyramid import Entry, Key, Pyramid
from epnkit.streaming.readers.base import DamagedFileError, Floats
from epnkit.streaming.readers.pairs import describe_granule
from epnkit.streaming.reduce import (
    COARSEST,
    Reduced,
    base_level,
    channel_centers,
    coarsen,
    cut_steps,
    join,
    make_regrid,
    reduce_blocks,
    step_of,
)
from epnkit.streaming.times import DAY

#: How long before a span a granule may begin that reaches into it.
_LONGEST_GRANULE = 400 * DAY


@dataclass(frozen=True)
class View:
    """A parameter, reduced.

    Parameters
    ----------
    variable : Variable
        The parameter.
    level : int
        The step: a power of two of a second.
    reduced : Reduced
        The values.
    centers : numpy.ndarray, shape (k,)
        What the values belong to; empty for a scalar.
    """

    variable: Variable
    level: int
    reduced: Reduced
    centers: Floats


def make_view(
    feed: DataSetFeed,
    variable: Variable,
    start: int,
    stop: int,
    level: int,
    pyramid: Pyramid | None,
) -> View:
    """Reduce the records of a span, its ends extended to whole steps.

    Parameters
    ----------
    feed : DataSetFeed
        The data set.
    variable : Variable
        The parameter.
    start, stop : int
        The span, nanoseconds since 1970.
    level : int
        The step: a power of two of a second.
    pyramid : Pyramid, optional
        Kept reductions; without them all files are read.

    Raises
    ------
    FileUnavailableError, DamagedFileError
        If a file is missing or broken.
    """
    step = step_of(level)
    first, last = start // step, -(-stop // step)
    lowest = base_level(feed.dataset.cadence.total_seconds() if feed.dataset.cadence else None)
    maker = _Maker(feed, variable, feed.read_shapes()[0])
    if level < lowest:
        reduced = maker.reduce_directly(first * step, last * step, level)
    else:
        parts = _collect(maker, first * step, last * step, lowest, level, pyramid)
        reduced = cut_steps(join(parts), first, last)
    return View(variable, level, reduced, maker.centers)


def keep_reductions(feed: DataSetFeed, variable: Variable, pyramid: Pyramid) -> Iterator[bool]:
    """Reduce the granules of a parameter that are not yet, ahead of requests.

    Parameters
    ----------
    feed : DataSetFeed
        The data set.
    variable : Variable
        The parameter.
    pyramid : Pyramid
        Where reductions are kept.

    Yields
    ------
    bool
        For each granule with a file, whether it is reduced now; the log says why one is not.
    """
    extent = feed.measure()
    if extent is None:
        return
    lowest = base_level(feed.dataset.cadence.total_seconds() if feed.dataset.cadence else None)
    maker, reached = _Maker(feed, variable, feed.read_shapes()[0]), UNREACHED
    for granule in feed.find(extent.start, extent.stop):
        if granule.url:
            try:
                entry = _keep_granule(maker, granule, reached, lowest, pyramid)
            except (EpnkitError, DamagedFileError) as error:
                LOG.warning("%s of %s: %s", granule.uid, feed.dataset.dataset, error)
                yield False
            else:
                reached = max(reached, entry.last)
                yield True


def _keep_granule(
    maker: _Maker, granule: Granule, reached: int, lowest: int, pyramid: Pyramid
) -> Entry:
    names = (maker.feed.dataset.dataset, maker.variable.name)
    key = maker.identify(granule, reached)
    kept = pyramid.load(*names, lowest, granule.start, granule.start).get(granule.uid)
    if kept is not None and kept.key == key:
        return kept
    made = maker.reduce_granule(granule, key, lowest)
    pyramid.keep(*names, _list_levels(made, lowest))
    return made


def _collect(
    maker: _Maker, start: int, stop: int, lowest: int, level: int, pyramid: Pyramid | None
) -> list[Reduced]:
    """Reduce granule by granule, or take what was kept of it."""
    feed, kept = maker.feed, {}
    if pyramid is not None:
        reach = (start - MARGIN - _LONGEST_GRANULE, stop + MARGIN)
        kept = pyramid.load(feed.dataset.dataset, maker.variable.name, level, *reach)
    parts, reached = [], UNREACHED
    for granule in feed.find(start, stop):
        if not may_be_needed(granule, stop):
            continue
        key = maker.identify(granule, reached)
        with skip_unneeded(granule, stop):
            entry = kept.get(granule.uid)
            if entry is None or entry.key != key:
                entry = _make_entry(maker, granule, key, (lowest, level), pyramid)
            parts.append(entry.reduced)
            reached = max(reached, entry.last)
    return parts


def _make_entry(
    maker: _Maker, granule: Granule, key: Key, levels: tuple[int, int], pyramid: Pyramid | None
) -> Entry:
    """Reduce a granule to the finest step, keep what follows, and give one step of it."""
    lowest, level = levels
    made = _list_levels(maker.reduce_granule(granule, key, lowest), lowest)
    if pyramid is not None:
        pyramid.keep(maker.feed.dataset.dataset, maker.variable.name, made)
    return dict(made)[level]


def _list_levels(entry: Entry, lowest: int) -> list[tuple[int, Entry]]:
    made, levels = entry.reduced, []
    for level in range(lowest, COARSEST + 1):
        levels.append((level, Entry(entry.key, entry.last, made)))
        made = coarsen(made, 1)
    return levels


class _Maker:
    """Reduces the granules of one parameter."""

    def __init__(self, feed: DataSetFeed, variable: Variable, axes: dict[str, Floats]) -> None:
        self.feed, self.variable, self.axes = feed, variable, axes
        axis = variable.axis
        self.regrid = None
        self.names: tuple[Variable, ...] = (variable,)
        self.centers = np.zeros(0) if axis is None else axes.get(axis.name, np.zeros(0))
        if axis is not None and axis.varies and axis.limits:
            self.regrid = make_regrid(axis.limits)
            self.centers = channel_centers(axis.limits)
            (own,) = (each for each in feed.dataset.all_variables if each.name == axis.name)
            self.names = (own, variable)

    def reduce_directly(self, start: int, stop: int, level: int) -> Reduced:
        """Reduce the records of a span."""
        blocks = self.feed.read([each.name for each in self.names], start, stop)
        return reduce_blocks(blocks, level, self.regrid)

    def identify(self, granule: Granule, reached: int) -> Key:
        """Say what a reduction of a granule is made of."""
        try:
            seen = describe_granule(self.feed.dataset.reader, granule.url, self.feed.store)
        except (EpnkitError, DamagedFileError):
            seen = ""
        within = reached if reached >= granule.start - MARGIN else UNREACHED
        return Key(granule.uid, granule.start, f"{granule.version} {seen}", within)

    def reduce_granule(self, granule: Granule, key: Key, level: int) -> Entry:
        """Reduce all records of a granule that come after those of others."""
        whole = Span(-(2**62), 2**62, self.names, self.axes)
        reader = read_granule(self.feed.dataset, granule, self.feed.store, whole, key.reached)
        taken = _Taken(reader)
        reduced = reduce_blocks(taken, level, self.regrid)
        return Entry(key, taken.result, reduced)


class _Taken:
    """The blocks of a generator, and then what it returns."""

    def __init__(self, reader: Generator[Block, None, int]) -> None:
        self._reader, self.result = reader, UNREACHED

    def __iter__(self) -> Iterator[Block]:
        self.result = yield from self._reader
