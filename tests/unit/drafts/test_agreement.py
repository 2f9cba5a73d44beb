"""What a folder has to agree with itself about, and what a draft leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from epnkit.check.agreement import find_disagreements, find_placeholders
from epnkit.cli.new import command
from epnkit.cli.preview import command as preview
from epnkit.errors import ConfigurationError
from epnkit.service import read_service


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Draft a service of a list in text."""
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    path = tmp_path / "list.csv"
    rows = [f"img{n},2001-01-{n + 1:02}T00:00:00" for n in range(12)]
    path.write_text("\n".join(["name,start_time", *rows]) + "\n")
    words = ["tower", "--from", str(path), "--into", str(tmp_path / "r")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, (done.output, done.exception)
    return tmp_path / "r" / "tower"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_draft_agrees_with_itself(folder: Path) -> None:
    assert find_disagreements(read_service(folder)) == []


def test_another_frame_is_found(folder: Path) -> None:
    edit(folder / "service.py", 'frame="none"', 'frame="body"')
    (found,) = find_disagreements(read_service(folder))
    assert (found.rule, found.value) == (68, "body")
    assert "none in q.rd" in found.message
    shown = CliRunner().invoke(preview, [str(folder), "-n", "1"])
    assert shown.exit_code == 1
    assert "rule 68: spatial_frame_type 'body' is the frame in service.py" in shown.output


def test_a_column_that_the_rd_lacks_is_found(folder: Path) -> None:
    edit(folder / "service.py", "columns={", 'columns={"filter": "H-alpha",')
    (found,) = find_disagreements(read_service(folder))
    assert (found.rule, found.column) == (4, "filter")
    # Another feed may declare it, which is not followed.
    edit(folder / "q.rd", '<FEED source="epnkit/q#served"/>', '<FEED source="own/q#columns"/>')
    assert find_disagreements(read_service(folder)) == []


def test_what_is_open_is_found_with_its_line(folder: Path) -> None:
    found = find_placeholders(folder)
    lines = (folder / "service.py").read_text().splitlines()
    marks = [number for number, line in enumerate(lines, 1) if "# DECIDE" in line]
    assert [each.split(":")[1] for each in found[:-1]] == [str(number) for number in marks]
    assert found[-1].endswith("Not known yet")
    path = folder / "service.py"
    path.write_text(path.read_text().replace("# DECIDE", "#"))
    edit(folder / "q.rd", "Not known yet", "A. Observer")
    assert find_placeholders(folder) == []


def test_a_syntax_error_is_one_line_with_its_number(folder: Path) -> None:
    path = folder / "service.py"
    path.write_text(path.read_text() + "x = (\n")
    count = len(path.read_text().splitlines())
    with pytest.raises(ConfigurationError) as caught:
        read_service(folder)
    assert f"service.py:{count}: it is no Python: '(' was never closed" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ["x = no_such_name", "import no_such_module", "x = {}['key']"])
def test_what_fails_in_a_service_is_one_line_with_its_number(folder: Path, line: str) -> None:
    path = folder / "service.py"
    path.write_text(f"{path.read_text()}{line}\n")
    count = len(path.read_text().splitlines())
    with pytest.raises(ConfigurationError) as caught:
        read_service(folder)
    assert f"service.py:{count}: it cannot be run: " in str(caught.value)
    assert "\n" not in str(caught.value)
