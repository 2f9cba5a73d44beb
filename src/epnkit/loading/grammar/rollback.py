"""Rolling back a load that failed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg2

from epnkit.errors import LoadError
from epnkit.loading.state.ledger import Run
from epnkit.loading.table.parallel_copy import drop_parts


class RollbackOnError:
    """Rolls a connection back if its work ends with an error, and drops the parts of the run.

    Parameters
    ----------
    connection : psycopg2 connection
        The connection of the work.
    run : Run
        Drops the parts over its own connection, after the other has released them.
    """

    def __init__(self, connection: Any, run: Run) -> None:
        self._connection, self._run = connection, run

    def __enter__(self) -> None:
        """Begin the work."""

    def __exit__(self, _kind: object, error: BaseException | None, *_: object) -> None:
        """Roll back if there was an error."""
        if error is not None and not self._connection.closed:
            self._connection.rollback()
            # The first error is the one to report; the next load drops the parts, or reports why
            # not.
            with suppress(LoadError, psycopg2.Error):
                drop_parts(self._run.connection, self._run.service)
