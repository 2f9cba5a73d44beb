"""Files of Nançay's decameter array: CDF of Routine, FITS of NewRoutine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.readers.base import DamagedFileError, Floats, OpenFile
from epnkit.streaming.readers.cdf import CdfFile, OpenCdf
from epnkit.streaming.readers.tables import Table
from epnkit.streaming.times import DAY

#: What a Julian date of today resolves, in nanoseconds.
_RESOLVED = 100_000

#: The Julian date of 1970.
_UNIX_EPOCH = 2440587.5

#: The attribute of Routine's files that says how many decibels a division of the receiver's screen
#: has, and how many counts a division is: eight divisions are 256 counts.
_DIVISION, _COUNTS = "NDA_power_resolution", 32

#: What a division has if the file does not say it: all observations were made with it (inferred
#: from maser4py, which takes each count for 0.3125 dB).
_USUAL = 10.0


def read_new_routine(path: Path) -> Table:
    """Read NewRoutine of Nançay's decameter array: two tables of a FITS file.

    One has the frequencies, the other Julian dates and spectra of the channels that the header
    names.  ``degree`` is that of circular polarisation, of the channels LL and RR.
    """
    from astropy.io import fits

    with fits.open(path) as units:
        header, frequencies, spectra = units[0].header, units[1].data, units[2].data
        data = spectra["DATA"]
        since = np.rint((spectra["JD"] - _UNIX_EPOCH) * (DAY / _RESOLVED)).astype(np.int64)
        names = [header[f"CHANNEL{number}"] for number in range(1, data.shape[2] + 1)]
        columns = {name: data[:, :, number].copy() for number, name in enumerate(names)}
        axis = np.asarray(frequencies.field(0)[0], float)
    return _PolarisedTable(since * _RESOLVED, columns, {"Frequency": axis})


class _PolarisedTable(Table):
    """Records of both hands, from which the degree of polarisation is made when it is read."""

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read records of a variable; the degree is missing where there is no power."""
        if name != "degree":
            return super().read(name, start, stop)
        left, right = (super(_PolarisedTable, self).read(n, start, stop) for n in ("LL", "RR"))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((right - left) / (right + left))


class RoutineCdf:
    """Reads CDF files of Routine, and makes the degree of circular polarisation.

    Its variables are those of the files, as the receiver counts, and ``degree``, from -1 (left) to
    1 (right): (RR - LL) / (RR + LL) of the powers.  Counts are on a scale of decibels, of which 256
    are eight divisions (routines of A. Lecacheux for the array's raw files: ``roulib.pro``).  The
    left-hand sweep is half a second before the right-hand one.
    """

    @contextmanager
    def open(self, path: Path) -> Iterator[OpenFile]:
        """Open a file.

        Raises
        ------
        DamagedFileError
            If it is no CDF file, or has no such times.
        """
        with CdfFile("Epoch").open(path) as file:
            yield _OpenRoutine(file)


class _OpenRoutine:
    """A file of Routine that is open."""

    def __init__(self, file: OpenCdf) -> None:
        self._file = file

    @property
    def times(self) -> NDArray[np.int64]:
        """Times of the records."""
        return self._file.times

    def read_axis(self, name: str) -> Floats:
        """Read an axis."""
        return self._file.read_axis(name)

    def missing(self, name: str) -> Mapping[str, float]:
        """Say what the file declares of a variable; what is made of others has no such values."""
        return {} if name == "degree" else self._file.missing(name)

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read records of a variable; the degree is missing where one of the hands is."""
        if name != "degree":
            return self._file.read(name, start, stop)
        left, right = (self._read_counts(hand, start, stop) for hand in ("LL", "RR"))
        division = self._file.read_attribute(_DIVISION)
        return compute_degree((right - left) * (_USUAL if division is None else division) / _COUNTS)

    def _read_counts(self, hand: str, start: int, stop: int) -> Floats:
        values = self._file.read(hand, start, stop)
        if values.dtype.kind not in "fiu":
            raise DamagedFileError(f"its {hand} holds no numbers")
        fill = self._file.missing(hand).get("FILLVAL")
        return np.where(values == fill, np.nan, values.astype(np.float64))


def compute_degree(decibels: Floats) -> Floats:
    """Compute the degree of circular polarisation of how much stronger the right hand is.

    Parameters
    ----------
    decibels : numpy.ndarray
        The power of the right hand above that of the left one, in dB.

    Examples
    --------
    >>> compute_degree(np.array([0.0, 10 * np.log10(3)])).round(12).tolist()
    [0.0, 0.5]
    """
    return np.asarray(np.tanh(decibels * np.log(10) / 20))
