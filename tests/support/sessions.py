"""Sessions of a terminal in the documentation: commands, and what they print, run in one shell."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

#: What three dots may stand for: a path, a time or date, a number (of a port, a process, seconds).
_VARIES = r"(?:/?[\w.-]+(?:/[\w.-]+)*|[\d:. -]+)"

_MARK = "epnkit-session-ends"

#: A shell that reads no settings of its user.
BASH = ("bash", "--noprofile", "--norc")


@dataclass(frozen=True)
class Step:
    """One command of a page.

    Parameters
    ----------
    command : str
        What is typed, continued lines included.
    expected : str
        What it prints.
    stays : bool
        Whether it runs on in a terminal of its own.
    line : int
        Where it stands in the page.
    """

    command: str
    expected: str
    stays: bool
    line: int

    def matches(self, printed: str) -> bool:
        """Tell whether what was printed is what the page shows."""
        return (
            re.fullmatch(_pattern(_strip_output(self.expected)), _strip_output(printed)) is not None
        )


def _pattern(expected: str) -> str:
    return _VARIES.join(re.escape(part) for part in expected.split("..."))


def _strip_output(text: str) -> str:
    """Leave out the blanks at the ends of lines, which nobody sees."""
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def read_steps(page: str, start: str = "") -> Iterator[Step]:
    """Take the commands of a page's console blocks that come after a line."""
    lines = page.splitlines()
    number = next((n for n, line in enumerate(lines) if line.startswith(start)), 0) if start else 0
    block: list[tuple[int, str]] | None = None
    stays = False
    for position, line in enumerate(lines[number:], number + 1):
        if block is None and line == "<!-- stays -->":
            stays = True
        elif block is None and line == "```console":
            block = []
        elif block is not None and line == "```":
            yield from _of_block(block, stays)
            block, stays = None, False
        elif block is not None:
            block.append((position, line))


def _of_block(block: list[tuple[int, str]], stays: bool) -> Iterator[Step]:
    command, begun = "", 0
    expected: list[str] = []
    for position, line in block:
        if line.startswith("$ "):
            if command:
                yield Step(command, "\n".join(expected), stays, begun)
            command, expected, begun = line[2:], [], position
        elif line.startswith("> ") and not expected:
            command += "\n" + line[2:]
        else:
            expected.append(line)
    yield Step(command, "\n".join(expected), stays, begun)


class Shell:
    """A shell that runs one command after the other.

    Parameters
    ----------
    directory : pathlib.Path
        Where it starts.
    environment : dict
        Its variables.
    words : sequence of str
        How it is started.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str], words: Sequence[str] = BASH
    ) -> None:
        self._directory, self._environment = directory, dict(environment)
        self._bash = self._start([*words])
        self._beside = ExitStack()
        self.run("exec 2>&1")

    def _start(self, words: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words,
            cwd=self._directory,
            env=self._environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, command: str) -> str:
        """Run a command to its end, and give what it printed."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{command}\necho {_MARK} $?\n")
        self._bash.stdin.flush()
        printed: list[str] = []
        for line in self._bash.stdout:
            if line.startswith(_MARK):
                return "".join(printed)
            printed.append(line)
        raise AssertionError(f"the shell ended at {command}: {''.join(printed)}")

    def leave_running(self, command: str, lines: int) -> str:
        """Start a command that goes on, and give its first lines."""
        process = self._start(["bash", "-c", f"exec {command}"])
        self._beside.callback(_stop, process)
        assert process.stdout is not None
        return "".join(process.stdout.readline() for _ in range(lines))

    def close(self) -> None:
        """End all of it."""
        self._beside.close()
        self._bash.communicate()


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)


@contextmanager
def shell(directory: Path, environment: Mapping[str, str]) -> Iterator[Shell]:
    """Open a shell for as long as the context lasts."""
    opened = Shell(directory, environment)
    try:
        yield opened
    finally:
        opened.close()


def perform(step: Step, in_shell: Shell) -> str:
    """Run a step, and give what it printed."""
    if step.stays:
        return in_shell.leave_running(step.command, len(step.expected.splitlines()))
    return in_shell.run(step.command)
