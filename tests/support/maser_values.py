"""The values that maser4py asserts of real files, to compare granules with."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

#: How far a Julian date may be from one that went through microseconds.
_DAY = 2e-9


def row(samples: Path, file: str) -> dict[str, str]:
    """Give the row of one file, without what it leaves empty."""
    with (samples / "maser" / "epncore.csv").open(newline="") as lines:
        (found,) = [row for row in csv.DictReader(lines) if row["_file"] == file]
    return {name: value for name, value in found.items() if value}


def compare(expected: dict[str, str], granule: dict[str, object], differing: set[str]) -> None:
    """Compare a granule with a row, ``#`` lists as sets, but for columns that differ on purpose."""
    for name in sorted(expected.keys() & granule.keys() - differing):
        wanted, found = expected[name], granule[name]
        if isinstance(found, float):
            relative = 0 if name.startswith("time_m") else 1e-5
            assert found == pytest.approx(float(wanted), rel=relative, abs=_DAY), name
        else:
            assert set(str(found).split("#")) == set(wanted.split("#")), name
    for name in differing:
        assert str(granule[name]) != expected[name], f"{name} differs no longer"
