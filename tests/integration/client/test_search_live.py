"""Searching real services: two DaCHS, and others that are down, slow, wrong or too large."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from astropy.table import Table
from click.testing import CliRunner
from tests.support.answers import answer_always, answer_never, answer_slowly

from epnkit.cli.search import command
from epnkit.client import search
from epnkit.client.links import fetch_links
from epnkit.client.targets import EpnTable
from epnkit.epncore.columns import COLUMNS


def test_one_search_over_good_and_bad_services(hfc1ar: str) -> None:
    with (
        answer_always("<html>Be back soon</html>") as page,
        answer_never() as silent,
        answer_slowly() as slow,
    ):
        targets = [
            EpnTable(hfc1ar, "hfc1ar.epn_core"),
            EpnTable(page, "a.epn_core"),
            EpnTable(silent, "b.epn_core"),
            EpnTable(slow, "c.epn_core"),
            EpnTable("http://127.0.0.1:1/tap", "d.epn_core"),
            EpnTable(hfc1ar.replace("localhost", "127.0.0.1"), "no_such.epn_core"),
        ]
        start = time.monotonic()
        found = search(targets, target="sun", limit=5, timeout=5.0)
        took = time.monotonic() - start
    states = {answer.target.table: answer.state for answer in found.answers}
    assert states == {
        "hfc1ar.epn_core": "overflow",
        "a.epn_core": "refused",
        "b.epn_core": "silent",
        "c.epn_core": "silent",
        "d.epn_core": "down",
        "no_such.epn_core": "refused",
    }
    assert all(answer.why for answer in found.incomplete)
    assert len(found.table) == 5
    assert set(found.table["service"]) == {"hfc1ar"}
    # The deadline holds for the whole, whatever comes; not a bar of speed.
    assert took < 60


def test_a_quick_service_does_not_wait_for_one_that_is_silent(hfc1ar: str) -> None:
    with answer_never() as silent:
        targets = [EpnTable(silent, "b.epn_core"), EpnTable(hfc1ar, "hfc1ar.epn_core")]
        found = search(targets, limit=5, timeout=10.0)
    assert [answer.state for answer in found.answers] == ["overflow", "silent"]


def test_every_term_is_understood_by_a_dachs(hfc1ar: str) -> None:
    everything = search(hfc1ar).table
    row = everything[len(everything) // 2]
    longitude, latitude = float(row["c1min"]), float(row["c2min"])
    terms: dict[str, Any] = {
        "time": (float(row["time_min"]), float(row["time_max"])),
        "target": "SUN",
        "kind": str(row["dataproduct_type"]),
        "level": int(row["processing_level"]),
        "text": "sun",
        "where": f"granule_uid = '{row['granule_uid']}'",
    }
    for name, value in terms.items():
        assert row["granule_uid"] in search(hfc1ar, **{name: value}).table["granule_uid"], name
    cone = search(hfc1ar, cone=(longitude, latitude, 20.0)).table
    assert 0 < len(cone) <= len(everything)
    box = search(hfc1ar, box=(longitude - 1, longitude + 1, latitude - 1, latitude + 1)).table
    assert row["granule_uid"] in box["granule_uid"]
    assert not len(search(hfc1ar, cone=(longitude, latitude, 1.0), frame="celestial").table)
    refused = search(hfc1ar, where="no_such_column = 1")
    assert [answer.state for answer in refused.answers] == ["refused"]
    assert "no_such_column" in refused.answers[0].why


def test_the_columns_are_those_that_are_wanted_however_they_are_asked_for(hfc1ar: str) -> None:
    for limit in (2, 100_000):  # by * and by their names
        found = search(hfc1ar, limit=limit, columns=["time_min", "granule_uid"]).table
        assert found.colnames == ["service", "tap_url", "time_min", "granule_uid"]
        plain = search(hfc1ar, limit=limit).table.colnames
        assert [name for name in COLUMNS if name in plain] == plain[2:]
    every = search(hfc1ar, limit=2, columns=["*"]).table.colnames
    assert "footprint_flags" in every


def test_the_command_equals_the_function(hfc1ar: str, tmp_path: Path) -> None:
    path = tmp_path / "found.vot"
    words = ["--tap", hfc1ar, "--target", "Sun", "--level", "5", "-o", str(path)]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    found = search(hfc1ar, target="Sun", level=5).table
    assert list(Table.read(path)["granule_uid"]) == list(found["granule_uid"])


def test_nothing_that_answers_is_an_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--tap", "http://127.0.0.1:1/tap", "--timeout", "5"])
    assert done.exit_code == 1
    assert "down" in done.output


def test_links_are_those_of_datalink(hfc1ar: str) -> None:
    found = search(hfc1ar, limit=2).table
    links = list(fetch_links(found))
    assert {link.granule_uid for link in links} == set(found["granule_uid"])
    assert not [link.error for link in links if link.error]
    only = list(fetch_links(found, ["#documentation"]))
    assert {link.semantics for link in only} == {"#documentation"}
