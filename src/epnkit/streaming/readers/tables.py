"""Files that a function reads whole, and binary files of records of one length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.readers.base import DamagedFileError, Floats


@dataclass(frozen=True)
class Table:
    """The records of a file.

    Parameters
    ----------
    times : numpy.ndarray, shape (n,)
        Nanoseconds since 1970.
    columns : dict of str to numpy.ndarray
        Variables, shape (n,) or (n, k).
    axes : dict of str to numpy.ndarray
        Axes that are the same for all records, shape (k,).

    Raises
    ------
    DamagedFileError
        If a variable has not as many records as there are times.
    """

    times: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    axes: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        short = [name for name, each in self.columns.items() if len(each) != len(self.times)]
        if short:
            raise DamagedFileError(f"its {short[0]} has not as many records as its times")

    def read_axis(self, name: str) -> Floats:
        """Read an axis."""
        return _take(self.axes, name)

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read records of a variable."""
        return _take(self.columns, name)[start:stop]

    def missing(self, name: str) -> Mapping[str, float]:
        """Say what the file declares of a variable: nothing."""
        return {}


def _take(known: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    if name not in known:
        raise DamagedFileError(f"it has no {name}")
    return known[name]


@dataclass(frozen=True)
class TableFile:
    """Reads small files whole.

    Parameters
    ----------
    read : callable
        Makes a :class:`Table` of a path.
    """

    read: Callable[[Path], Table]

    @contextmanager
    def open(self, path: Path) -> Iterator[Table]:
        """Read a file.

        Raises
        ------
        DamagedFileError
            If it cannot be read.
        """
        try:
            table = self.read(path)
        except DamagedFileError:
            raise
        except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError) as error:
            raise DamagedFileError(f"it cannot be read: {error!r}") from error
        yield table


def read_records(path: Path, fields: Mapping[str, str]) -> NDArray[Any]:
    """Read a binary file of records of one length, without copying it.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    fields : dict of str to str
        Name and type of each field, packed, the type as numpy writes it: ``<u4``, ``2<f4``.

    Raises
    ------
    DamagedFileError
        If its length is not that of whole records.
    """
    record = np.dtype(list(fields.items()))
    size = path.stat().st_size
    if size % record.itemsize:
        raise DamagedFileError(f"its {size} bytes are not whole records of {record.itemsize}")
    return np.memmap(path, record, "r") if size else np.zeros(0, record)


def group_sweeps(
    times: NDArray[np.int64], columns: Mapping[str, NDArray[Any]], width: int
) -> Table:
    """Join neighbouring records of the same time to sweeps, as Cassini's Kronos has them.

    Parameters
    ----------
    times : numpy.ndarray, shape (n,)
        Nanoseconds since 1970.
    columns : dict of str to numpy.ndarray
        Values of each record, shape (n,).
    width : int
        The largest number of records of a sweep; a shorter one is filled with NaN.

    Raises
    ------
    DamagedFileError
        If a sweep is longer.

    Examples
    --------
    >>> group_sweeps(np.array([5, 5, 9]), {"f": np.array([1.0, 2, 1])}, 2).columns["f"].tolist()
    [[1.0, 2.0], [1.0, nan]]
    """
    first = np.flatnonzero(np.r_[True, times[1:] != times[:-1]]) if len(times) else times
    lengths = np.diff(np.r_[first, len(times)])
    if lengths.size and lengths.max() > width:
        raise DamagedFileError(f"a sweep of {lengths.max()} records is longer than {width}")
    row = np.repeat(np.arange(len(first)), lengths)
    place = np.arange(len(times)) - np.repeat(first, lengths)
    made = {}
    for name, values in columns.items():
        made[name] = np.full((len(first), width), np.nan)
        made[name][row, place] = values
    return Table(times[first], made)
