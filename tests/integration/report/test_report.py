"""The report of a service, from a real table: right, complete in itself, and harmless."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.errors import LoadError
from epnkit.report import chart, facts, plots
from epnkit.report.index_page import describe_service, render_index
from epnkit.report.page import render, write_page
from tests.conftest import ROOT

HOSTILE = """</span></td><script>alert("x")</script><img src=x onerror='alert(1)'>"' {{ 7*7 }} é"""

INDICES = """
    SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    JOIN pg_am a ON a.oid = relam WHERE amname = 'gist' AND indrelid = 'hfc1ar.epn_core'::regclass
"""


@pytest.fixture
def connection(dachs: PrivateDachs, hfc1ar: str) -> Iterator[Any]:
    """Give a connection whose changes nobody else sees, and which go with it."""
    opened = dachs.cluster.connect(autocommit=False)
    # pgsphere's index of many-cornered polygons takes its time with each row that changes.
    for (index,) in query(opened, INDICES):
        query(opened, f"DROP INDEX {index}")
    yield opened
    opened.rollback()
    opened.close()


def query(connection: Any, query: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def read_texts(page: str) -> str:
    parts = lxml.html.fromstring(page).xpath("//body//text()")
    return " ".join(" ".join(parts).split())


def test_it_says_what_the_table_holds(connection: Any) -> None:
    page = write_page(connection, "hfc1ar")
    ((first, last),) = query(connection, "SELECT min(time_min), max(time_max) FROM hfc1ar.epn_core")
    said = read_texts(page)
    for expected in (
        "1,200 granules, as in the ledger",
        "ci catalogue item 1,200",
        "MDI 1,050",
        "HMI 150",
        f"{plots.from_julian_date(first):%Y-%m-%d} – {plots.from_julian_date(last):%Y-%m-%d}",
        "wavelength 617.3",
        "A sample of 1,000 of 1,200 footprints.",
        "Longitude (deg)",
        "60 folded, 1200 loaded",
    ):
        assert expected.replace("\N{NO-BREAK SPACE}", " ") in said, expected


def test_gaps_are_those_that_a_walk_finds(connection: Any) -> None:
    rows = query(connection, "SELECT time_min, time_max FROM hfc1ar.epn_core ORDER BY time_min")
    walked, until = [], rows[0][1]
    for begin, end in rows:
        if begin > until:
            walked.append((until, begin))
        until = max(until, end)
    longest = sorted(walked, key=lambda gap: gap[0] - gap[1])[: facts.GAPS]
    found = facts.gather(connection, "hfc1ar").gaps
    assert [b - a for a, b in found] == [b - a for a, b in longest]
    assert set(found) <= set(walked)


def test_a_granule_that_lasts_long_leaves_no_gap(connection: Any) -> None:
    query(
        connection,
        "UPDATE hfc1ar.epn_core SET time_max = 2453000 WHERE granule_uid ="
        " (SELECT granule_uid FROM hfc1ar.epn_core ORDER BY time_min LIMIT 1)",
    )
    found = facts.gather(connection, "hfc1ar")
    assert found.gaps == []
    _, counts = facts.count_active(found.days)
    assert min(counts) >= 1
    assert "The time is covered without a gap." in read_texts(write_page(connection, "hfc1ar"))


def test_the_database_counts_and_little_leaves_it(connection: Any) -> None:
    """Ten times the granules of the same days make no more rows to fetch."""
    before = facts.gather(connection, "hfc1ar")
    columns = [
        name
        for (name,) in query(
            connection,
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'hfc1ar' AND table_name = 'epn_core'",
        )
    ]
    copied = ", ".join("granule_uid || '_' || n" if c == "granule_uid" else c for c in columns)
    query(
        connection,
        f"INSERT INTO hfc1ar.epn_core ({', '.join(columns)})"
        f" SELECT {copied} FROM hfc1ar.epn_core, generate_series(1, 9) n",
    )
    after = facts.gather(connection, "hfc1ar")
    assert (after.status.rows, after.status.unmatched) == (12_000, 10_800)
    assert [(a, b, 10 * n) for a, b, n in sorted(before.days)] == sorted(after.days)
    assert [(a, b, 10 * n) for a, b, n in sorted(before.spectrum)] == sorted(after.spectrum)
    drawn = chart.draw_footprints(connection, "hfc1ar")
    assert drawn is not None
    assert (drawn.footprints, drawn.drawn) == (12_000, chart.DRAWN)
    assert "10,800 are in only one of them" in read_texts(write_page(connection, "hfc1ar"))


def test_hostile_content_is_text(connection: Any) -> None:
    query(
        connection,
        "UPDATE hfc1ar.epn_core SET target_name = %s, instrument_name = %s, dataproduct_type = %s",
        HOSTILE,
        HOSTILE,
        HOSTILE,
    )
    query(
        connection,
        "INSERT INTO epnkit.quarantine (run, service, record_key, field, reason,"
        " record) VALUES (1, 'hfc1ar', 'x', %s, %s, '{}')",
        HOSTILE,
        HOSTILE,
    )
    query(
        connection,
        "INSERT INTO epnkit.runs (service, kind, state, reason, ended) VALUES"
        " ('hfc1ar', 'load', 'failed', %s, clock_timestamp())",
        HOSTILE,
    )
    page = write_page(connection, "hfc1ar")
    tree = lxml.html.fromstring(page)
    assert tree.xpath("//script | //img | //@onerror | //iframe | //object") == []
    shown = read_texts(page)
    # Three values, a field and a run's reason; a reason in quarantine has its numbers left out.
    assert shown.count(HOSTILE) == 5
    assert shown.count(re.sub(r"\d+", "…", HOSTILE)) == 1
    assert "{{ 7*7 }}" in shown


def test_it_asks_nobody_for_anything(connection: Any) -> None:
    page = write_page(connection, "hfc1ar")
    tree = lxml.html.fromstring(page)
    assert (
        tree.xpath("//@src | //@href | //link | //script | //*[@style[contains(., 'url(')]]") == []
    )
    assert "url(" not in page
    assert "@import" not in page
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_a_table_without_times_ranges_and_footprints(connection: Any) -> None:
    query(
        connection,
        "UPDATE hfc1ar.epn_core SET time_min = NULL, time_max = NULL, s_region = NULL,"
        " spectral_range_min = NULL, spectral_range_max = NULL, target_name = NULL",
    )
    said = read_texts(write_page(connection, "hfc1ar"))
    for expected in (
        "1,200 granules without a time",
        "no spectral range 1,200 granules without",
        "no value 1,200",
    ):
        assert expected in said
    assert "Footprints" not in said
    assert "Data calendar" not in said


@pytest.mark.parametrize("time", [-1e9, 0.0, 1e9, float("nan"), float("inf")])
def test_times_that_no_calendar_shows(connection: Any, time: float) -> None:
    query(connection, "UPDATE hfc1ar.epn_core SET time_min = %s, time_max = %s", time, time)
    assert "1,200 granules without a time" in read_texts(write_page(connection, "hfc1ar"))


def test_an_empty_table(connection: Any) -> None:
    query(connection, "DELETE FROM hfc1ar.epn_core")
    said = read_texts(write_page(connection, "hfc1ar"))
    assert "0 granules; the ledger has 1,200" in said


def test_the_sample_of_footprints_is_of_the_whole_table(connection: Any) -> None:
    """Those that stand last in the table are drawn as often as those that stand first."""
    moved = "UPDATE hfc1ar.epn_core SET s_region = spoly '{(1d,1d),(2d,1d),(2d,2d)}' WHERE ctid IN"
    query(connection, f"{moved} (SELECT ctid FROM hfc1ar.epn_core ORDER BY ctid LIMIT 600)")
    drawn = chart.draw_footprints(connection, "hfc1ar")
    assert drawn is not None
    # The updated rows stand at the end now.
    assert 450 < sum(path.count("L") == 2 for path in drawn.paths) < 550


def test_granules_with_a_coverage_alone_are_told(connection: Any) -> None:
    query(
        connection,
        "UPDATE hfc1ar.epn_core SET s_region = NULL, coverage = '3/1'::smoc"
        " WHERE granule_uid IN (SELECT granule_uid FROM hfc1ar.epn_core LIMIT 7)",
    )
    drawn = chart.draw_footprints(connection, "hfc1ar")
    page = render(facts.gather(connection, "hfc1ar"), drawn, datetime.now(UTC))
    assert " 7 granules have a coverage (MOC) alone" in page


def test_a_service_that_was_never_loaded(connection: Any) -> None:
    with pytest.raises(LoadError, match="Deploy it first: epnkit deploy nothing"):
        write_page(connection, "nothing")


def test_the_command(dachs: PrivateDachs, hfc1ar: str, tmp_path: Path) -> None:
    words: list[str | Path] = [
        Path(sys.executable).with_name("epnkit"),
        "report",
        "--dachs",
        dachs.root,
    ]
    page = tmp_path / "report.html"
    done = subprocess.run([*words, "hfc1ar", "-o", page], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{page}: ")
    assert lxml.html.fromstring(page.read_text()).find("head/title").text.startswith("hfc1ar")
    done = subprocess.run(
        [*words, "no", "-o", tmp_path / "no"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert not (tmp_path / "no").exists()
    done = subprocess.run(
        [*words, "hfc1ar", "-o", tmp_path / "no" / "page"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr


def test_positions_are_drawn_of_granules_without_a_footprint(connection: Any) -> None:
    query(
        connection,
        "UPDATE hfc1ar.epn_core SET s_region = NULL, c1min = 350, c1max = 10, c2min = -5,"
        " c2max = 5 WHERE granule_uid IN (SELECT granule_uid FROM hfc1ar.epn_core LIMIT 7)",
    )
    drawn = chart.draw_points(connection, "hfc1ar")
    assert drawn is not None
    assert (drawn.points, drawn.drawn) == (7, 7)
    # All in the middle of their limits, which is where the equator and the meridian 0 meet.
    assert drawn.path.count("M-1.2 90.0a") == 7
    said = read_texts(write_page(connection, "hfc1ar"))
    assert "All 7 positions of granules without a footprint" in said


def test_a_page_leads_to_the_others(connection: Any) -> None:
    page = write_page(connection, "hfc1ar", explore="https://x.example/e", index="index.html")
    links = lxml.html.fromstring(page).xpath("//a/@href")
    assert links == ["https://x.example/e#services=hfc1ar", "index.html"]


def test_a_page_shows_all_services(connection: Any) -> None:
    query(
        connection,
        "INSERT INTO epnkit.runs (service, kind, state, reason, ended) VALUES"
        " ('hfc1ar', 'load', 'failed', %s, clock_timestamp())",
        HOSTILE,
    )
    line = describe_service(connection, "hfc1ar", "hfc1ar.html", "https://x.example/e")
    page = render_index([line], "https://x.example/e", datetime.now(UTC))
    tree = lxml.html.fromstring(page)
    assert tree.xpath("//script | //img | //@onerror") == []
    assert "hfc1ar.html" in tree.xpath("//a/@href")
    said = read_texts(page)
    for expected in ("1 service ", "1,200 granules", "last runs failed: hfc1ar", HOSTILE):
        assert expected in said, expected
