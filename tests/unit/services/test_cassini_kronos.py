"""Cassini/RPWS Kronos: names and records, and what maser4py says of the same files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support import maser_values
from tests.support.granules import granule, reasons

N1 = {
    "file_name": "R2012180.20",
    "file_size": 2201388,
    "url": "https://kronos.example/R2012180.20",
    # Day 180 of 2012, 20:00:01.32 and 20:59:45.30.
    "first.ti": 1618072001,
    "first.c": 32,
    "last.ti": 1618075585,
    "last.c": 30,
}

TEN = {
    **N1,
    "file_name": "R2012180.22",
    "first.ti": 1618079201,
    "first.c": 28,
    "last.ti": 1618082785,
    "last.c": 25,
}

#: The uid without ":", a region of the UAT, and steps that are within the file: see README.md.
DIFFERING = {"granule_uid", "target_region"}
UNREAD = ("access_estsize", "time_sampling_step_min", "time_sampling_step_max")


def expected_values(samples: Path, file: str) -> dict[str, str]:
    row = maser_values.row(samples, file)
    return {name: value for name, value in row.items() if name not in UNREAD}


@pytest.mark.shared
@pytest.mark.parametrize("record", [N1, TEN])
def test_an_hour_is_as_maser4py_has_it(samples: Path, record: dict[str, object]) -> None:
    wanted = expected_values(samples, str(record["file_name"]))
    maser_values.compare(wanted, granule("cassini_kronos", **record), DIFFERING)


@pytest.mark.shared
def test_the_hour_with_the_times_of_another_is_refused(samples: Path) -> None:
    # maser4py lists it so; its file must have had them.
    twin, other = (expected_values(samples, name) for name in ("R2012181.00", "R2012180.22"))
    assert (twin["time_min"], twin["time_max"]) == (other["time_min"], other["time_max"])
    found = reasons("cassini_kronos", **{**TEN, "file_name": "R2012181.00"})
    assert found == ["'R2012181.00' has content of another time"]


def test_an_hour_has_the_times_of_its_records() -> None:
    row = granule("cassini_kronos", **N1)
    assert row["time_min"] == pytest.approx(2456107.333348611, abs=1e-9)
    assert row["time_max"] == pytest.approx(2456107.3748298613, abs=1e-9)


def test_days_since_1997_begin_with_one() -> None:
    # 2012-06-28T20:00:01.32 is 5657 days and 72001.32 s after the beginning of 1997.
    told = {
        "file_name": "P2012180.20",
        "first.t97": 5658 + 72001.32 / 86400,
        "last.t97": 5658 + 75585.3 / 86400,
    }
    row = granule("cassini_kronos", url="https://kronos.example/P", file_size=1, **told)
    assert row["time_min"] == pytest.approx(2456107.333348611, abs=1e-9)
    assert row["time_max"] == pytest.approx(2456107.3748298613, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "gid", "level"),
    [
        ("K2012181.00", "co_rpws_hfr_kronos_n0", 1),
        ("N3d_dsq2012181.00", "co_rpws_hfr_kronos_n3d", 5),
        ("N3e_dsq2012181.00", "co_rpws_hfr_kronos_n3e", 5),
    ],
)
def test_other_levels_have_the_hour_of_their_name(name: str, gid: str, level: int) -> None:
    row = granule("cassini_kronos", file_name=name, file_size=1, url="https://kronos.example/a")
    assert (row["granule_gid"], row["processing_level"]) == (gid, level)
    assert row["obs_id"] == "K2012181.00"
    assert row["time_min"] == 2456107.5
    assert row["time_max"] == pytest.approx(2456107.5 + 1 / 24, abs=1e-9)


@pytest.mark.parametrize(
    ("hour", "target"),
    [
        ("1998116.13", "Venus"),
        ("1999230.10", "Earth"),
        ("1999100.00", "interplanetary medium"),
        ("2000366.23", "Jupiter"),
        ("2003365.23", "interplanetary medium"),
        ("2004001.00", "Saturn"),
    ],
)
def test_the_target_is_what_was_passed(hour: str, target: str) -> None:
    record = {"file_name": f"K{hour}", "file_size": 1, "url": "https://kronos.example/a"}
    assert granule("cassini_kronos", **record)["target_name"] == target


@pytest.mark.parametrize("name", ["R2013.005", "bg_2012_180", "N3d_2012180.20", "readme"])
def test_another_file_is_refused(name: str) -> None:
    found = reasons("cassini_kronos", **{**N1, "file_name": name})
    assert any("is not the name of an hour" in reason for reason in found)
