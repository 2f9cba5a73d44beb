"""How far a load is: a line that moves on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TextIO

#: Seconds between two plain lines.
_EVERY = 30.0


class Progress:
    """Says nothing: for tests, and for what is over at once."""

    def expect(self, records: int | None) -> None:
        """Say how many records are to come."""

    def advance(self, records: int) -> None:
        """Say that more records were read."""

    def done(self, summary: str) -> None:
        """Say what became of them."""


silent = Progress()


class Lines(Progress):
    """Tells of a load in words: on a terminal in one line that is rewritten, else now and then.

    Parameters
    ----------
    name : str
        What is loaded.
    out : text stream
        Where to; by default standard error.
    """

    def __init__(self, name: str, out: TextIO | None = None) -> None:
        self.name, self.out = name, out or sys.stderr
        self.moving = self.out.isatty()
        self.start = self.last = monotonic()
        self.records, self.total = 0, None  # type: int, int | None

    def expect(self, records: int | None) -> None:
        """Say how many records are to come."""
        self.total = records

    def advance(self, records: int) -> None:
        """Count them, and say so when it is time."""
        self.records += records
        now = monotonic()
        if self.moving or now - self.last > _EVERY:
            self.last = now
            self._write(f"{self.name}: {self._state(now - self.start)}")

    def done(self, summary: str) -> None:
        """End the moving line and give the summary."""
        if self.moving:
            self.out.write("\r\x1b[2K")
        seconds = monotonic() - self.start
        self.out.write(f"{self.name}: {summary}, in {seconds:.1f} s\n")
        self.out.flush()

    def _write(self, text: str) -> None:
        self.out.write(f"\r\x1b[2K{text}" if self.moving else f"{text}\n")
        self.out.flush()

    def _state(self, seconds: float) -> str:
        rate = self.records / seconds if seconds > 0 else 0.0
        text = f"{self.records:,} records, {rate:,.0f} a second"
        if self.total and rate:
            left = max(self.total - self.records, 0) / rate
            text += f", {self.records / self.total:.0%}, {left:,.0f} s to go"
        return text
