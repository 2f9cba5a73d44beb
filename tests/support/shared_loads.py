"""The workers of a load that several share, and how they end."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing

from epnkit.dachs.private import PrivateDachs
from tests.support.waiting import wait_until

_WORKING = "SELECT worker FROM epnkit.load_parts WHERE state = 'running' ORDER BY started"


def find_workers(dachs: PrivateDachs) -> list[int]:
    """Find the processes that work on a part."""
    with closing(dachs.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(_WORKING)
        return [int(worker.rpartition(":")[2]) for (worker,) in cursor.fetchall()]


def kill_twice(dachs: PrivateDachs, pause: float = 0.0) -> set[int]:
    """Kill a worker at work, and then another one, or the one in its place.

    Parameters
    ----------
    dachs : PrivateDachs
        Which loads.
    pause : float
        How many seconds to wait before each.
    """
    killed: set[int] = set()
    while len(killed) < 2:
        time.sleep(pause)
        wait_until(lambda: bool({*find_workers(dachs)} - killed))
        pid = next(each for each in find_workers(dachs) if each not in killed)
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
    return killed
