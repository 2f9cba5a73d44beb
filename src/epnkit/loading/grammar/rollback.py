"""Rolling back a load that failed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg2

from epnkit.loading.parallel.queue import forget_parts
from epnkit.loading.state.ledger import Run


class RollbackOnError:
    """Rolls a connection back if its work ends with an error, and forgets the parts of the run.

    Parameters
    ----------
    connection : psycopg2 connection
        The connection of the work.
    run : Run
        Forgets its parts over its own connection.
    """

    def __init__(self, connection: Any, run: Run) -> None:
        self._connection, self._run = connection, run

    def __enter__(self) -> None:
        """Begin the work."""

    def __exit__(self, _kind: object, error: BaseException | None, *_: object) -> None:
        """Roll back if there was an error."""
        if error is not None and not self._connection.closed:
            self._connection.rollback()
            # The first error is the one to report; the next load forgets the parts as well.
            with suppress(psycopg2.Error):
                forget_parts(self._run.connection, self._run.service)
