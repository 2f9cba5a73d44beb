"""How far a load is, on a terminal."""

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

from epnkit.loading.progress.lines import Lines


class Bar(Lines):
    """Tells of a load on a terminal: stage, records, rate and the time that is left.

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
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=out),
            transient=True,
        )
        self._task = self._display.add_task(name, total=None)
        self._display.start()

    def expect(self, records: int | None) -> None:
        """Say how many records are to come."""
        self._display.update(self._task, total=records)

    def advance(self, records: int) -> None:
        """Move the bar."""
        self._display.advance(self._task, records)

    def stage(self, name: str) -> None:
        """Say what is being done."""
        self._display.update(self._task, description=f"{self.name}: {name}")

    def tell(self, what: str) -> None:
        """Give it lines of its own, above the bar."""
        self._display.console.print(f"{self.name}: {what}", markup=False, highlight=False)

    def done(self, summary: str) -> None:
        """Take the bar away and give the summary."""
        self.close()
        super().done(summary)

    def close(self) -> None:
        """Take the bar away."""
        self._display.stop()


class _Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        """Write the rate."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")
