"""Rows and files sent by SAMP's web profile, to a hub that lets every page in."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from astropy.table import Table
from playwright.sync_api import Page, expect
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient, WebProfileDialog
from tests.support.explored import ONLY, open_search


class Welcome(WebProfileDialog):  # type: ignore[misc]
    """The person at the hub, who lets every page in."""

    def __init__(self) -> None:
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def show_dialog(self, *told: object) -> None:
        self.consent()

    def _watch(self) -> None:
        while not self._left.wait(0.1):
            self.handle_queue()

    def leave(self) -> None:
        self._left.set()
        self._thread.join()


class Receiver:
    """A program that takes what it is bound to."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.arrived = threading.Event()
        self.client = SAMPIntegratedClient(name="receiver")
        self.client.connect()

    def bind(self, kind: str) -> None:
        self.client.bind_receive_notification(kind, self._take)

    def _take(self, key: str, sender: str, kind: str, given: dict[str, str], more: object) -> None:
        self.received.append(given)
        self.arrived.set()

    def await_message(self) -> dict[str, str]:
        assert self.arrived.wait(30)
        return self.received[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a hub with a program at it."""
    person = Welcome()
    hub = SAMPHubServer(web_profile=True, label="a test", web_profile_dialog=person)
    hub.start()
    program = Receiver()
    yield program
    program.client.disconnect()
    hub.stop()
    person.leave()


def test_without_a_hub_there_is_a_word(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=20")
    page.click("#send")
    expect(page.locator("#status")).to_contain_text("No SAMP hub runs", timeout=30_000)


def test_selected_rows_go_to_programs(page: Page, site: str, receiver: Receiver) -> None:
    open_search(page, site, f"{ONLY}&limit=20")
    page.click("#send")
    expect(page.locator("#status")).to_contain_text("no program there takes", timeout=30_000)
    receiver.bind("table.load.votable")
    rows = page.locator(".tabulator-row")
    uids = {rows.nth(k).locator("[tabulator-field=granule_uid]").inner_text() for k in range(2)}
    rows.nth(0).click()
    rows.nth(1).click(modifiers=["Control"])
    page.click("#send")
    expect(page.locator("#status")).to_have_text("Sent.", timeout=30_000)
    table = receiver.await_message()
    assert set(Table.read(table["url"], format="votable")["granule_uid"]) == uids


def test_the_image_of_a_row_goes_to_programs(page: Page, site: str, receiver: Receiver) -> None:
    receiver.bind("image.load.fits")
    open_search(page, site, f"{ONLY}&limit=20")
    row = page.locator(".tabulator-row").first
    uid = row.locator("[tabulator-field=granule_uid]").inner_text()
    row.click()
    page.get_by_role("button", name="Send this file by SAMP").first.click(timeout=60_000)
    expect(page.locator("#status")).to_have_text("Sent.", timeout=30_000)
    image = receiver.await_message()
    assert image["name"] == uid
    assert image["url"] == page.locator("#details li a").first.get_attribute("href")
    assert image["url"].endswith(".fits")


def test_nothing_found_is_nothing_sent(page: Page, site: str, receiver: Receiver) -> None:
    receiver.bind("table.load.votable")
    open_search(page, site, f"{ONLY}&from=1850-01-01")
    page.click("#send")
    expect(page.locator("#status")).to_have_text("Nothing was found.")
    assert receiver.received == []
