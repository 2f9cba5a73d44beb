"""Tables sent by SAMP to programs that are there, that come later, or that never come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from astropy.table import Table
from pyvo.samp import SAMPHubError, SAMPHubServer, SAMPIntegratedClient

from epnkit.client import send_table
from epnkit.errors import ConfigurationError

ROWS = Table({"granule_uid": ["a", "b"], "time_min": [1.0, 2.0]})


@pytest.fixture(autouse=True)
def own_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let hubs of this test be found by this test alone."""
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'samp').as_uri()}")


class Program:
    """A program that takes tables, as Aladin and TOPCAT do: it answers no call."""

    def __init__(self, name: str) -> None:
        self.tables: list[list[str]] = []
        self.arrived = threading.Event()
        self.client = SAMPIntegratedClient(name=name)

    def connect(self) -> None:
        self.client.connect()
        self.client.bind_receive_notification("table.load.votable", self._take)

    def _take(self, key: str, sender: str, kind: str, given: dict[str, str], more: object) -> None:
        table = Table.read(given["url"].removeprefix("file://"), format="votable")
        self.tables.append([str(uid) for uid in table["granule_uid"]])
        self.arrived.set()


@contextmanager
def hub() -> Iterator[None]:
    running = SAMPHubServer(web_profile=False)
    running.start()
    try:
        yield
    finally:
        running.stop()


def test_a_program_that_is_named_gets_the_table() -> None:
    with hub():
        aladin, topcat = Program("Aladin"), Program("topcat")
        for each in (aladin, topcat):
            each.connect()
        assert send_table(ROWS, "aladin", wait=3) == ["Aladin"]
        assert aladin.arrived.wait(10)
        assert sorted(send_table(ROWS, "all", wait=3)) == ["Aladin", "topcat"]
        assert topcat.arrived.wait(10)
        for each in (aladin, topcat):
            each.client.disconnect()
    assert aladin.tables == [["a", "b"]] * 2
    assert topcat.tables == [["a", "b"]]


def test_without_a_hub_there_is_one_until_the_program_came() -> None:
    late = Program("Aladin")

    def come() -> None:
        while not late.client.is_connected:
            with suppress(SAMPHubError):
                late.connect()
            ended.wait(0.2)

    ended = threading.Event()
    coming = threading.Thread(target=come)
    coming.start()
    try:
        assert send_table(ROWS, "aladin", wait=20) == ["Aladin"]
        assert late.arrived.wait(10)
    finally:
        coming.join()
    assert late.tables == [["a", "b"]]


def test_a_program_that_never_comes_is_said() -> None:
    with pytest.raises(
        ConfigurationError, match="'aladin' that takes tables did not come"
    ) as error:
        send_table(ROWS, "aladin", wait=1)
    assert "-o table.vot" in error.value.cure
