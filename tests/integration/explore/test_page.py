"""The page to explore, walked through by a real browser on a real DaCHS."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.support.explored import ONLY, change_rows, count_found, drag_map, open_search

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.explore.deployment import HIPS, MAPS, PATH, PageDeployment


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
    wanted = count_found(site, time="2003-01-01/2003-01-31", where="c2min > 0")
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
    drag_map(page, (0.4, 0.3), (0.6, 0.6))
    expect(page.locator("#status")).to_have_text(re.compile(r" in \d"), timeout=60_000)
    west, east, south, north = map(float, page.input_value("[name=box]").split(","))
    assert 0 < west < east < 360
    assert -90 < south < north < 90
    wanted = count_found(site, box=(west, east, south, north))
    expect(page.locator("#count")).to_have_text(f"{wanted} row{'s' * (wanted != 1)}")


def test_one_row_is_one_row(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=1")
    expect(page.locator("#status")).to_contain_text("1 row of 1 service in")


def test_a_start_leaves_no_error_in_the_console(page: Page, site: str) -> None:
    said: list[str] = []
    page.on("console", lambda each: said.append(each.text) if each.type == "error" else None)
    open_search(page, site, f"{ONLY}&limit=3")
    page.wait_for_load_state("networkidle")
    assert said == []


def test_a_reinstalled_page_keeps_its_maps(site: str, dachs: PrivateDachs) -> None:
    deployment = PageDeployment(DachsInstance.find(dachs.root))
    maps = deployment.folder / "page" / HIPS / MAPS
    before = maps.read_text()
    try:
        maps.write_text('[{"name": "mine"}]')
        for step in deployment.plan_install():
            step.do()
        assert maps.read_text() == '[{"name": "mine"}]'
    finally:
        maps.write_text(before)


HOSTILE = {
    "granule_uid": '<img src=x onerror="document.title=1">',
    "obs_id": "<script>document.title=2</script>",
    "target_name": "\u202eSun" + "x" * 20_000,
    "access_url": "javascript:document.title=3",
    "thumbnail_url": "javascript:document.title=4",
    "datalink_url": None,
}


def test_hostile_values_are_texts(page: Page, site: str) -> None:
    def poison(rows: list[dict[str, Any]]) -> None:
        rows[0] |= {name: value for name, value in HOSTILE.items() if name in rows[0]}

    change_rows(page, poison)
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
