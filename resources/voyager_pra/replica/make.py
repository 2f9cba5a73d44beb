"""A synthetic archive of Voyager's PRA: labels of the real form, spectra never observed."""

from __future__ import annotations

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

#: The files of the whole encounters.
_WHOLE = {"VG1-J": "PRA_I", "VG1-S": "PRA", "VG2-N": "VG2_NEP_PRA_6SEC"}


def files(directory: Path) -> None:
    """Write the summary of each day, and the spectra of whole encounters."""
    for encounter, planet, first in _ENCOUNTERS:
        name = f"{encounter}-PRA-4-SUMM-BROWSE-48SEC-V1.0"
        for number in range(_DAYS):
            day = first + timedelta(days=number)
            label = _label(name, f"T{day:%y%m%d}.DAT", planet, *_ends(day, 1))
            _write(directory / name, f"T{day:%y%m%d}", label, look=number % 10 == 0)
        whole = _WHOLE.get(encounter)
        if whole is not None:
            name = f"{encounter}-PRA-3-RDR-LOWBAND-6SEC-V1.0"
            _write_whole(directory / name, whole, planet, first)
    _write_traps(directory)


def _ends(day: datetime, days: int) -> tuple[str, str]:
    end = day + timedelta(days=days) - timedelta(milliseconds=4)
    return f"{day:%Y-%m-%dT%H:%M:%S}.000Z", f"{end:%Y-%m-%dT%H:%M:%S}.996Z"


def _write(
    folder: Path, stem: str, label: str, data: str | None = None, *, look: bool = False
) -> None:
    write_file(folder / f"{stem}.LBL", label.encode("ascii"))
    if data != "":
        write_file(folder / (data or f"{stem}.DAT"), b"0.0  1.2  2.4\r\n" * 8)
    if look:
        write_file(folder / f"{stem}.PNG", _look())


def _write_whole(folder: Path, stem: str, planet: str, first: datetime) -> None:
    """Write the spectra of an encounter, and their label, whose columns have bytes of one item."""
    end = b"\n" if "NEP" in stem else b"\r\n"
    lines = [_write_line(first + timedelta(days=number), number) for number in range(_LINES)]
    label = _label(folder.name, f"{stem}.TAB", planet, *_ends(first, _DAYS), pointer="TABLE")
    columns = [("DATE", 1, 6, 1), ("SECOND", 7, 6, 1)]
    columns += [(f"SWEEP{n + 1}", 13 + n * 284, 4, 71) for n in range(_SWEEPS)]
    described = [line for each in columns for line in _describe_column(*each)]
    before, after = label.split("  ROWS                  = 8\r\n  COLUMNS               = 3\r\n")
    rows = [f"  ROWS                  = {_LINES}", f"  COLUMNS               = {len(columns)}"]
    size = len(lines[0] + end)
    before = before.replace("= 15\r", f"= {size}\r").replace("= 8\r", f"= {_LINES}\r")
    label = before + "\r\n".join([*rows, *described]) + "\r\n" + after
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
    data_set: str, data: str, planet: str, start: str, stop: str, pointer: str = "TIME_SERIES"
) -> str:
    """Write a label; of several targets, as Voyager's have them."""
    lines = [
        "PDS_VERSION_ID          = PDS3",
        "/* synthetic: made for a replica, no observation */",
        "RECORD_TYPE             = FIXED_LENGTH",
        "RECORD_BYTES            = 15",
        "FILE_RECORDS            = 8",
        f'^{pointer:<23} = "{data}"',
        f'DATA_SET_ID             = "{data_set}"',
        f'PRODUCT_ID              = "{data}"',
        f'TARGET_NAME             = {{ "{planet}", "SOLAR SYSTEM" }}',
        f'INSTRUMENT_HOST_NAME    = "VOYAGER {data_set[2]}"',
        'INSTRUMENT_NAME         = "PLANETARY RADIO ASTRONOMY RECEIVER"',
        "INSTRUMENT_ID           = PRA",
        f"START_TIME              = {start}",
        f"STOP_TIME               = {stop}",
        "SAMPLING_INTERVAL       = 48.0 <S>",
        f"OBJECT                  = {pointer}",
        "  INTERCHANGE_FORMAT    = ASCII",
        "  ROWS                  = 8",
        "  COLUMNS               = 3",
        f"END_OBJECT              = {pointer}",
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
    _write(folder, stems[0], _label(name, "GONE.DAT", planet, *_ends(days[0], 1)), data="")
    placed = _label(name, "X", planet, *_ends(days[1], 1)).replace('"X"', f'("{stems[1]}.DAT", 2)')
    _write(folder, stems[1], placed)
    unknown = _label(name, f"{stems[2]}.DAT", planet, "UNK", "UNK")
    _write(folder, stems[2], unknown)
    other = _label(name, f"{stems[3]}.DAT", planet, *_ends(days[0], 1))
    _write(folder, stems[3], other)
    high = "VG2-N-PRA-2-RDR-HIGHRATE-60MS-V1.0"
    _write(directory / high, "C1065111", _label(high, "C1065111.DAT", "NEPTUNE", *_ends(day, 1)))
    _write(folder, stems[5], _label(name, f"{stems[5]}.DAT", planet, *_ends(days[5], 1))[:300])


@cache
def _make_power() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Make the sweeps of an encounter, in hundredths of dB."""
    return 2000 + 20 * synthetic.make_bursts(_LINES * _SWEEPS, _CHANNELS).astype(int)


@cache
def _look() -> bytes:
    return draw_spectrogram()
