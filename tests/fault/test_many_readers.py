"""Fifty clients ask TAP without a pause while the table is updated: each gets an answer."""

from __future__ import annotations

import re
import sqlite3
import threading
from contextlib import closing

import pytest
import pyvo
from tests.support.services import bring_up_service

from epnkit.dachs.private import PrivateDachs

pytestmark = [pytest.mark.all, pytest.mark.timeout(1200)]

CLIENTS, UPDATES = 50, 12

#: The granules whose observation each update gives another number.
QUERY = "SELECT obs_id FROM bass2000.epn_core WHERE obs_id LIKE 'meudon_2005%'"


class Client(threading.Thread):
    """Somebody who asks until told to stop."""

    def __init__(self, url: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.tap = pyvo.dal.TAPService(url)
        self.stop = stop
        self.answers: list[frozenset[str]] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """Ask."""
        while not self.stop.is_set():
            try:
                found = self.tap.run_sync(QUERY)["obs_id"]
                self.answers.append(frozenset(str(each).rpartition("_")[2] for each in found))
            except Exception as error:  # noqa: BLE001 - what it is will be looked at
                self.errors.append(repr(error))


def test_fifty_clients_during_updates(scratch: PrivateDachs) -> None:
    server = scratch.start_server()
    base = f"http://127.0.0.1:{scratch.port}"
    try:
        with bring_up_service(scratch, base, "bass2000"):
            credential = (scratch.root / "credentials" / "bass2000").read_text()
            path = re.search(r"Database=([^;\n]*)", credential)
            assert path is not None
            update(path[1], 99)
            scratch.run("imp", "bass2000/q")
            stop = threading.Event()
            clients = [Client(f"{base}/tap", stop) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            for number in range(UPDATES):
                update(path[1], 100 + number)
                scratch.run("imp", "bass2000/q")
            stop.set()
            for client in clients:
                client.join(120)
    finally:
        server.terminate()
        server.wait()
    answers = [answer for client in clients for answer in client.answers]
    print(f"{len(answers)} answers to {CLIENTS} clients during {UPDATES} updates")
    assert [error for client in clients for error in client.errors] == []
    assert all(client.answers for client in clients)
    assert len({*answers}) > 1  # they saw the updates
    assert {len(answer) for answer in answers} == {1}  # and no half of one


def update(path: str, number: int) -> None:
    """Give all images of one year the same number."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE IMAGES SET SEQ_IND = ?, UPDATED = (SELECT max(UPDATED) FROM IMAGES)"
            " WHERE DATE_OBS LIKE '2005%'",
            (number,),
        )
        connection.commit()
