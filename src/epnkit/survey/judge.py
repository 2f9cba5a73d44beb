"""Judging the tables of a survey: each in a process of its own, and no host asked twice at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from epnkit.client.targets import EpnTable

#: The ``epnkit`` of this environment.
PROGRAM = (sys.executable, "-c", "from epnkit.cli import main; main()")

#: The exit status of ``epnkit check`` if it could read the table.
_READ = (0, 1)


@dataclass(frozen=True)
class Manners:
    """How politely a survey asks.

    Parameters
    ----------
    rows : int
        How many rows of each table to look at.
    deadline : float
        How long a table may take, in seconds; then it counts as silent.
    pause : float
        The time between two tables of one host, in seconds.
    hosts : int
        How many hosts are asked at once.
    """

    rows: int = 200
    deadline: float = 120.0
    pause: float = 1.0
    hosts: int = 4


@dataclass(frozen=True)
class Judgement:
    """What became of one table.

    Parameters
    ----------
    target : EpnTable
        The table.
    state : str
        ``judged``, ``silent`` (no answer in time) or ``broken`` (an answer that cannot be read).
    seconds : float
        How long it took.
    why : str
        Why it was not judged.
    report : dict
        What ``epnkit check`` wrote as JSON.
    """

    target: EpnTable
    state: str
    seconds: float
    why: str = ""
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def levels(self) -> dict[str, int]:
        """How many rules of each level it breaks."""
        broken = {(each["rule"], each["level"]) for each in self.report.get("findings", ())}
        return {
            level: sum(each == level for _, each in broken) for level in ("MUST", "SHOULD", "MAY")
        }


def judge_all(
    targets: Iterable[EpnTable],
    manners: Manners,
    say: Callable[[Judgement], None],
    program: Sequence[str] = PROGRAM,
) -> list[Judgement]:
    """Judge tables: those of one host one after the other, some hosts at once.

    Parameters
    ----------
    targets : iterable of EpnTable
        The tables.
    manners : Manners
        How politely.
    say : callable
        Is called with each judgement.
    program : sequence of str
        The ``epnkit`` to run.

    Returns
    -------
    list of Judgement
        In the order of the tables.
    """
    by_host: dict[str, list[EpnTable]] = defaultdict(list)
    ordered = list(targets)
    for target in ordered:
        by_host[urlsplit(target.url).netloc].append(target)
    done: dict[EpnTable, Judgement] = {}

    def ask_host(of_one: list[EpnTable]) -> None:
        for number, target in enumerate(of_one):
            if number:
                time.sleep(manners.pause)
            done[target] = judge(target, manners, program)
            say(done[target])

    with ThreadPoolExecutor(manners.hosts) as pool:
        list(pool.map(ask_host, by_host.values()))
    return [done[target] for target in ordered]


def judge(target: EpnTable, manners: Manners, program: Sequence[str]) -> Judgement:
    """Judge a table in a process of its own, which its deadline ends."""
    words = [*program, "check", target.url, *([target.table] if target.table else [])]
    words += ["--rows", str(manners.rows), "--format", "json"]
    begun = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            words, capture_output=True, text=True, check=False, timeout=manners.deadline
        )
    except subprocess.TimeoutExpired:
        why = f"no whole answer in {manners.deadline:.0f} s"
        return Judgement(target, "silent", time.monotonic() - begun, why)
    seconds = time.monotonic() - begun
    if done.returncode in _READ and done.stdout.strip():
        return Judgement(target, "judged", seconds, report=json.loads(done.stdout))
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    why = " ".join(lines)[:500] or f"exit status {done.returncode}"
    is_silent = any(word in why.lower() for word in ("timed out", "timeout", "refused", "resolve"))
    return Judgement(target, "silent" if is_silent else "broken", seconds, why)
