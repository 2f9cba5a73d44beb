"""What all verbs have in common: exit codes, errors, completion, no colours in a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.unit.test_docs import COMMANDS

import epnkit


def run(
    *words: str, directory: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "epnkit", *words],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["check", "new", "preview", "status", "quarantine list"])
def test_a_wrong_option_is_status_2(name: str) -> None:
    assert "--nonsense" not in str(COMMANDS[name].params)
    assert run(*name.split(), "--nonsense").returncode == 2


@pytest.mark.parametrize("name", ["preview", "source"])
def test_a_service_that_is_not_there_is_status_1_and_one_line(name: str, tmp_path: Path) -> None:
    done = run(name, "nowhere", directory=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("epnkit: nowhere: there is no such service")


def test_what_cannot_be_read_to_be_checked_is_status_2(tmp_path: Path) -> None:
    (tmp_path / "odd.vot").write_text("no VOTable")
    assert run("check", str(tmp_path / "odd.vot")).returncode == 2


def test_verbose_says_where_an_error_arose(tmp_path: Path) -> None:
    quiet, told = (run(*words, "preview", "nowhere", directory=tmp_path) for words in ([], ["-v"]))
    assert "Traceback" not in quiet.stderr
    assert "api.py" in told.stderr
    assert told.stderr.splitlines()[-1] == quiet.stderr.strip()
    assert told.returncode == 1


def test_the_version_is_the_packages() -> None:
    assert epnkit.__version__ in run("--version").stdout


@pytest.mark.parametrize(
    ("words", "number", "offered"),
    [
        ("epnkit rec", 1, "plain,reconcile"),
        ("epnkit status hfc1a", 2, "plain,hfc1ar"),
        ("epnkit status --form", 2, "plain,--format"),
        ("epnkit status --format j", 3, "plain,json"),
    ],
)
def test_the_tab_key_completes(words: str, number: int, offered: str) -> None:
    done = run(_EPNKIT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(number))
    assert offered in done.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    done = run(_EPNKIT_COMPLETE=f"{shell}_source")
    assert "_EPNKIT_COMPLETE" in done.stdout
    assert done.returncode == 0


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Give a table that breaks rules, of which a coloured table tells."""
    path = tmp_path / "broken.csv"
    path.write_text("granule_uid,target_class\na,Planet\n")
    return path


def test_no_colours_in_a_pipe(broken: Path) -> None:
    done = run("check", str(broken))
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr


def test_colours_on_a_terminal(broken: Path) -> None:
    ours, theirs = pty.openpty()
    words = [str(Path(sys.executable).parent / "epnkit"), "check", str(broken)]
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(words, stdout=theirs, check=False, env={**plain, "TERM": "xterm-256color"})
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert b"\x1b[1m" in shown


@pytest.mark.parametrize("words", [["--test"], ["tests"], ["--servers", "--tests"]])
def test_the_setup_refuses_words_that_it_does_not_know(words: list[str]) -> None:
    done = subprocess.run(
        [ROOT / "scripts/setup", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("setup: ")
    assert "--servers" in done.stderr
