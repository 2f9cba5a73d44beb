"""Voyager's PRA in its low band: lines of eight sweeps, or binary records of 48 s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.readers.base import DamagedFileError, Floats
from epnkit.streaming.readers.tables import Table, read_records
from epnkit.streaming.times import DAY, SECOND

#: A line: its date and second, then sweeps of a status word and the channels.
_SWEEPS, _CHANNELS = 8, 70
_CLOCK, _WORD = 6, 4
_LINE = 2 * _CLOCK + _SWEEPS * (1 + _CHANNELS) * _WORD

#: Frequencies in kHz: the first channel, and how far apart they are, downward.
_HIGHEST, _APART = 1326.0, 19.2

#: The time of a sweep after its beginning, and how long a sweep takes, in nanoseconds.
_WITHIN, _LONG = 39 * SECOND // 10, 6 * SECOND

#: Years of two figures below this one are of this century.
_CENTURY = 70

#: Bits of the status word that say which hand the first channel is of, and those values of them.
_HAND, _HAND_SHIFT, _RIGHT = 0b110_0000_0000, 9, (0, 3)

#: A record of 48 s, whose parts are big-endian; its clock is the first five of them.
_CLOCK_PARTS = ("year", "day", "hour", "minute", "second")
_SUMMARY = dict.fromkeys((*_CLOCK_PARTS, "spacecraft", "mode", "start", "end"), ">i2")
_SUMMARY |= dict.fromkeys(("LH", "RH"), f"({_CHANNELS},)>i2")

#: The numbers of the first and the last channel of the low band.
_FIRST, _LAST = 131, 200

#: How far each part of a clock goes: day of the year, hour, minute, second.
_LIMITS = {"day": (1, 366), "hour": (0, 23), "minute": (0, 59), "second": (0, 60)}

#: Attenuators in dB, by the bit of the status word that switches them on; the lowest counts.
_ATTENUATORS = ((4, 45.0), (2, 30.0), (1, 15.0))

_BLANK, _ZERO, _MINUS, _NEWLINE = 32, 48, 45, 10


class VoyagerLowBand:
    """Reads the data sets ``VG*-*-PRA-3-RDR-LOWBAND-6SEC`` of the Planetary Data System.

    Variables are ``power`` (all channels), ``RH`` and ``LH`` (those of one hand, others missing)
    in dB, and ``attenuation``; the axis is ``frequency`` in kHz.  The labels are not read: those of
    Voyager 2 give wrong bytes.  The layout and the time of a sweep are those of maser-data 0.5.2
    (maser.data.pds.vg), the lengths of lines those of the published files: 2285 or 2286 bytes.  A
    value of zero is none, and nor is a sweep whose status word is zero (the labels of the data
    sets, and their descriptions in the Planetary Data System).
    """

    @contextmanager
    def open(self, path: Path) -> Iterator[OpenLowBand]:
        """Open a file.

        Raises
        ------
        DamagedFileError
            If it has not lines of that length.
        """
        content = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
        ends = np.flatnonzero(content[: _LINE + 2] == _NEWLINE)
        length = int(ends[0]) + 1 if ends.size else 0
        if length not in (_LINE + 1, _LINE + 2) or content.size % length:
            raise DamagedFileError(f"it has not lines of {_LINE} characters")
        yield OpenLowBand(content.reshape(-1, length)[:, :_LINE])


class OpenLowBand:
    """A file that is open.

    Parameters
    ----------
    lines : numpy.ndarray, shape (n, 2284)
        Its lines, without their ends.
    """

    def __init__(self, lines: NDArray[np.uint8]) -> None:
        self._lines = lines
        self._parsed: tuple[int, int, NDArray[np.int64]] = (0, 0, np.zeros((0, 0), np.int64))

    @cached_property
    def times(self) -> NDArray[np.int64]:
        """Times of the sweeps: nanoseconds since 1970."""
        date, second = (read_figures(self._lines[:, part : part + _CLOCK]) for part in (0, _CLOCK))
        year, month, day = date // 10000, date // 100 % 100, date % 100
        if ((month < 1) | (month > 12) | (day < 1) | (day > 31)).any():
            raise DamagedFileError("it has a date that is none")
        years = year + np.where(year < _CENTURY, 100, 0) - 70
        months = (years * 12 + month - 1).astype("M8[M]").astype("M8[D]").astype(np.int64)
        begins = (months + day - 1) * DAY + second * SECOND
        sweeps = np.arange(_SWEEPS) * _LONG + _WITHIN
        return np.asarray((begins[:, None] + sweeps).reshape(-1), np.int64)

    def read_axis(self, name: str) -> Floats:
        """Read the frequencies."""
        if name != "frequency":
            raise DamagedFileError(f"it has no {name}")
        return _list_frequencies()

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read sweeps of a variable."""
        words = self._parse(start, stop)
        status, power = words[:, 0], _read_decibels(words[:, 1:])
        power[status == 0] = np.nan
        if name == "power":
            return power
        if name == "attenuation":
            return _read_attenuation(status)
        if name not in ("RH", "LH"):
            raise DamagedFileError(f"it has no {name}")
        even = np.isin((status & _HAND) >> _HAND_SHIFT, _RIGHT) == (name == "RH")
        of_hand = (np.arange(_CHANNELS) % 2 == 0) == even[:, None]
        return np.where(of_hand, power, np.nan)

    def missing(self, name: str) -> Mapping[str, float]:
        """Say what the file declares of a variable: nothing."""
        return {}

    def _parse(self, start: int, stop: int) -> NDArray[np.int64]:
        """Parse sweeps, status word and channels; those that were asked for last are kept."""
        if self._parsed[:2] != (start, stop):
            first, last = start // _SWEEPS, -(-stop // _SWEEPS)
            figures = self._lines[first:last, 2 * _CLOCK :].reshape(-1, 1 + _CHANNELS, _WORD)
            skipped = start - first * _SWEEPS
            self._parsed = start, stop, read_figures(figures[skipped : skipped + stop - start])
        return self._parsed[2]


def read_figures(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Read numbers of one width, with blanks or a minus before their figures.

    Parameters
    ----------
    text : numpy.ndarray, shape (..., width)
        ASCII characters.

    Raises
    ------
    DamagedFileError
        If one is no number.

    Examples
    --------
    >>> read_figures(np.frombuffer(b"  12  -3", np.uint8).reshape(2, 4)).tolist()
    [12, -3]
    """
    figures = text - np.uint8(_ZERO)
    is_figure = figures <= 9
    before = (text == _BLANK) | (text == _MINUS)
    # What follows a figure must be one, and the last character too.
    broken = (~is_figure & ~before) | (~is_figure & np.roll(is_figure, 1, -1))
    broken[..., 0] = ~is_figure[..., 0] & ~before[..., 0]
    if broken.any() or not is_figure[..., -1].all():
        raise DamagedFileError("it has something else where figures belong")
    value = np.zeros(text.shape[:-1], np.int64)
    for number in range(text.shape[-1]):
        value = value * 10 + np.where(is_figure[..., number], figures[..., number], 0)
    return np.where((text == _MINUS).any(axis=-1), -value, value)


def _read_decibels(values: NDArray[Any]) -> Floats:
    """Convert hundredths of decibels; zero stands for a missing value, and cannot be one."""
    return np.where(values == 0, np.nan, values / 100)


def _read_attenuation(status: NDArray[np.int64]) -> Floats:
    made = np.where(status == 0, np.nan, 0.0)
    for bit, decibels in _ATTENUATORS:
        made[(status & bit) > 0] = decibels
    return made


def read_voyager_summary(path: Path) -> Table:
    """Read the data sets ``VG*-*-PRA-4-SUMM-BROWSE-48SEC``: binary records of 48 s.

    Variables are ``LH`` and ``RH`` in dB, the axis is ``frequency`` in kHz.  Layout, units and what
    is missing are those that the Planetary Data System's volumes describe (``DATA/PRA/INFO.TXT``,
    data set VG1-J-PRA-4-SUMM-BROWSE-48SEC-V1.0), the frequencies of channels those of the
    instrument's description: the lowest is channel 200.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    DamagedFileError
        If it is not made of such records, or one has a time or channels that are not possible.
    """
    records = read_records(path, _SUMMARY)
    if (records["start"] != _FIRST).any() or (records["end"] != _LAST).any():
        raise DamagedFileError(f"its records are not of the channels {_FIRST} to {_LAST}")
    columns = {hand: _read_decibels(records[hand]) for hand in ("LH", "RH")}
    return Table(_read_clock(records), columns, {"frequency": _list_frequencies()})


def _read_clock(records: NDArray[Any]) -> NDArray[np.int64]:
    """Read year, day of year, hour, minute and second."""
    parts = {name: records[name].astype(np.int64) for name in _CLOCK_PARTS}
    for name, (least, greatest) in _LIMITS.items():
        if ((parts[name] < least) | (parts[name] > greatest)).any():
            raise DamagedFileError(f"its {name} is none")
    days = (parts["year"] - 70).astype("M8[Y]").astype("M8[D]").astype(np.int64) + parts["day"] - 1
    seconds = parts["hour"] * 3600 + parts["minute"] * 60 + parts["second"]
    return np.asarray(days * DAY + seconds * SECOND, np.int64)


def _list_frequencies() -> Floats:
    return _HIGHEST - _APART * np.arange(_CHANNELS)
