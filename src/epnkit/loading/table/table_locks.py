"""Getting a lock on a table that readers hold, without making other readers wait.

An attempt waits only briefly, since all later readers queue behind it; then it is repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from epnkit.errors import LoadError

#: How long one attempt may wait for the table, as PostgreSQL's ``lock_timeout``.
LOCK_TIMEOUT: Final = "200ms"

#: The pause between two attempts, in seconds.
_PAUSE = 0.5


def repeat_attempts(attempt: Callable[[], bool], seconds: float, what: str, table: str) -> None:
    """Repeat an attempt to lock a table until it succeeds.

    Parameters
    ----------
    attempt : callable
        Tries to lock the table within :data:`LOCK_TIMEOUT`, and returns whether it succeeded.
    seconds : float
        How long to repeat it, in seconds.
    what : str
        What cannot be done if no attempt succeeds, for the message.
    table : str
        The table, for the message.

    Raises
    ------
    LoadError
        If readers held the table all the time.
    """
    end = time.monotonic() + seconds
    while not attempt():
        if time.monotonic() > end:
            raise LoadError(
                what,
                where=table,
                why=f"queries or sessions have held it for {seconds:.0f} s",
                cure="Run it again when they have ended; pg_stat_activity lists them.",
            )
        time.sleep(_PAUSE)
