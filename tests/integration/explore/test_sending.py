"""Rows and files sent by SAMP's web profile, to a hub that lets every page in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from astropy.table import Table
from playwright.sync_api import Page, expect
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient, WebProfileDialog
from tests.support.explored import ONLY, open_search
from tests.support.waiting import wait_until

from epnkit.client import search
from epnkit.client.jhelioviewer import list_images, write_footprints
from epnkit.client.targets import EpnTable
from epnkit.explore.deployment import PATH


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
        self.kinds: list[str] = []
        self.arrived = threading.Event()
        self.client = SAMPIntegratedClient(name="receiver")
        self.client.connect()

    def bind(self, kind: str) -> None:
        self.client.bind_receive_notification(kind, self._take)

    def _take(self, key: str, sender: str, kind: str, given: dict[str, str], more: object) -> None:
        self.received.append(given)
        self.kinds.append(kind)
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


def test_jhelioviewer_gets_footprints_and_no_table(
    page: Page, site: str, receiver: Receiver
) -> None:
    for kind in ("table.load.votable", "jhv.load.image", "jhv.load.sunjson"):
        receiver.bind(kind)
    open_search(page, site, f"{ONLY}&limit=20")
    page.click("#send")
    expect(page.locator("#status")).to_have_text("Sent.", timeout=30_000)
    tables = [EpnTable(f"{site}/tap", "hfc1ar.epn_core")]
    expected = write_footprints(search(tables, limit=20).table)
    wait_until(lambda: len(receiver.received) >= len(expected), 30)
    assert {*receiver.kinds} == {"jhv.load.sunjson"}
    sent = sorted((json.loads(given["value"]) for given in receiver.received), key=read_time)
    for got, wanted in zip(sent, map(json.loads, expected), strict=True):
        assert got.keys() == wanted.keys()
        assert got["time"] == wanted["time"]
        assert sorted(map(bound, got["geometry"])) == sorted(map(bound, wanted["geometry"]))


def read_time(document: dict[str, Any]) -> str:
    return str(document["time"])


def bound(shape: dict[str, Any]) -> list[float]:
    """Bound a shape's coordinates, and count them."""
    places = np.array(shape["coordinates"]) % 360
    return [len(places), *places.min(axis=0).round(1), *places.max(axis=0).round(1)]


def test_images_of_the_sun_go_to_jhelioviewer(page: Page, site: str) -> None:
    page.goto(f"{site}{PATH}")
    rows = [
        {"target_name": "Sun", "dataproduct_type": "im", "access_format": "application/fits"},
        {"target_name": "Earth#Sun", "dataproduct_type": "ci#ma", "access_format": "image/fits"},
        {"target_name": "Mars", "dataproduct_type": "im", "access_format": "image/fits"},
        {"target_name": "Sun", "dataproduct_type": "ds", "access_format": "image/fits"},
        {"target_name": "Sun", "dataproduct_type": "im", "access_format": "image/png"},
    ]
    rows = [row | {"access_url": f"http://localhost/{k}"} for k, row in enumerate(rows)]
    script = "async (rows) => (await import('./jhelioviewer.mjs')).listImages(rows)"
    found = page.evaluate(script, rows)
    assert found == ["http://localhost/0", "http://localhost/1"] == list_images(Table(rows))


def test_nothing_found_is_nothing_sent(page: Page, site: str, receiver: Receiver) -> None:
    receiver.bind("table.load.votable")
    open_search(page, site, f"{ONLY}&from=1850-01-01")
    page.click("#send")
    expect(page.locator("#status")).to_have_text("Nothing was found.")
    assert receiver.received == []
