"""A synthetic archive of Voyager's PRA: labels of the real form, spectra never observed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.replicas import synthetic
from epnkit.replicas.archive import draw_spectrogram, write_file

#: Each encounter: spacecraft and planet, its planet's name, its first day.
_ENCOUNTERS = (
    ("VG1-J", "JUPITER", datetime(1979, 1, 6)),
    ("VG2-J", "JUPITER", datetime(1979, 4, 25)),
    ("VG1-S", "SATURN", datetime(1980, 8, 22)),
    ("VG2-S", "SATURN", datetime(1981, 6, 5)),
    ("VG2-U", "URANUS", datetime(1985, 11, 4)),
    ("VG2-N", "NEPTUNE", datetime(1989, 6, 5)),
)

_DAYS = 167

#: Lines of the spectra of a whole encounter, each with eight sweeps of 70 channels: less than the
#: real files, which have one every 48 s.
_LINES, _SWEEPS, _CHANNELS = 167, 8, 70

#: Records of a summary: one an hour, where the real files have one every 48 s.
_HOURS = 24

#: A record of a summary: its clock, spacecraft, mode and channels, and both hands.
_SUMMARY = np.dtype([("head", ">i2", 9), ("LH", ">i2", _CHANNELS), ("RH", ">i2", _CHANNELS)])

#: The first parts of a record, each of two bytes.
_HEAD = ("YEAR", "DAY", "HOUR", "MINUTE", "SECOND", "SC_NO", "SC_MODE", "START_CH", "END_CH")

#: The files of the whole encounters.
_WHOLE = {"VG1-J": "PRA_I", "VG1-S": "PRA", "VG2-N": "VG2_NEP_PRA_6SEC"}


@dataclass(frozen=True)
class Layout:
    """What a label says of the rows of its data.

    Parameters
    ----------
    pointer, form : str
        ``TABLE`` or ``TIME_SERIES``, and ``ASCII`` or ``BINARY``.
    rows, size, columns : int
        How many rows, bytes of a row, and columns there are.
    described : tuple of str
        Lines that describe the columns, or say which file does.
    """

    pointer: str
    form: str
    rows: int
    size: int
    columns: int
    described: tuple[str, ...]


_SUMMARIES = Layout(
    "TIME_SERIES",
    "BINARY",
    _HOURS,
    _SUMMARY.itemsize,
    len(_HEAD) + 2,
    ('  ^STRUCTURE            = "PRADATA.FMT"',),
)


def files(directory: Path) -> None:
    """Write the summary of each day, and the spectra of whole encounters."""
    for encounter, planet, first in _ENCOUNTERS:
        name = f"{encounter}-PRA-4-SUMM-BROWSE-48SEC-V1.0"
        for number in range(_DAYS):
            day = first + timedelta(days=number)
            label = _label(name, f"T{day:%y%m%d}.DAT", planet, *_ends(day, 1))
            _write(directory / name, day, label, look=number % 10 == 0)
        write_file(directory / name / "PRADATA.FMT", _describe_summary().encode("ascii"))
        whole = _WHOLE.get(encounter)
        if whole is not None:
            name = f"{encounter}-PRA-3-RDR-LOWBAND-6SEC-V1.0"
            _write_whole(directory / name, whole, planet, first)
    _write_traps(directory)


def _ends(day: datetime, days: int) -> tuple[str, str]:
    end = day + timedelta(days=days) - timedelta(milliseconds=4)
    return f"{day:%Y-%m-%dT%H:%M:%S}.000Z", f"{end:%Y-%m-%dT%H:%M:%S}.996Z"


def _write(
    folder: Path, day: datetime, label: str, *, data: bool = True, look: bool = False
) -> None:
    """Write the label of a summary, and its data and a picture."""
    stem = f"T{day:%y%m%d}"
    write_file(folder / f"{stem}.LBL", label.encode("ascii"))
    if data:
        write_file(folder / f"{stem}.DAT", _write_summary(day, int(folder.name[2])))
    if look:
        write_file(folder / f"{stem}.PNG", _look())


def _write_summary(day: datetime, spacecraft: int) -> bytes:
    """Write the records of a day: hundredths of dB, of which zero is none."""
    records = np.zeros(_HOURS, _SUMMARY)
    hours = np.arange(_HOURS)
    clock = (day.year - 1900, int(f"{day:%j}"), 0, 0, 48, spacecraft, 0, 131, 200)
    records["head"] = clock
    records["head"][:, 2] = hours
    power = _make_power()[: _HOURS * 2]
    records["LH"], records["RH"] = power[0::2], power[1::2]
    records["LH"][hours % 7 == 3, :5] = 0
    return records.tobytes()


def _describe_summary() -> str:
    """Describe the columns of summaries."""
    described = [line for n, name in enumerate(_HEAD) for line in _describe_binary(name, n, 1)]
    for number, hand in enumerate(("LH_DATA", "RH_DATA")):
        described += _describe_binary(hand, len(_HEAD) + number * _CHANNELS, _CHANNELS)
    return "\r\n".join([*described, ""])


def _describe_binary(name: str, before: int, items: int) -> list[str]:
    """Describe integers of two bytes, after so many others."""
    several = [f"    ITEMS               = {items}", "    ITEM_BYTES          = 2"]
    return [
        "  OBJECT                = COLUMN",
        f"    NAME                = {name}",
        "    DATA_TYPE           = MSB_INTEGER",
        f"    START_BYTE          = {2 * before + 1}",
        f"    BYTES               = {2 * items}",
        *(several if items > 1 else []),
        "  END_OBJECT            = COLUMN",
    ]


def _write_whole(folder: Path, stem: str, planet: str, first: datetime) -> None:
    """Write the spectra of an encounter, and their label, whose columns have bytes of one item."""
    end = b"\n" if "NEP" in stem else b"\r\n"
    lines = [_write_line(first + timedelta(days=number), number) for number in range(_LINES)]
    columns = [("DATE", 1, 6, 1), ("SECOND", 7, 6, 1)]
    columns += [(f"SWEEP{n + 1}", 13 + n * 284, 4, 71) for n in range(_SWEEPS)]
    described = [line for each in columns for line in _describe_column(*each)]
    layout = Layout("TABLE", "ASCII", _LINES, len(lines[0] + end), len(columns), tuple(described))
    label = _label(folder.name, f"{stem}.TAB", planet, *_ends(first, _DAYS), layout)
    write_file(folder / f"{stem}.LBL", label.encode("ascii"))
    write_file(folder / f"{stem}.TAB", end.join([*lines, b""]))


def _describe_column(name: str, start: int, size: int, items: int) -> list[str]:
    several = [f"    ITEMS               = {items}"] if items > 1 else []
    return [
        "  OBJECT                = COLUMN",
        f"    NAME                = {name}",
        "    DATA_TYPE           = ASCII_INTEGER",
        f"    START_BYTE          = {start}",
        f"    BYTES               = {size}",
        *several,
        "  END_OBJECT            = COLUMN",
    ]


def _write_line(day: datetime, number: int) -> bytes:
    """Write eight sweeps: each has a status word, whose bits give hand and attenuator."""
    power = _make_power()[number * _SWEEPS :][:_SWEEPS]
    text = f"{day:%y%m%d}{number * 48:6d}"
    for sweep, values in enumerate(power.tolist()):
        status = 512 * ((number + sweep) % 4) + (0, 1, 2, 4)[number % 4]
        text += f"{status:4d}" + "".join(f"{value:4d}" for value in values)
    return text.encode("ascii")


def _label(
    data_set: str, data: str, planet: str, start: str, stop: str, layout: Layout | None = None
) -> str:
    """Write a label; of several targets, as Voyager's have them."""
    table = layout or _SUMMARIES
    lines = [
        "PDS_VERSION_ID          = PDS3",
        "/* synthetic: made for a replica, no observation */",
        "RECORD_TYPE             = FIXED_LENGTH",
        f"RECORD_BYTES            = {table.size}",
        f"FILE_RECORDS            = {table.rows}",
        f'^{table.pointer:<23} = "{data}"',
        f'DATA_SET_ID             = "{data_set}"',
        f'PRODUCT_ID              = "{data}"',
        f'TARGET_NAME             = {{ "{planet}", "SOLAR SYSTEM" }}',
        f'INSTRUMENT_HOST_NAME    = "VOYAGER {data_set[2]}"',
        'INSTRUMENT_NAME         = "PLANETARY RADIO ASTRONOMY RECEIVER"',
        "INSTRUMENT_ID           = PRA",
        f"START_TIME              = {start}",
        f"STOP_TIME               = {stop}",
        "SAMPLING_INTERVAL       = 48.0 <S>",
        f"OBJECT                  = {table.pointer}",
        f"  INTERCHANGE_FORMAT    = {table.form}",
        f"  ROWS                  = {table.rows}",
        f"  ROW_BYTES             = {table.size}",
        f"  COLUMNS               = {table.columns}",
        *table.described,
        f"END_OBJECT              = {table.pointer}",
        "END",
    ]
    return "\r\n".join(lines) + "\r\n"


def _write_traps(directory: Path) -> None:
    """Write labels without data, without times, of another day or data set, and cut."""
    name = "VG1-J-PRA-4-SUMM-BROWSE-48SEC-V1.0"
    folder, day = directory / name, datetime(1978, 12, 1)
    days = [day + timedelta(days=number) for number in range(6)]
    stems = [f"T{each:%y%m%d}" for each in days]
    planet = "JUPITER"
    # The data are missing; and a place within the file stands behind its name.
    _write(folder, days[0], _label(name, "GONE.DAT", planet, *_ends(days[0], 1)), data=False)
    placed = _label(name, "X", planet, *_ends(days[1], 1)).replace('"X"', f'("{stems[1]}.DAT", 1)')
    _write(folder, days[1], placed)
    _write(folder, days[2], _label(name, f"{stems[2]}.DAT", planet, "UNK", "UNK"))
    _write(folder, days[3], _label(name, f"{stems[3]}.DAT", planet, *_ends(days[0], 1)))
    _write(folder, days[5], _label(name, f"{stems[5]}.DAT", planet, *_ends(days[5], 1))[:300])
    high = directory / "VG2-N-PRA-2-RDR-HIGHRATE-60MS-V1.0"
    label = _label(high.name, "C1065111.DAT", "NEPTUNE", *_ends(day, 1))
    write_file(high / "C1065111.LBL", label.encode("ascii"))
    write_file(high / "C1065111.DAT", bytes(28))


@cache
def _make_power() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Make the sweeps of an encounter, in hundredths of dB."""
    return 2000 + 20 * synthetic.make_bursts(_LINES * _SWEEPS, _CHANNELS).astype(int)


@cache
def _look() -> bytes:
    return draw_spectrogram()
