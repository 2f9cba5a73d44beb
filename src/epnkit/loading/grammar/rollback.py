"""What is undone where a load fails."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg2

from epnkit.errors import LoadError
from epnkit.loading.state.ledger import Run
from epnkit.loading.table.parallel_copy import clear


class Undoing:
    """Rolls a connection back where its work ends with an error, and drops the parts of the run.

    Parameters
    ----------
    connection : psycopg2 connection
        On which the work is done.
    run : Run
        Whose own connection drops the parts, when the other has let go of them.
    """

    def __init__(self, connection: Any, run: Run) -> None:
        self._connection, self._run = connection, run

    def __enter__(self) -> None:
        """Begin what may be undone."""

    def __exit__(self, _kind: object, error: BaseException | None, *_: object) -> None:
        """Undo what failed."""
        if error is not None and not self._connection.closed:
            self._connection.rollback()
            # What failed is to be told; the next load tries this again, and tells of it.
            with suppress(LoadError, psycopg2.Error):
                clear(self._run.own, self._run.service)
