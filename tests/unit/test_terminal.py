"""What a terminal would act upon, in the records of a source: no command prints it."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import epnkit.cli
from epnkit.cli import cli
from epnkit.cli._output import cell, echo
from epnkit.errors import SourceError
from epnkit.loading.progress.bar import ProgressBar
from epnkit.loading.progress.lines import ProgressLines

#: All that is not to be seen in an output.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202esun\u2066"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service whose records hold control characters, and links that are code."""
    monkeypatch.delenv("GAVOSETTINGS", raising=False)
    data = tmp_path / "data"
    data.mkdir()
    for number in range(12):
        record = {
            "id": f"a{number}",
            "date_obs": f"2024-01-{number + 1:02}T00:00:00",
            "target_name": "Kanzelhöhe\u202e" if number else "Sun",
            "instrument_name": "CAM\u2066",
            "url": "https://data.example.org/a.fits" if number else "javascript:alert(1)",
            "obs_title": EVIL if number == 1 else "plain\x9b",
        }
        (data / f"a{number}.json").write_text(json.dumps(record))
    words = ["new", "evil", "--from", str(data), "--into", str(tmp_path)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, (done.output, done.exception)
    assert not UNSEEN.search(done.output)
    return tmp_path / "evil"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("command", ["preview", "check"])
def test_commands_escape_what_they_print(folder: Path, command: str, form: str) -> None:
    done = CliRunner().invoke(cli, [command, str(folder), "--format", form])
    assert not UNSEEN.search(done.output), done.output
    if command == "preview":
        assert "\\u202e" in done.output
    if form == "json":
        json.loads(done.output)


def test_links_of_other_schemes_and_characters_are_refused_by_rule(folder: Path) -> None:
    service = folder / "service.py"
    text = service.read_text()
    assert "javascript" not in text
    more = """
from dataclasses import replace
import polars as pl
more = {"access_url": pl.col("url"), "alt_target_name": pl.col("obs_title")}
service = replace(service, mapping=Mapping({**mapping.columns, **more}), links=())
"""
    service.write_text(text + more)
    done = CliRunner().invoke(cli, ["preview", str(folder)])
    assert "rule 118: is not a complete address of http, https, ftp: javascript:alert(1)" in (
        done.output
    )
    assert "rule 119: has a character that XML cannot hold: \\u001b]0;owned" in done.output


def test_a_column_that_would_be_mangled_is_named(folder: Path) -> None:
    rd = folder / "q.rd"
    assert 'type="unicode"' in rd.read_text()
    rd.write_text(re.sub(r'<column name="[^>]*type="unicode"[^>]*>', "", rd.read_text()))
    done = CliRunner().invoke(cli, ["preview", str(folder)])
    assert re.search(r'rule 120: target_name .Kanzelh.* q.rd with type="unicode"', done.output)
    done = CliRunner().invoke(cli, ["check", str(folder)])
    assert "would be served with ?" in " ".join(done.output.split())


def test_errors_are_escaped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise SourceError(f"broken: {EVIL}", cure="Mend it.")

    monkeypatch.setattr(epnkit.cli, "cli", fail)
    with pytest.raises(SystemExit):
        epnkit.cli.main()
    shown = capsys.readouterr().err
    assert "broken: \\u001b]0;owned" in shown
    assert not UNSEEN.search(shown)


def test_cells_have_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert cell("[red]\x1b[0m") == "\\[red]\\u001b[0m"
    assert cell(None) == ""
    echo("\u202ea\n\tb")
    assert capsys.readouterr().out == "\\u202ea\n\tb\n"


def test_the_progress_of_a_load_shows_no_control_characters() -> None:
    for kind in (ProgressLines, ProgressBar):
        out = io.StringIO()
        progress = kind("evil", out)
        progress.start_stage("reading [red]")
        progress.notify(f"left out: {EVIL}")
        progress.finish(f"done {EVIL}")
        progress.close()
        written = out.getvalue()
        assert "\\u202esun" in written
        assert "\x1b[2J" not in written
        assert "\u2066" not in written
