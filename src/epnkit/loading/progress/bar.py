"""Progress of a load on a terminal."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from epnkit.loading.progress.lines import ProgressLines, describe_parts
from epnkit.quoting import printable


class ProgressBar(ProgressLines):
    """Shows a load on a terminal: stage, records, rate and remaining time.

    Parameters
    ----------
    name : str
        What is loaded.
    out : text stream
        The terminal.
    """

    def __init__(self, name: str, out: TextIO) -> None:
        super().__init__(name, out)
        self._display = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=out),
            transient=True,
        )
        self._task = self._display.add_task(printable(name), total=None)
        self._display.start()

    def expect(self, records: int | None) -> None:
        """Set the number of expected records."""
        self._display.update(self._task, total=records)

    def advance(self, records: int) -> None:
        """Move the bar."""
        self._display.advance(self._task, records)

    def start_stage(self, name: str) -> None:
        """Show the name of the stage."""
        self._display.update(self._task, description=printable(f"{self.name}: {name}"))

    def report_parts(self, done: int, parts: int, workers: int) -> None:
        """Show parts and workers with the stage."""
        self.start_stage(describe_parts(done, parts, workers))

    def notify(self, what: str) -> None:
        """Print a message above the bar."""
        text = printable(f"{self.name}: {what}")
        self._display.console.print(text, markup=False, highlight=False)

    def finish(self, summary: str) -> None:
        """Remove the bar and print the summary."""
        self.close()
        super().finish(summary)

    def close(self) -> None:
        """Remove the bar."""
        self._display.stop()


class _Rate(ProgressColumn):
    """The number of records per second."""

    def render(self, task: Task) -> Text:
        """Write the rate."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")
