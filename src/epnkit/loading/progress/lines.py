"""Progress of a load in plain lines."""

from __future__ import annotations

from time import monotonic
from typing import TextIO

from epnkit.quoting import printable

#: Seconds between two plain lines.
_EVERY = 30.0


class Progress:
    """Reports nothing: for tests, and for short loads."""

    def expect(self, records: int | None) -> None:
        """Set the number of expected records."""

    def advance(self, records: int) -> None:
        """Count more records as read."""

    def start_stage(self, name: str) -> None:
        """Report the stage that begins."""

    def report_parts(self, done: int, parts: int, workers: int) -> None:
        """Report how many parts of a parallel load are mapped, and how many workers there are."""

    def notify(self, what: str) -> None:
        """Report a message that a person has to read."""

    def finish(self, summary: str) -> None:
        """Report what became of the records."""

    def close(self) -> None:
        """End the reports: the load has ended, successfully or not."""


SILENT = Progress()


class ProgressLines(Progress):
    """Reports a load in plain lines, every half minute: for logs.

    Parameters
    ----------
    name : str
        What is loaded.
    out : text stream
        Where to report.
    """

    def __init__(self, name: str, out: TextIO) -> None:
        self.name, self.out = name, out
        self.start = self.last = monotonic()
        self.records, self.total = 0, None  # type: int, int | None
        self.parts = ""

    def expect(self, records: int | None) -> None:
        """Set the number of expected records."""
        self.total = records

    def advance(self, records: int) -> None:
        """Count records, and print a line if the last one is old enough."""
        self.records += records
        now = monotonic()
        if now - self.last > _EVERY:
            self.last = now
            self._write(self._describe_rate(now - self.start))

    def report_parts(self, done: int, parts: int, workers: int) -> None:
        """Add parts and workers to the next line."""
        self.parts = describe_parts(done, parts, workers)

    def notify(self, what: str) -> None:
        """Print a message."""
        self._write(what)

    def finish(self, summary: str) -> None:
        """Print the summary."""
        self._write(f"{summary}, in {monotonic() - self.start:.1f} s")

    def _write(self, text: str) -> None:
        self.out.write(printable(f"{self.name}: {text}") + "\n")
        self.out.flush()

    def _describe_rate(self, seconds: float) -> str:
        rate = self.records / seconds if seconds > 0 else 0.0
        text = f"{self.records:,} records, {rate:,.0f} a second"
        if self.total and rate:
            left = max(self.total - self.records, 0) / rate
            text += f", {self.records / self.total:.0%}, {left:,.0f} s to go"
        return f"{text}, {self.parts}" if self.parts else text


def describe_parts(done: int, parts: int, workers: int) -> str:
    """Describe how many parts of a parallel load are mapped, and how many workers there are.

    Parameters
    ----------
    done, parts : int
        How many are mapped, of how many.
    workers : int
        How many workers are at work.

    Examples
    --------
    >>> describe_parts(7, 40, 2)
    '7 of 40 parts mapped, 2 workers'
    """
    return f"{done} of {parts} parts mapped, {workers} worker{'' if workers == 1 else 's'}"
