"""The page to explore, walked through by a real browser on a real DaCHS."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from astropy import units
from astropy.io import fits
from astropy.table import Table
from astropy_healpix import HEALPix
from PIL import Image
from playwright.sync_api import Page, Route, expect, sync_playwright
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient, WebProfileDialog
from tests.support.commands import run_epnkit

from epnkit.client.adql import write_query
from epnkit.client.searches import search
from epnkit.client.terms import Box, SearchTerms
from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.epncore.columns import COLUMNS
from epnkit.explore.deployment import PATH, PageDeployment
from epnkit.hips.publishing import read_properties

CHROMIUM = "/usr/bin/chromium"

#: The service that is searched.
ONLY = "services=hfc1ar"


@pytest.fixture(scope="module")
def site(hfc1ar: str, dachs: PrivateDachs) -> Iterator[str]:
    """Put the page into the session's DaCHS; give the server's URL."""
    page = PageDeployment(DachsInstance.find(dachs.root))
    for step in page.plan_install():
        step.do()
    yield hfc1ar.removesuffix("/tap")
    for step in page.plan_remove():
        step.do()
    assert not page.folder.exists()
    assert not page.root_page.exists()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    """Give a page that must have no errors of its own."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    faults: list[str] = []

    def note(text: str) -> None:
        if PATH in opened.url:  # what DaCHS's own pages do is theirs
            faults.append(text)

    opened.on("pageerror", lambda error: note(str(error)))
    opened.on("console", lambda said: note(said.text) if "Security Policy" in said.text else None)
    yield opened
    opened.close()
    assert faults == []


def open_search(page: Page, site: str, words: str) -> None:
    """Open the page with a search, and wait for its end."""
    page.goto(f"{site}{PATH}#{words}")
    expect(page.locator("#status")).to_contain_text(" in ", timeout=60_000)


def test_from_the_root_page_to_the_links_of_a_granule(page: Page, site: str) -> None:
    page.goto(site)
    page.click("text=Explore the observations")
    expect(page.locator("#services")).to_contain_text("hfc1ar", timeout=30_000)
    page.click("#every")
    page.check("input[value=hfc1ar]")
    page.fill("[name=target]", "sun")
    page.fill("[name=limit]", "40")
    page.click("button.main")
    expect(page.locator("#status")).to_contain_text("40 rows of 1 service", timeout=60_000)
    expect(page.locator("#count")).to_have_text("40 rows")
    row = page.locator(".tabulator-row").nth(2)
    uid = row.locator("[tabulator-field=granule_uid]").inner_text()
    row.click()
    details = page.locator("#details")
    expect(details.locator("h2")).to_have_text(uid)
    expect(details).to_contain_text("#documentation", timeout=30_000)
    expect(details).to_contain_text("time_min")


def test_the_address_holds_the_search(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000&from=2003-01-01&to=2003-01-31&where=c2min > 0")
    expected = search(
        f"{site}/tap", time="2003-01-01/2003-01-31", where="c2min > 0", limit=5000
    ).table
    wanted = sum(name == "hfc1ar" for name in expected["service"])
    expect(page.locator("#count")).to_have_text(f"{wanted} rows")
    expect(page.locator("[name=where]")).to_have_value("c2min > 0")
    page.fill("[name=where]", "c2min > 10")
    page.click("button.main")
    expect(page.locator("#count")).not_to_have_text(f"{wanted} rows", timeout=60_000)
    page.go_back()
    expect(page.locator("#count")).to_have_text(f"{wanted} rows", timeout=60_000)


def test_a_footprint_is_chosen_on_the_map(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=300")
    area = page.locator("#map canvas").bounding_box()
    assert area is not None
    chosen = page.locator("#details h2")
    # Active regions lie in two belts: some place on a row through one of them is in a footprint.
    for step in range(120):
        if chosen.count():
            break
        x = area["x"] + area["width"] * (0.15 + 0.7 * step / 120)
        page.mouse.click(x, area["y"] + area["height"] * 0.42)
    uid = chosen.inner_text()
    assert uid.startswith("ar_")
    expect(page.locator(".tabulator-selected [tabulator-field=granule_uid]")).to_have_text(uid)


def test_a_box_on_the_map_restricts_the_search(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000")
    page.click("#draw")
    area = page.locator("#map canvas").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.4, area["y"] + area["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.6, steps=4)
    page.mouse.up()
    expect(page.locator("#status")).to_contain_text(" in ", timeout=60_000)
    west, east, south, north = map(float, page.input_value("[name=box]").split(","))
    assert 0 < west < east < 360
    assert -90 < south < north < 90
    found = search(f"{site}/tap", box=(west, east, south, north), limit=5000).table
    wanted = sum(name == "hfc1ar" for name in found["service"])
    expect(page.locator("#count")).to_have_text(f"{wanted} row{'s' * (wanted != 1)}")


@pytest.mark.parametrize(
    "terms",
    [
        SearchTerms(),
        SearchTerms(time=(2453461.5, 2453462.25), target="Sun", kind="ci", level=5),
        SearchTerms(frequency=(1e7, 4.5e7), instrument="O'Neill_%", text="two words"),
        SearchTerms(place=Box(350.0, 10.5, -20.0, 20.0), frame="celestial"),
        SearchTerms(place=Box(10.0, 20.0, -20.0, 20.0), where=" a = 1 "),
    ],
)
@pytest.mark.parametrize("known", [tuple(COLUMNS), ("granule_uid", "time_min", '"order"')])
def test_the_page_asks_what_the_client_asks(
    page: Page, site: str, terms: SearchTerms, known: tuple[str, ...]
) -> None:
    page.goto(f"{site}{PATH}")
    place = terms.place
    given = {
        **{name: getattr(terms, name) for name in ("time", "frequency", "target", "instrument")},
        **{name: getattr(terms, name) for name in ("kind", "level", "frame", "text", "where")},
        "box": [place.west, place.east, place.south, place.north] if place else None,  # type: ignore[union-attr]
    }
    columns = ["granule_uid", "time_min", "order", "s_region"]
    asked = page.evaluate(
        "async ([table, known, terms, columns]) =>"
        " (await import('./adql.mjs')).writeQuery(table, known, terms, columns, 'time_min')",
        ["a.epn_core", list(known), given, columns],
    )
    expected = write_query("a.epn_core", known, terms, columns=columns, order="time_min")
    assert asked["text"] == expected.text
    assert tuple(asked["leftOut"]) == expected.left_out


HOSTILE = {
    "granule_uid": '<img src=x onerror="document.title=1">',
    "obs_id": "<script>document.title=2</script>",
    "target_name": "\u202eSun" + "x" * 20_000,
    "access_url": "javascript:document.title=3",
    "thumbnail_url": "javascript:document.title=4",
    "datalink_url": None,
}


def test_hostile_values_are_texts(page: Page, site: str) -> None:
    def poison(route: Route) -> None:
        answer = route.fetch()
        found = json.loads(answer.text())
        names = [column["name"] for column in found["columns"]]
        if "granule_uid" in names:
            for row in found["data"][:1]:
                for name, value in HOSTILE.items():
                    if name in names:
                        row[names.index(name)] = value
        route.fulfill(response=answer, body=json.dumps(found))

    page.route("**/tap/sync", poison)
    open_search(page, site, f"{ONLY}&limit=3")
    page.locator(".tabulator-row").first.click()
    expect(page.locator("#details h2")).to_have_text(HOSTILE["granule_uid"] or "")
    page.click("#as-gallery")
    assert page.title() == "Explore observations"
    assert page.locator("#details img[src='x']").count() == 0
    links = page.evaluate("[...document.links].map((each) => each.protocol)")
    assert set(links) <= {"http:", "https:"}


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1024, 700), (390, 844)])
def test_nothing_is_wider_than_the_screen(page: Page, site: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_search(page, site, f"{ONLY}&limit=20")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    hidden = page.evaluate(
        "[...document.querySelectorAll('#form label > span, button')].filter("
        "(each) => each.offsetParent && each.scrollWidth > each.clientWidth + 1)"
        ".map((each) => each.textContent)"
    )
    assert hidden == []


def test_a_service_that_fails_is_marked_and_the_others_stand(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=20&where=no_such_column = 1")
    expect(page.locator("#services .down")).to_contain_text("hfc1ar")
    expect(page.locator("#status")).to_contain_text("no_such_column")


def test_what_is_not_a_time_is_said(page: Page, site: str) -> None:
    page.goto(f"{site}{PATH}#{ONLY}&from=tomorrow")
    expect(page.locator("#status")).to_contain_text("“tomorrow” is not a time", timeout=30_000)


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


def test_selected_rows_go_to_programs_by_samp(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=20")
    page.click("#send")
    expect(page.locator("#status")).to_contain_text("No SAMP hub runs", timeout=30_000)

    person = Welcome()
    hub = SAMPHubServer(web_profile=True, label="a test", web_profile_dialog=person)
    hub.start()
    client = SAMPIntegratedClient(name="receiver")
    client.connect()
    received: list[dict[str, str]] = []
    arrived = threading.Event()

    def take(key: str, sender: str, mtype: str, parameters: dict[str, str], extra: object) -> None:
        received.append(parameters)
        arrived.set()

    try:
        client.bind_receive_notification("table.load.votable", take)
        rows = page.locator(".tabulator-row")
        uids = {rows.nth(k).locator("[tabulator-field=granule_uid]").inner_text() for k in range(2)}
        rows.nth(0).click()
        rows.nth(1).click(modifiers=["Control"])
        page.click("#send")
        expect(page.locator("#status")).to_have_text("Sent.", timeout=30_000)
        assert arrived.wait(30)
    finally:
        client.disconnect()
        hub.stop()
        person.leave()
    assert set(Table.read(received[0]["url"], format="votable")["granule_uid"]) == uids


#: Where the map of the next test is bright: longitude and latitude in degrees.
SPOT = (120.0, 20.0)


def write_map(path: Path) -> None:
    """Write a dark map of the Sun with one bright spot of ten degrees."""
    longitudes, latitudes = np.meshgrid(np.arange(360) + 0.5, np.arange(180) - 89.5)
    near = np.hypot(longitudes - SPOT[0], latitudes - SPOT[1]) < 5
    card = {"CTYPE1": "CRLN-CAR", "CRPIX1": 0.5, "CRVAL1": 0.0, "CDELT1": 1.0, "CUNIT1": "deg"}
    card |= {"CTYPE2": "CRLT-CAR", "CRPIX2": 90.5, "CRVAL2": 0.0, "CDELT2": 1.0, "CUNIT2": "deg"}
    fits.writeto(path, np.where(near, 100.0, 1.0), fits.Header({**card, "CONTENT": "One <b>spot"}))


@pytest.fixture(scope="module")
def sun(site: str, dachs: PrivateDachs, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Publish a HiPS of a map of the Sun; give its address."""
    path = tmp_path_factory.mktemp("map") / "spot.fits"
    write_map(path)
    done = run_epnkit("hips", str(path), "--cut", "0", "100", "--dachs", str(dachs.root))
    assert done.exit_code == 0, done.output
    return done.output.split()[-1]


def read_brightness(sun: str, longitude: float, latitude: float) -> int:
    """Read the pixel of the HiPS at a place (HiPS 1.0, section 4.1)."""
    width = 128
    pixels = HEALPix(8 * width, order="nested")
    found = pixels.lonlat_to_healpix(longitude * units.deg, latitude * units.deg)
    tile, inside = divmod(int(found), width**2)
    # Bits of the number are those of the two positions in the tile, by turns.
    south_east, south_west = (
        sum((inside >> (2 * bit + shift) & 1) << bit for bit in range(7)) for shift in (0, 1)
    )
    answer = requests.get(f"{sun}/Norder3/Dir0/Npix{tile}.png", timeout=30)
    answer.raise_for_status()
    picture = np.array(Image.open(io.BytesIO(answer.content)))
    return int(picture[south_east, south_west, 0])


def test_a_hips_has_each_place_where_aladin_looks_for_it(sun: str) -> None:
    properties = requests.get(f"{sun}/properties", timeout=30)
    properties.raise_for_status()
    found = read_properties(properties.text)
    assert (found["hips_order"], found["hips_tile_width"], found["hips_body"]) == (
        "3",
        "128",
        "sun",
    )
    longitude, latitude = SPOT
    assert read_brightness(sun, longitude, latitude) == 255
    overview = requests.get(f"{sun}/Norder3/Allsky.png", timeout=30)
    overview.raise_for_status()
    assert Image.open(io.BytesIO(overview.content)).size == (27 * 64, 29 * 64)
    # Four degrees are within the spot, seven without; mirrored places are dark.
    for dx, dy in ((3, 0), (-3, 0), (0, 3), (0, -3), (2, 2)):
        assert read_brightness(sun, longitude + dx, latitude + dy) > 200
    for dx, dy in ((7, 0), (-7, 0), (0, 7), (0, -7), (120, 0), (0, -40)):
        assert read_brightness(sun, longitude + dx, latitude + dy) < 20
    # The seam and the poles are without a gap.
    assert {read_brightness(sun, *each) for each in ((0.0, 0.0), (359.99, 1.0), (9, 89.9))} == {0}


def test_footprints_lie_on_a_map_of_their_body(page: Page, site: str, sun: str) -> None:
    open_search(page, site, f"{ONLY}&limit=3")
    expect(page.locator("#background option:checked")).to_have_text("One <b>spot")
    page.wait_for_timeout(500)

    def brightness_at(longitude: float, latitude: float) -> int:
        code = """([longitude, latitude]) => {
            const canvas = document.querySelector("#map canvas"), ratio = window.devicePixelRatio;
            const width = canvas.clientWidth - 1.2 * 34, height = canvas.clientHeight - 34;
            const scale = Math.min(width / 360, height / 180);
            const x = 34 + (canvas.clientWidth - 34 - 360 * scale) / 2 + longitude * scale;
            const y = (canvas.clientHeight - 34 * 0.7 - 180 * scale) / 2 + (90 - latitude) * scale;
            const pixel = canvas.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1).data;
            return pixel[0];
        }"""
        return int(page.evaluate(code, [longitude, latitude]))

    # Beside the lines of the grid.
    assert brightness_at(SPOT[0] + 2, SPOT[1] + 2) > 200
    assert brightness_at(SPOT[0] + 120 + 2, SPOT[1] + 2) < 60
    page.select_option("#background", label="the grid alone")
    page.wait_for_timeout(300)
    assert brightness_at(SPOT[0] + 2, SPOT[1] + 2) == brightness_at(SPOT[0] + 122, SPOT[1] + 2)


def test_a_hips_is_deleted_by_its_name(sun: str, dachs: PrivateDachs) -> None:
    dachs_option = ("--dachs", str(dachs.root))
    wrong = run_epnkit("hips", "--remove", "moon", *dachs_option)
    assert wrong.exit_code == 1
    assert "Name one that is there: spot" in wrong.output
    assert run_epnkit("hips", "--remove", "spot", *dachs_option).exit_code == 0
    assert requests.get(f"{sun}/properties", timeout=30).status_code == 404
