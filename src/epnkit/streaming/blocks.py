"""Reading the records of many granules as one stream, a bounded block at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.archive import FileStore, FileUnavailableError
from epnkit.streaming.declare import FILL, DataSet, Variable
from epnkit.streaming.index import Granule
from epnkit.streaming.log import LOG
from epnkit.streaming.readers.base import DamagedFileError, Floats, OpenFile
from epnkit.streaming.readers.pairs import open_granule
from epnkit.streaming.times import ROUNDED, Nanoseconds, cut

#: What stands for a missing integer.
INTEGER_FILL = -(2**31)

#: The time of the last record before there is one.
UNREACHED = -(2**63)

#: How many values are read at a time, and how many go into a block.
READ_VALUES, BLOCK_VALUES = 2**16, 2**16


@dataclass(frozen=True)
class Block:
    """Some records, one after the other in time.

    Parameters
    ----------
    times : numpy.ndarray, shape (n,)
        Nanoseconds since 1970, not descending.
    columns : tuple of numpy.ndarray
        The values of each parameter, shape (n,) or (n, k); texts are bytes.
    """

    times: Nanoseconds
    columns: tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class Span:
    """What is read of a data set.

    Parameters
    ----------
    start, stop : int
        The first time, and the one before which it ends, nanoseconds since 1970.
    variables : tuple of Variable
        The parameters.
    axes : dict of str to numpy.ndarray
        The axes that all files must have, by name.
    """

    start: int
    stop: int
    variables: tuple[Variable, ...]
    axes: Mapping[str, Floats]


def read_blocks(
    dataset: DataSet, granules: Iterable[Granule], store: FileStore, span: Span
) -> Iterator[Block]:
    """Read the records of granules.

    Where files overlap in time, the one that begins first is read as far as it goes.

    Parameters
    ----------
    dataset : DataSet
        How files are read.
    granules : iterable of Granule
        By their beginning.
    store : FileStore
        Where files are.
    span : Span
        What is read.

    Raises
    ------
    FileUnavailableError, DamagedFileError
        If a file is missing or broken; what was given before is right.
    """
    reached, step = UNREACHED, 10 ** (9 - dataset.digits)
    stop = -(-span.stop // step) * step  # the first time that is not before it when it is cut
    for granule in granules:
        if may_be_needed(granule, stop):
            with skip_unneeded(granule, stop):
                reached = yield from read_granule(dataset, granule, store, span, reached)


def may_be_needed(granule: Granule, stop: int) -> bool:
    """Say whether a granule has a file that may have records before a stop."""
    return bool(granule.url) and granule.start - ROUNDED < stop


@contextmanager
def skip_unneeded(granule: Granule, stop: int) -> Iterator[None]:
    """Pass over a file that cannot be read, if its granule begins with the stop.

    Searches go beyond a span, for the times of epn_core are rounded.  As far as those resolve, no
    record of such a file is asked for.

    Parameters
    ----------
    granule : Granule
        What is read within the context.
    stop : int
        The time before which records are asked for, nanoseconds since 1970.

    Raises
    ------
    FileUnavailableError, DamagedFileError
        If the file cannot be read, and may have records before that.
    """
    try:
        yield
    except (FileUnavailableError, DamagedFileError) as error:
        if granule.start + ROUNDED < stop:
            raise
        LOG.warning("not needed, and not read: %s", error)


def read_granule(
    dataset: DataSet, granule: Granule, store: FileStore, span: Span, reached: int
) -> Generator[Block, None, int]:
    """Read the records of one granule that come after those of others.

    Parameters
    ----------
    dataset : DataSet
        How files are read.
    granule : Granule
        The granule.
    store : FileStore
        Where files are.
    span : Span
        What is read.
    reached : int
        The time of the last record of others.

    Returns
    -------
    int
        The time of the last record so far.
    """
    with open_granule(dataset.reader, granule.url, store) as file:
        _require_axes(file, span)
        rows = _choose_rows(file.times, reached, dataset.digits, span)
        if not rows.size:
            return reached
        yield from _read_rows(file, rows, dataset.digits, span.variables)
        return int(file.times[rows[-1]])


def _require_axes(file: OpenFile, span: Span) -> None:
    """Refuse a file whose values belong to other frequencies than the answer's header says."""
    wanted = {each.axis.name for each in span.variables if each.axis and not each.axis.varies}
    for name in wanted:
        found = file.read_axis(name)
        if not np.array_equal(found, span.axes[name]):
            raise DamagedFileError(f"its {name} differs from that of the data set's newest file")


def _choose_rows(times: Nanoseconds, reached: int, digits: int, span: Span) -> NDArray[np.intp]:
    """Choose the records of the span that come after those of other files, by time."""
    seen = cut(times, digits)
    inside = np.flatnonzero((seen >= span.start) & (seen < span.stop) & (times > reached))
    chosen = times[inside]
    if len(chosen) < 2 or bool(np.all(chosen[1:] > chosen[:-1])):
        return inside
    return inside[np.unique(chosen, return_index=True)[1]]


def _read_rows(
    file: OpenFile, rows: NDArray[np.intp], digits: int, variables: tuple[Variable, ...]
) -> Iterator[Block]:
    times, position, count = cut(file.times, digits), 0, 64
    while position < len(rows):
        part = rows[position : position + count]
        position += len(part)
        block = Block(times[part], tuple(_read_variable(file, part, each) for each in variables))
        yield from split_block(block)
        count = count_rows(block, READ_VALUES)


def count_rows(block: Block, values: int) -> int:
    """Return how many records like those of a block have this many values."""
    width = 1 + sum(each.size // max(len(each), 1) for each in block.columns)
    return max(1, values // width)


def split_block(block: Block) -> Iterator[Block]:
    """Split a block into blocks of the size in which they are sent."""
    step = count_rows(block, BLOCK_VALUES)
    for first in range(0, len(block.times), step):
        part = slice(first, first + step)
        yield Block(block.times[part], tuple(each[part] for each in block.columns))


def _read_variable(file: OpenFile, rows: NDArray[np.intp], variable: Variable) -> NDArray[Any]:
    first, last = int(rows.min()), int(rows.max())
    values = file.read(variable.source, first, last + 1)
    if last - first + 1 != len(rows) or bool(np.any(np.diff(rows) != 1)):
        values = values[rows - first]
    return replace_missing(values, variable, file.missing(variable.source))


def replace_missing(
    values: NDArray[Any], variable: Variable, declared: Mapping[str, float]
) -> NDArray[Any]:
    """Convert values to the type in which they are sent, and missing ones to its fill.

    Parameters
    ----------
    values : numpy.ndarray
        Values of a file.
    variable : Variable
        What they are.
    declared : dict of str to float
        FILLVAL, VALIDMIN and VALIDMAX of the file.

    Raises
    ------
    DamagedFileError
        If they are no numbers.
    """
    if values.dtype.kind not in "fiu":
        raise DamagedFileError(f"its {variable.source} holds no numbers")
    bad = find_missing(values, variable.fill, declared)
    if variable.type == "integer":
        return np.where(bad, INTEGER_FILL, values).astype("<i4")
    made = values.astype("<f8")
    made[bad] = FILL
    return made


def find_missing(
    values: NDArray[Any], fill: float | None, declared: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Say which values are none: NaN, infinite, a fill value, or outside of the valid range."""
    bad = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    for number in (fill, declared.get("FILLVAL")):
        if number is not None:
            bad |= values == values.dtype.type(number)
    if "VALIDMIN" in declared:
        bad |= values < declared["VALIDMIN"]
    if "VALIDMAX" in declared:
        bad |= values > declared["VALIDMAX"]
    return bad
