"""Work in steps: each describes itself beforehand, reports what it did, and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg2

from epnkit.errors import EpnkitError

#: Errors of an undo function, after which the other steps are still undone.
_UNDOING_ERRORS = (EpnkitError, OSError, psycopg2.Error)


@dataclass(frozen=True)
class Step:
    """One step.

    Parameters
    ----------
    plan : str
        What it will do, with the paths and the command line.
    do : callable
        Does it, and returns a report of what it did.
    undo : callable, optional
        Reverts whatever ``do`` did, even if only in part or not at all.
    """

    plan: str
    do: Callable[[], str]
    undo: Callable[[], None] | None = None


def carry_out(steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """Do the steps one after the other; if one fails, undo it and those before it.

    Parameters
    ----------
    steps : iterable of Step
        The steps.
    say : callable
        Is called with a line for each step.

    Raises
    ------
    Exception
        What the failing step raised.
    """
    with ExitStack() as undoing:
        for step in steps:
            undoing.callback(_undo, step, say)
            say(step.do())
        undoing.pop_all()


def _undo(step: Step, say: Callable[[str], None]) -> None:
    if step.undo is None:
        return
    try:
        step.undo()
    except _UNDOING_ERRORS as error:
        say(f"could not be undone ({step.plan}): {error}")
