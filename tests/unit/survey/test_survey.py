"""A survey: its list, what becomes of silent and broken services, and the page."""

from __future__ import annotations

import html
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from epnkit.cli.survey import command
from epnkit.client.targets import EpnTable, read_list
from epnkit.errors import CheckError
from epnkit.survey.judge import Judgement, Manners, judge, judge_all
from epnkit.survey.page import describe, write_page

TARGET = EpnTable("http://one.example/tap", "a.epn_core")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
FOUND = {"rule": 7, "level": "MUST", "granule": "<b>g</b>", "column": "c", "message": "is odd"}


def make_program(text: str) -> tuple[str, ...]:
    """Give a program that stands in for ``epnkit``."""
    return (sys.executable, "-c", text)


def test_a_list_has_a_table_a_line() -> None:
    lines = [
        "# ours",
        "http://a.example/tap x.epn_core",
        "",
        "https://b.example/tap  # all",
        *[""] * 2,
    ]
    assert read_list(lines) == [
        EpnTable("http://a.example/tap", "x.epn_core"),
        EpnTable("https://b.example/tap"),
    ]
    assert read_list([lines[1]] * 2) == [EpnTable("http://a.example/tap", "x.epn_core")]


@pytest.mark.parametrize(
    "line", ["a.example/tap", "http://a.example/tap x y", "file:///etc/passwd"]
)
def test_what_is_no_table_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(CheckError) as caught:
        read_list(["", line])
    assert caught.value.where == "line 2"


def test_a_table_that_takes_too_long_is_silent() -> None:
    slow = make_program("import time; time.sleep(60)")
    done = judge(TARGET, Manners(deadline=0.2), slow)
    assert (done.state, done.report) == ("silent", {})
    assert "no whole answer" in done.why


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("import sys; sys.exit('epnkit: it cannot be read: not XML')", "broken"),
        ("import sys; print('x', file=sys.stderr); sys.exit(2)", "broken"),
        ("import sys; print('Connection refused', file=sys.stderr); sys.exit(2)", "silent"),
        ("print('{\"findings\": []}')", "judged"),
    ],
)
def test_states(text: str, state: str) -> None:
    assert judge(TARGET, Manners(), make_program(text)).state == state


def test_no_host_is_asked_twice_at_once_and_the_order_stays(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = make_program(
        "import sys, time, os\n"
        f"log = open({str(log)!r}, 'a', buffering=1)\n"
        "print('+', sys.argv[2], file=log); time.sleep(0.1); print('-', sys.argv[2], file=log)\n"
        "print('{\"findings\": []}')"
    )
    urls = ["http://one.example/tap", "http://two.example/tap"]
    targets = [EpnTable(url, name) for name in ("a", "b", "c") for url in urls]
    seen: list[Judgement] = []
    done = judge_all(targets, Manners(pause=0), seen.append, program)
    assert [each.target for each in done] == targets
    assert len(seen) == len(targets)
    for url in urls:
        own = [line.split()[0] for line in log.read_text().splitlines() if url in line]
        assert own == ["+", "-"] * 3


def test_the_page_escapes_what_services_say() -> None:
    judged = Judgement(TARGET, "judged", 1.0, report={"findings": [FOUND], "advice": []})
    broken = Judgement(EpnTable("http://x/<script>"), "broken", 2.0, "<script>alert(1)</script>")
    survey = describe([judged, broken], NOW, "a list")
    assert survey["states"] == {"judged": 1, "broken": 1}
    assert survey["clean"] == 0
    page = write_page(survey)
    assert "<script>" not in page
    assert html.escape("<b>g</b>") in page
    assert "MUST 7" in page


def test_nothing_is_asked_for_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# none\n")
    words = ["--list", str(tmp_path / "list"), "-o", str(tmp_path / "out.html")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out.json").is_file()
