"""A synthetic part of the Kronos database: hours that were never observed.

Names, folders and records are those of the real files; the times of 28 June 2012 are published.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from epnkit.replicas import synthetic
from epnkit.replicas.archive import draw_spectrogram, write_file

#: How many sweeps an hour has, and how many records a sweep: less than the real files.
_SWEEPS, _CHANNELS = 60, 24

_DAY = timedelta(days=1)

#: A record of level N2, as source.toml has it.
_CALIBRATED = np.dtype(
    [
        ("ydh", "<u4"),
        ("num", "<u4"),
        ("t97", "<f8"),
        *((name, "<f4") for name in ("f", "dt", "df", "autoX", "autoZ", "crossR", "crossI")),
        ("ant", "i1"),
    ]
)

#: A record of levels N3d and N3e, as source.toml has it.
_POLARISED = np.dtype(
    [
        ("ydh", "<u4"),
        ("num", "<u4"),
        *((name, "<f4") for name in ("s", "q", "u", "v", "th", "ph", "snx", "snz")),
    ]
)

#: A record of level N3b, as source.toml has it: of a pair of records of level N2.
_PAIRED = np.dtype(
    [
        ("ydh", "<u4"),
        ("num", "<u4", 2),
        *((name, "<f4", 2) for name in ("s", "q", "u", "v")),
        *((name, "<f4") for name in ("th", "ph", "zr")),
        *((name, "<f4", 2) for name in ("snx", "snz")),
    ]
)

#: The first hours of each stay, and how many there are.
_STAYS = (
    (datetime(2012, 6, 28, 20), 120),  # day 180 of 2012
    (datetime(2000, 12, 30, 0), 24),  # at Jupiter, day 365 and 366
    (datetime(1999, 8, 18, 10), 12),  # at the Earth
    (datetime(2017, 9, 14, 12), 20),  # the last day
)

#: When the first and the last record of an hour are taken, in seconds.
_ENDS = (1.32, 3585.3)

#: The published ends of 28 June, 22 h.
_TEN = (1.28, 3585.25)


def files(directory: Path) -> None:
    """Write the levels of each hour."""
    for first, hours in _STAYS:
        for number in range(hours):
            _write_hour(directory, first + timedelta(hours=number), number)
    _write_traps(directory)


def _write_hour(directory: Path, hour: datetime, number: int) -> None:
    name, folder = f"{hour:%Y%j.%H}", directory / _quarter(hour)
    ends = _TEN if hour == datetime(2012, 6, 28, 22) else _ENDS
    write_file(folder / "k" / f"K{name}", bytes(100))
    write_file(folder / "n1" / f"R{name}", _receiver(hour, ends))
    write_file(folder / "n2" / f"P{name}", _write_calibrated(hour, ends))
    write_file(folder / "n3b" / f"N3b_dsq{name}", _write_paired(hour))
    for level in ("n3d", "n3e"):
        write_file(folder / level / f"N3{level[2]}_dsq{name}", _write_polarised(hour, level))
    if number % 3 == 0:
        write_file(folder / "img" / f"{name}.png", _look())


def _write_traps(directory: Path) -> None:
    """Write the times of another hour, a cut file, an empty one, and hours that no year has."""
    # As it is published: the hour 0 of day 181 has the times of the hour 22 of day 180.
    wrong, right = datetime(2012, 6, 29, 0), datetime(2012, 6, 28, 22)
    folder = directory / _quarter(wrong)
    write_file(folder / "n1" / f"R{wrong:%Y%j.%H}", _receiver(right, _TEN))
    other = datetime(2013, 1, 5, 7)
    folder = directory / _quarter(other)
    write_file(folder / "n1" / f"R{other:%Y%j.%H}", _receiver(other, _ENDS)[:-3])
    write_file(folder / "n2" / f"P{other:%Y%j.%H}", b"")
    write_file(folder / "n1" / "R2013366.05", _receiver(other, _ENDS))
    write_file(folder / "n1" / "R2013005.24", _receiver(other, _ENDS))
    write_file(folder / "n1" / "R2013.005", _receiver(other, _ENDS))


def _quarter(hour: datetime) -> str:
    day = int(f"{hour:%j}")
    begin, end = next(q for q in ((1, 90), (91, 180), (181, 270), (271, 366)) if day <= q[1])
    return f"{hour.year}_{begin:03d}_{end:03d}"


def _ydh(hour: datetime) -> int:
    return int(f"{hour:%Y%j%H}")


def _receiver(hour: datetime, ends: tuple[float, float]) -> bytes:
    """Write level N1: times as YYDDDSSSSS, the years from 1996, and centiseconds."""
    content = b""
    for number, end in enumerate(ends):
        second, centisecond = divmod(round(end * 100), 100)
        of_day = hour.hour * 3600 + second
        ti = ((hour.year - 1996) * 1000 + int(f"{hour:%j}")) * 100_000 + of_day
        content += struct.pack(
            "<IIIIh6B2h", _ydh(hour), number, ti, 1000, 160, centisecond, *(number,) * 7
        )
    return content


def _write_calibrated(hour: datetime, ends: tuple[float, float]) -> bytes:
    """Write level N2: times in days, of which the first is 1 January 1997, a sweep each."""
    records = np.zeros(_SWEEPS * _CHANNELS, _CALIBRATED)
    since = [(hour + timedelta(seconds=end) - datetime(1997, 1, 1)) / _DAY for end in ends]
    bursts = 10 ** (synthetic.make_bursts(_SWEEPS, _CHANNELS) / 60 - 16)
    records["ydh"], records["num"] = _ydh(hour), np.arange(len(records))
    records["t97"] = 1 + np.repeat(np.linspace(*since, _SWEEPS), _CHANNELS)
    # With three antennas, each frequency is measured twice: with +X, then with -X.
    twice = np.repeat(np.geomspace(3.6856, 16025, _CHANNELS // 2), 2)
    records["f"], records["ant"] = np.tile(twice, _SWEEPS), np.tile((11, 12), len(records) // 2)
    records["dt"], records["df"] = 160, 0.2
    records["autoX"], records["autoZ"] = bursts.reshape(-1), bursts.reshape(-1) / 2
    return records.tobytes()


def _write_paired(hour: datetime) -> bytes:
    """Write level N3b, made of three in four pairs of records of level N2."""
    first = 2 * np.flatnonzero(np.arange(_SWEEPS * _CHANNELS // 2) % 4)
    records = np.zeros(len(first), _PAIRED)
    records["ydh"], records["num"] = _ydh(hour), first[:, None] + (0, 1)
    bursts = 10 ** (synthetic.make_bursts(_SWEEPS, _CHANNELS).reshape(-1) / 60 - 16)
    records["s"], records["v"] = bursts[records["num"]], (0.75, 0.5)
    records["th"], records["ph"] = 1.5, np.linspace(-3, 3, len(first))
    records["zr"], records["snx"], records["snz"] = 0.125, (20, 19), (10, 9)
    return records.tobytes()


def _write_polarised(hour: datetime, level: str) -> bytes:
    """Write level N3d or N3e, made of two in three records of level N2."""
    number = np.flatnonzero(np.arange(_SWEEPS * _CHANNELS) % 3)
    records = np.zeros(len(number), _POLARISED)
    records["ydh"], records["num"] = _ydh(hour), number
    records["s"] = 10 ** (synthetic.make_bursts(_SWEEPS, _CHANNELS).reshape(-1)[number] / 60 - 16)
    records["v"] = np.where(number // _CHANNELS % 2, 0.75, -0.5)
    if level == "n3d":
        records["q"], records["u"] = 0.25, -0.125
    else:
        records["th"], records["ph"] = 1.5, np.linspace(-3, 3, len(number))
    records["snx"], records["snz"] = 20, 10
    return records.tobytes()


@cache
def _look() -> bytes:
    return draw_spectrogram()
