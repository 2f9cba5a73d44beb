"""A piece of work in steps: each can be told beforehand, says what it did, and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg2

from epnkit.errors import EpnkitError

#: What an undoing may meet; the others are undone all the same.
_UNDOING_ERRORS = (EpnkitError, OSError, psycopg2.Error)


@dataclass(frozen=True)
class Step:
    """One step.

    Parameters
    ----------
    plan : str
        What it will do, with the paths and the command line.
    do : callable
        Does it, and says what it did.
    undo : callable, optional
        Makes good whatever ``do`` did, be it done in part or not at all.
    """

    plan: str
    do: Callable[[], str]
    undo: Callable[[], None] | None = None


def carry_out(steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """Do the steps one after the other; where one fails, undo it and those before it.

    Parameters
    ----------
    steps : iterable of Step
        What to do.
    say : callable
        Gets a line for each step.

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
