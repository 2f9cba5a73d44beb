"""CDF files (ISTP guidelines), a slice of records at a time."""

from __future__ import annotations

import re
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

#: A part of a variable: ``Theta[Io NORTH]``.
_PART = re.compile(r"(.+)\[(.+)\]")

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

    Notes
    -----
    Of a variable with two axes besides the time, ``Theta[Io NORTH]`` is the part with that label;
    DEPEND_2 names the variable of the labels.
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
        except Exception as error:  # of a damaged file cdflib raises whatever its parts lead to
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
        """Read records of a variable, or of a part of it."""
        whole, label = _split(name)
        values = self._call(self._file.varget, whole, startrec=start, endrec=stop - 1)
        found = np.asarray(values)
        if found.shape[:1] != (stop - start,):
            raise DamagedFileError(f"its {whole} has not as many records as its times")
        return found[:, :, self._find_label(whole, label)] if label else found

    def _find_label(self, name: str, label: str) -> int:
        """Find which part of a variable has a label."""
        known = self._call(self._file.varattsget, name)
        labels = np.asarray(self._call(self._file.varget, str(known.get("DEPEND_2")))).reshape(-1)
        found = [number for number, each in enumerate(labels) if str(each).strip() == label]
        if len(found) != 1:
            raise DamagedFileError(f"its {name} has no part {label}")
        return found[0]

    def missing(self, name: str) -> Mapping[str, float]:
        """Say what the file declares of a variable."""
        attributes = self._call(self._file.varattsget, _split(name)[0])
        wanted = _LIMITS if self._limits else _LIMITS[:1]
        numbers = {key: np.asarray(attributes[key]) for key in wanted if key in attributes}
        return {
            key: float(value.reshape(-1)[0])
            for key, value in numbers.items()
            if value.dtype.kind in "fiu" and value.size == 1
        }

    def read_attribute(self, name: str) -> float | None:
        """Read a global attribute that is a number; None if there is none of that name.

        Raises
        ------
        DamagedFileError
            If it is no number above zero.
        """
        found = self._call(lambda _: self._file.globalattsget(), name).get(name)
        if found is None:
            return None
        try:
            number = float(np.asarray(found).reshape(-1)[0])
        except (IndexError, ValueError):
            number = np.nan
        if not (np.isfinite(number) and number > 0):
            raise DamagedFileError(f"its {name} is no number above zero")
        return number

    def _call(self, method: Any, name: str, **more: Any) -> Any:
        try:
            return method(name, **more)
        except Exception as error:  # as when the file is opened
            raise DamagedFileError(f"its {name} cannot be read: {error}") from error


def _split(name: str) -> tuple[str, str]:
    """Split the name of a part into variable and label; the label of a whole variable is empty."""
    found = _PART.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")
