"""CDF files (ISTP guidelines), a slice of records at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.modules import requires_extra
from epnkit.streaming.readers.base import DamagedFileError, Floats
from epnkit.streaming.times import from_tt2000

#: CDF's numbers of its types of times.
_EPOCH, _EPOCH16, _TT2000 = 31, 32, 33

#: Milliseconds from the year 0 to 1970, CDF_EPOCH's count.
_EPOCH_TO_1970 = 62167219200000

#: Attributes that say which values are none.
_LIMITS = ("FILLVAL", "VALIDMIN", "VALIDMAX")


@dataclass(frozen=True)
class CdfFile:
    """Reads CDF files.

    Parameters
    ----------
    time : str
        The variable of times: TT2000 or CDF_EPOCH.
    limits : bool
        Whether values outside of what VALIDMIN and VALIDMAX say are missing.
    """

    time: str = "Epoch"
    limits: bool = False

    @contextmanager
    def open(self, path: Path) -> Iterator[OpenCdf]:
        """Open a file.

        Raises
        ------
        DamagedFileError
            If it is no CDF file, or has no such times.
        """
        with requires_extra("cdf"):
            import cdflib

        try:
            file = cdflib.CDF(path)
        except Exception as error:
            raise DamagedFileError(f"it is no CDF file that can be read: {error}") from error
        with file:
            yield OpenCdf(file, self.time, self.limits)


class OpenCdf:
    """A CDF file that is open.

    Parameters
    ----------
    file : cdflib.CDF
        The file.
    time : str
        The variable of its times.
    limits : bool
        Whether values outside of their valid range are missing.
    """

    def __init__(self, file: Any, time: str, limits: bool) -> None:
        self._file, self._time, self._limits = file, time, limits

    @cached_property
    def times(self) -> NDArray[np.int64]:
        """Times of the records: nanoseconds since 1970."""
        kind = self._call(self._file.varinq, self._time).Data_Type
        values = np.atleast_1d(np.asarray(self._call(self._file.varget, self._time)))
        if values.size == 0 or kind == _EPOCH16:
            return np.zeros(0, np.int64)
        if kind == _TT2000:
            return from_tt2000(values)
        if kind == _EPOCH:
            return np.asarray(np.rint((values - _EPOCH_TO_1970) * 1e6), np.int64)
        raise DamagedFileError(f"its {self._time} is no time")

    def read_axis(self, name: str) -> Floats:
        """Read a variable that is the same for all records."""
        return np.asarray(self._call(self._file.varget, name), np.float64).reshape(-1)

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read records of a variable."""
        values = self._call(self._file.varget, name, startrec=start, endrec=stop - 1)
        found = np.asarray(values)
        if found.shape[:1] != (stop - start,):
            raise DamagedFileError(f"its {name} has not as many records as its times")
        return found

    def missing(self, name: str) -> Mapping[str, float]:
        """Say what the file declares of a variable."""
        attributes = self._call(self._file.varattsget, name)
        wanted = _LIMITS if self._limits else _LIMITS[:1]
        numbers = {key: np.asarray(attributes[key]) for key in wanted if key in attributes}
        return {
            key: float(value.reshape(-1)[0])
            for key, value in numbers.items()
            if value.dtype.kind in "fiu" and value.size == 1
        }

    def _call(self, method: Any, name: str, **more: Any) -> Any:
        try:
            return method(name, **more)
        except Exception as error:
            raise DamagedFileError(f"its {name} cannot be read: {error}") from error
