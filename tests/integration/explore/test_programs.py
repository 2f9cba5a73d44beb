"""Rows sent from the page to the real Aladin and the real TOPCAT, by Aladin's own SAMP hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from astropy.table import Table
from mocpy import MOC
from playwright.sync_api import Page, expect
from pyvo.dal import TAPService
from pyvo.samp import SAMPIntegratedClient
from tests.support.desktop import Desktop, find_program, open_desktop
from tests.support.waiting import wait_until

from epnkit.client import search, send_table
from epnkit.client.targets import EpnTable
from epnkit.explore.deployment import PATH

pytestmark = pytest.mark.all

#: How many rows are sent.
ROWS = 200


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """Run Aladin, which brings a hub, and TOPCAT, which goes there."""
    with (
        open_desktop(tmp_path_factory.mktemp("desktop")) as opened,
        opened.run("aladin", "-local", "-location=0,0,1250,880"),
    ):
        wait_until((opened.folder / ".samp").exists, 120)
        with opened.run("topcat", "-nohub"):
            yield opened


class Listener:
    """A program that hears what the page sends to all."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.client = SAMPIntegratedClient(name="a test")
        self.client.connect()
        self.client.bind_receive_notification("table.load.votable", self._take)

    def _take(self, key: str, sender: str, kind: str, given: dict[str, str], more: object) -> None:
        self.sent.append(given)

    def await_table(self, count: int) -> dict[str, str]:
        """Wait until so many tables were sent; give the last one's parameters."""
        wait_until(lambda: len(self.sent) == count, 60)
        return self.sent[-1]


@pytest.fixture(scope="module")
def listener(desktop: Desktop) -> Iterator[Listener]:
    """Connect to the hub, to see what came of the page's messages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMP_HUB", desktop.hub)
        connected = Listener()
        yield connected
        connected.client.disconnect()


@pytest.fixture(scope="module")
def rows(hfc1ar: str) -> Table:
    """Ask for what the page sends."""
    query = "SELECT granule_uid, access_url FROM hfc1ar.epn_core ORDER BY time_min"
    return TAPService(hfc1ar).run_sync(query, maxrec=ROWS).to_table()


def await_aladin(client: Any, desktop: Desktop) -> None:
    """Wait until Aladin has started: it registers before, and loses what comes until then."""
    log = desktop.folder / "aladin.log"

    def answers() -> bool:
        client.notify(find_program(client, "aladin"), write_script("status"))
        return "[status]" in log.read_text(errors="replace")

    wait_until(answers, 120, pause=1.0)


def write_script(script: str) -> dict[str, Any]:
    """Write the message that lets Aladin run a script."""
    return {"samp.mtype": "script.aladin.send", "samp.params": {"script": script}}


def draw_by_aladin(client: Any, plane: str, folder: Path) -> MOC:
    """Let Aladin save a plane as a file, and read that."""
    # Aladin answers no script: the second file says that the first is whole.
    for attempt in range(12):
        whole, sign = folder / f"{plane}-{attempt}.fits", folder / f"{plane}-{attempt}-again.fits"
        script = f"export {plane} {whole}; export {plane} {sign}"
        client.notify(find_program(client, "aladin"), write_script(script))
        with suppress(AssertionError):
            wait_until(sign.exists, 10)
            return MOC.load(whole, format="fits")
    raise AssertionError(f"Aladin has no {plane}")


def highlight(client: Any, table: str, row: int) -> str:
    """Ask TOPCAT to point at a row of a table that it has; give what becomes of it."""
    message = {
        "samp.mtype": "table.highlight.row",
        "samp.params": {"table-id": table, "url": table, "row": str(row)},
    }
    answer = client.call_and_wait(find_program(client, "topcat"), message, "30")
    return str(answer["samp.status"])


def join_served(urls: Iterable[str]) -> MOC:
    """Join the MOCs that the server has of regions."""
    documents = [requests.get(str(url), timeout=60).json()["moc"] for url in urls]
    first, *others = map(MOC.from_string, documents)
    return first.union(*others) if others else first


def test_the_command_sends_footprints_to_aladin(
    desktop: Desktop, listener: Listener, hfc1ar: str, tmp_path: Path
) -> None:
    await_aladin(listener.client, desktop)
    before = len(listener.sent)
    found = search([EpnTable(hfc1ar, "hfc1ar.epn_core")], limit=50)
    assert send_table(found.table, "aladin") == ["Aladin"]
    assert len(listener.sent) == before  # it was for Aladin alone
    log = (desktop.folder / "aladin.log").read_text(errors="replace")
    plane = re.findall(r"(epnkit_\d{6}_footprints)=cmoc", log)[-1]
    drawn = draw_by_aladin(listener.client, plane, tmp_path)
    served = join_served(found.table["access_url"])
    assert drawn.symmetric_difference(served).sky_fraction < 0.01 * served.sky_fraction


def test_three_clicks_bring_footprints_to_aladin_and_the_table_to_topcat(
    page: Page, site: str, desktop: Desktop, listener: Listener, rows: Table, tmp_path: Path
) -> None:
    client = listener.client
    await_aladin(client, desktop)
    find_program(client, "topcat")
    page.goto(f"{site}{PATH}")
    expect(page.locator("#services")).to_contain_text("hfc1ar", timeout=60_000)
    page.fill("[name=limit]", str(ROWS))
    page.click("button.main")
    expect(page.locator("#count")).to_have_text(f"{ROWS} rows", timeout=60_000)
    page.click("#send")
    desktop.say_yes()
    expect(page.locator("#status")).to_have_text("Sent.", timeout=60_000)

    table = listener.await_table(1)
    drawn = draw_by_aladin(client, f"{table['name']}_footprints", tmp_path)
    served = join_served(rows["access_url"])
    assert drawn.max_order == served.max_order
    assert drawn.symmetric_difference(served).sky_fraction < 0.01 * served.sky_fraction
    assert 0.05 < served.sky_fraction < 0.5

    wait_until(lambda: highlight(client, table["table-id"], ROWS - 1) == "samp.ok", 60)
    assert highlight(client, f"{table['table-id']}&other", 0) == "samp.error"

    # What is selected, to the same hub; Aladin 12 itself takes no table of a single row.
    shown = page.locator(".tabulator-row")
    shown.nth(0).click()
    shown.nth(1).click(modifiers=["Control"])
    page.click("#send")
    selected = listener.await_table(2)
    assert selected["name"] != table["name"]
    drawn = draw_by_aladin(client, f"{selected['name']}_footprints", tmp_path)
    served = join_served(rows["access_url"][:2])
    assert drawn.symmetric_difference(served).sky_fraction < 0.01 * served.sky_fraction
