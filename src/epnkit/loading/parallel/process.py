"""A worker as a separate process: ``python -m epnkit.loading.parallel.process``.

Its standard input has two lines of JSON: the task, and the arguments of ``psycopg2.connect``.  When
the input ends, the loader has ended, and so does the worker.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from threading import Thread
from typing import Any

import psycopg2

from epnkit.loading.parallel.task import PartTask
from epnkit.loading.parallel.work import take_parts


def main() -> None:
    """Work on the parts of one run."""
    task, database = PartTask.from_json(sys.stdin.readline()), json.loads(sys.stdin.readline())
    Thread(target=_end_with_loader, daemon=True).start()
    try:
        take_parts(task, partial(connect, database))
    except psycopg2.Error as error:
        # The loader reports what it means for the load.
        sys.exit(f"a worker of the load ended: {' '.join(str(error).split())}")


def connect(database: dict[str, Any]) -> Any:
    """Open an autocommitting connection.

    Parameters
    ----------
    database : dict
        Arguments of ``psycopg2.connect``.
    """
    connection = psycopg2.connect(**database)
    connection.autocommit = True
    return connection


def _end_with_loader() -> None:
    # By the descriptor: with sys.stdin, this thread would hold a lock that the interpreter waits
    # for when it ends.
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
