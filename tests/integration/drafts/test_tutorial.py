"""The tutorial, done as it is written: each command run, each output compared."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from epnkit.dachs.ports import free_port
from tests.conftest import ROOT
from tests.support.sessions import Shell, Step, perform, read_steps, shell

PAGE = ROOT / "docs" / "tutorial.md"


@pytest.fixture(scope="module")
def terminal() -> Iterator[Shell]:
    """Open a shell in an empty directory, with the commands of the environment."""
    cache = os.environ["NUMBA_CACHE_DIR"]
    environment = {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "NUMBA_CACHE_DIR": cache,
    }
    # Short, since a socket's path may have 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="epnkit-") as directory,
        shell(Path(directory), environment) as opened,
    ):
        yield opened


def list_steps() -> list[Step]:
    """Give the steps of the tutorial, at a port that is free here."""
    port = str(free_port())
    found = read_steps(PAGE.read_text(encoding="utf-8"), "<!-- run from here on")
    return [
        replace(
            step,
            command=step.command.replace("8080", port),
            expected=step.expected.replace("8080", port),
        )
        for step in found
    ]


def test_what_the_tutorial_shows_is_what_happens(terminal: Shell) -> None:
    performed = 0
    for step in list_steps():
        printed = perform(step, terminal)
        assert step.matches(printed), f"{PAGE.name}:{step.line}: {step.command}\n{printed}"
        performed += 1
    assert performed > 10
