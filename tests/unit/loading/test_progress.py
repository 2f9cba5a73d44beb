"""What a person sees of a load: a bar on a terminal, lines in a log."""

from __future__ import annotations

import io
import os
import pty
import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from epnkit.loading.progress import choose_progress

SUMMARY = "30 read, 30 loaded"


def report_everything(out: io.TextIOBase, *, fail: bool = False) -> None:
    told = choose_progress("hfc1ar", out)  # type: ignore[arg-type]
    told.expect(30)
    told.start_stage("reading")
    told.advance(10)
    told.advance(20)
    if fail:
        told.close()
    else:
        told.finish(SUMMARY)


def report_parts(out: io.TextIOBase, *, fail: bool = False) -> None:
    told = choose_progress("hfc1ar", out)  # type: ignore[arg-type]
    told.report_parts(7, 40, 1)
    told.close()


def report_on_terminal(
    monkeypatch: pytest.MonkeyPatch,
    *,
    fail: bool = False,
    report: Callable[..., None] = report_everything,
) -> str:
    monkeypatch.setenv("TERM", "xterm")
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal:
        report(terminal, fail=fail)
        terminal.flush()
        told = read_everything(leader)
    os.close(leader)
    return told


def read_everything(leader: int) -> str:
    os.set_blocking(leader, False)
    chunks = []
    with suppress(BlockingIOError):
        while True:
            chunks.append(os.read(leader, 4096))
    return b"".join(chunks).decode()


def test_a_log_gets_the_summary_alone_of_a_short_load() -> None:
    out = io.StringIO()
    report_everything(out)
    assert re.fullmatch(r"hfc1ar: 30 read, 30 loaded, in 0\.\d s\n", out.getvalue())


def test_a_terminal_gets_a_bar_with_stage_and_count(monkeypatch: pytest.MonkeyPatch) -> None:
    told = report_on_terminal(monkeypatch)
    assert "hfc1ar: reading" in told
    assert "30/30" in told
    assert SUMMARY in told


def test_a_shared_load_names_parts_and_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    told = report_on_terminal(monkeypatch, report=report_parts)
    assert "hfc1ar: 7 of 40 parts mapped, 1 worker" in told


def test_a_load_that_fails_leaves_the_terminal_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    told = report_on_terminal(monkeypatch, fail=True)
    assert SUMMARY not in told
    assert told.endswith(("\x1b[2K", "\x1b[?25h", "\x1b[1A\x1b[2K"))  # the bar gone, cursor shown
