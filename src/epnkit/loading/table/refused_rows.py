"""Finding the rows of a batch that PostgreSQL refuses, by halving the batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import psycopg2

if TYPE_CHECKING:
    from epnkit.loading.table.target import Target

#: PostgreSQL's errors about a value, as opposed to the disk, a lock or the connection.
_BAD_VALUE = (psycopg2.DataError, psycopg2.errors.InternalError_, psycopg2.IntegrityError)


def find_refused_rows(
    target: Target,
    count: int,
    process: Callable[[int, int], None],
    prepare: Callable[[], None] | None = None,
) -> list[tuple[int, str]]:
    """Process rows, and find those that PostgreSQL refuses.

    A batch of which nothing is refused costs one savepoint; another one is halved until the faulty
    rows are isolated.

    Parameters
    ----------
    target : Target
        Whose connection the rows are processed over.
    count : int
        How many rows there are.
    process : callable
        Processes the rows from a number to below another one. If it raises an error, none of them
        may count as processed.
    prepare : callable, optional
        Is called before each of these calls, outside of its savepoint.

    Returns
    -------
    list of (int, str)
        The number of each refused row, ascending, and PostgreSQL's reason.
    """
    todo, refused = [(0, count)] if count else [], []
    while todo:
        start, end = todo.pop()
        if prepare is not None:
            prepare()
        problem = target.attempt(partial(process, start, end), *_BAD_VALUE)
        if problem is not None and end - start == 1:
            refused.append((start, str(problem.diag.message_primary or problem).strip()))
        elif problem is not None:
            middle = (start + end) // 2
            todo += [(middle, end), (start, middle)]
    return refused
