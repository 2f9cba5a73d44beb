"""Finding the rows of a batch that PostgreSQL refuses, by halving the batch."""

from __future__ import annotations

from collections.abc import Callable
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
        problem = _try(target, process, start, end)
        if problem is not None and end - start == 1:
            refused.append((start, problem))
        elif problem is not None:
            middle = (start + end) // 2
            todo += [(middle, end), (start, middle)]
    return refused


def _try(target: Target, process: Callable[[int, int], None], start: int, end: int) -> str | None:
    target.execute("SAVEPOINT epnkit_batch")
    try:
        process(start, end)
    except _BAD_VALUE as error:
        target.execute("ROLLBACK TO SAVEPOINT epnkit_batch")
        return str(error.diag.message_primary or error).strip()
    target.execute("RELEASE SAVEPOINT epnkit_batch")
    return None
