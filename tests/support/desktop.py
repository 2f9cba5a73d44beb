"""Aladin and TOPCAT, Debian's, on a screen that nobody sees, with a SAMP hub of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_until

#: The window in which the hub asks whether a page may register, and where its Yes is: to the right
#: of the middle, in pixels, and above the lower edge.
_QUESTION = "SAMP Hub Security"
_YES = (26, 25)


@dataclass(frozen=True)
class Desktop:
    """A screen.

    Parameters
    ----------
    folder : pathlib.Path
        Where programs keep their settings, and the hub its address.
    environment : dict of str to str
        The environment of what is shown there.
    """

    folder: Path
    environment: Mapping[str, str]

    @property
    def hub(self) -> str:
        """Where the hub is found, as the environment variable SAMP_HUB has it."""
        return self.environment["SAMP_HUB"]

    @contextmanager
    def run(self, *command: str) -> Iterator[None]:
        """Run a program until the context ends."""
        with (
            (self.folder / f"{Path(command[0]).name}.log").open("wb") as log,
            # Aladin takes the end of its input for a wish to quit.
            subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield
            finally:
                process.kill()

    def say_yes(self) -> None:
        """Let the page register that the hub asks about."""
        wait_until(lambda: bool(self._find_question()), 60)
        window = self._find_question()[-1]
        told = self._ask("getwindowgeometry", "--shell", window)
        at = {name: int(value) for name, value in (line.split("=") for line in told.split())}
        x = at["X"] + at["WIDTH"] // 2 + _YES[0]
        y = at["Y"] + at["HEIGHT"] - _YES[1]

        def click() -> bool:
            self._ask("mousemove", str(x), str(y), "click", "1")
            return not self._find_question()

        wait_until(click, 30)

    def _find_question(self) -> list[str]:
        return self._ask("search", "--onlyvisible", "--name", _QUESTION).split()

    def _ask(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout


@contextmanager
def open_desktop(folder: Path) -> Iterator[Desktop]:
    """Open a screen."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1300x900x24"]
    with subprocess.Popen(
        [*command, "-nolisten", "tcp"], pass_fds=(writing,), stderr=subprocess.DEVNULL
    ) as screen:
        try:
            os.close(writing)
            with os.fdopen(reading) as number:
                display = number.readline().strip()
            yield Desktop(folder, _make_environment(folder, display))
        finally:
            screen.kill()


# Aladin looks for its hub at home only, whatever SAMP_HUB says.
def _make_environment(folder: Path, display: str) -> dict[str, str]:
    return {
        **os.environ,
        "DISPLAY": f":{display}",
        "SAMP_HUB": f"std-lockurl:{(folder / '.samp').as_uri()}",
        "JAVA_TOOL_OPTIONS": f"-Duser.home={shlex.quote(str(folder))}",
    }


def find_program(client: Any, name: str) -> str:
    """Wait for a program to register at the hub; give its identifier there."""
    found: list[str] = []

    def look() -> bool:
        for each in client.get_registered_clients():
            if client.get_metadata(each).get("samp.name", "").lower() == name:
                # What it takes is known a little later.
                found.extend([each] if client.get_subscriptions(each) else [])
        return bool(found)

    wait_until(look, 120)
    return found[0]
