"""Links of datalink that a draft finds: to movies, reports and documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from epnkit.check.agreement import find_placeholders
from epnkit.cli.new import command
from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import propose
from epnkit.drafts.propose.links import ProposedLink
from epnkit.service import read_service

COUNT = 12


def find(**columns: Any) -> tuple[ProposedLink, ...]:
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    base = {
        "id": [f"e{n}" for n in range(COUNT)],
        "start_time": [f"2001-01-{n + 1:02}T00:00:00" for n in range(COUNT)],
    }
    return propose(Sample("sql", pl.DataFrame({**base, **given}), COUNT), "x").links


@pytest.mark.parametrize(
    ("name", "value", "semantics", "is_address"),
    [
        ("browseMovieObjectKey", "pid_1/ABC/ABC.mp4", "#preview", False),
        ("movie_url", "https://x.example/a.mp4", "#preview", True),
        ("qualityReportObjectKey", "pid_1/ABC/ABC.pdf", "#auxiliary", False),
        ("documentationUrl", "https://x.example/docs/", "#documentation", True),
    ],
)
def test_a_link_is_found(name: str, value: str, semantics: str, is_address: bool) -> None:
    (found,) = find(**{name: value})
    assert (found.field, found.semantics, found.is_address) == (name, semantics, is_address)


@pytest.mark.parametrize(
    ("name", "value"),
    [("movie", "yes"), ("quality", "good"), ("quality_flag", "0.5"), ("doc", "see below")],
)
def test_what_leads_nowhere_is_no_link(name: str, value: str) -> None:
    assert find(**{name: value}) == ()


def test_an_address_that_some_lack_is_no_link() -> None:
    assert find(movie_url=["https://x.example/a.mp4", *[None] * (COUNT - 1)]) == ()


def test_a_path_is_decided_and_an_address_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    path = tmp_path / "list.csv"
    rows = [
        f"i{n},2001-01-{n + 1:02}T00:00:00,p/{n}.pdf,https://x.example/{n}.mp4" for n in range(12)
    ]
    path.write_text("\n".join(["name,start_time,quality_report,movie", *rows]) + "\n")
    words = ["tower", "--from", str(path), "--into", str(tmp_path / "r"), "--accept"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "link: #preview from movie" in done.output
    assert "#auxiliary link: the address below which quality_report is served" in done.output
    service = read_service(tmp_path / "r" / "tower")
    assert [(each.semantics, each.fields) for each in service.links] == [("#preview", {"movie"})]
    assert any("quality_report is served" in each for each in find_placeholders(service.folder))
    assert '["#preview"]' in (tmp_path / "r" / "tower" / "q.rd").read_text()
