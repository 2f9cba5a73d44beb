"""What a reader of files gives: times of all records, axes, and slices of variables."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


class DamagedFileError(ValueError):
    """A file that cannot be read, or does not hold what its data set declares."""


class OpenFile(Protocol):
    """A file that is open."""

    @property
    def times(self) -> NDArray[np.int64]:
        """Times of the records: nanoseconds since 1970, shape (n,)."""

    def read_axis(self, name: str) -> Floats:
        """Read an axis that is the same for all records, shape (k,)."""

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read records of a variable, shape (stop - start,) or (stop - start, k)."""

    def missing(self, name: str) -> Mapping[str, float]:
        """Say what the file itself declares of a variable: FILLVAL, VALIDMIN, VALIDMAX."""


class Reader(Protocol):
    """How the files of a data set are read."""

    def open(self, path: Path) -> AbstractContextManager[OpenFile]:
        """Open a file, for as long as the context lasts.

        Raises
        ------
        DamagedFileError
            If it is not what it should be.
        """
