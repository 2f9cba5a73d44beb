"""How far a load is, in plain lines."""

from __future__ import annotations

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

    def stage(self, name: str) -> None:
        """Say what is being done."""

    def tell(self, what: str) -> None:
        """Say what a person has to know."""

    def done(self, summary: str) -> None:
        """Say what became of them."""

    def close(self) -> None:
        """Say no more: the load ended, well or not."""


silent = Progress()


class Lines(Progress):
    """Tells of a load in plain lines, now and then: for logs.

    Parameters
    ----------
    name : str
        What is loaded.
    out : text stream
        Where to.
    """

    def __init__(self, name: str, out: TextIO) -> None:
        self.name, self.out = name, out
        self.start = self.last = monotonic()
        self.records, self.total = 0, None  # type: int, int | None

    def expect(self, records: int | None) -> None:
        """Say how many records are to come."""
        self.total = records

    def advance(self, records: int) -> None:
        """Count them, and say so when it is time."""
        self.records += records
        now = monotonic()
        if now - self.last > _EVERY:
            self.last = now
            self._write(self._state(now - self.start))

    def tell(self, what: str) -> None:
        """Give it a line of its own."""
        self._write(what)

    def done(self, summary: str) -> None:
        """Give the summary."""
        self._write(f"{summary}, in {monotonic() - self.start:.1f} s")

    def _write(self, text: str) -> None:
        self.out.write(f"{self.name}: {text}\n")
        self.out.flush()

    def _state(self, seconds: float) -> str:
        rate = self.records / seconds if seconds > 0 else 0.0
        text = f"{self.records:,} records, {rate:,.0f} a second"
        if self.total and rate:
            left = max(self.total - self.records, 0) / rate
            text += f", {self.records / self.total:.0%}, {left:,.0f} s to go"
        return text
