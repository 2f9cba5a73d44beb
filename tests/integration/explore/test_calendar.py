"""The calendar of what was found, by the mouse and by the keys."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.support.explored import ONLY, count_found, open_search


def test_the_calendar_narrows_everything_to_a_day(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000&from=2003-01-01&to=2003-02-28")
    expect(page.locator("#year")).to_have_value("2003")
    day = page.get_by_role("button", name=re.compile(r"^2003-01-05: \d+ rows?$"))
    label = day.get_attribute("aria-label") or ""
    count = int(label.split(": ")[1].split()[0])
    assert count == count_found(site, time="2003-01-05")
    everything = page.locator("#count").inner_text().split()[0]
    day.click()
    expect(page.locator("#count")).to_have_text(f"{count} of {everything} rows")
    expect(page.locator("#brushed")).to_contain_text("2003-01-05 00:00 – 2003-01-06 00:00")
    assert day.get_attribute("aria-pressed") == "true"
    times = page.locator(".tabulator-row [tabulator-field=time_min]").all_inner_texts()
    assert {each[:10] for each in times} == {"2003-01-05"}
    page.reload()  # the address holds the day
    expect(page.locator("#count")).to_have_text(f"{count} of {everything} rows", timeout=60_000)
    expect(day).to_have_attribute("aria-pressed", "true")
    day.click()
    expect(page.locator("#count")).to_have_text(f"{everything} rows")


def test_the_calendar_is_walked_with_the_keys(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000&from=2003-01-01&to=2003-02-28")
    buttons = page.locator("#calendar td button")
    expect(page.locator("#calendar td button[tabindex='0']")).to_have_count(1)
    page.locator("#year").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    first = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert first.startswith("2003-01-01: ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    reached = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert reached.startswith("2003-01-09: ")
    page.keyboard.press("Enter")
    expect(page.locator("#brushed")).to_contain_text("2003-01-09")
    pressed = [each for each in buttons.all() if each.get_attribute("aria-pressed") == "true"]
    assert [each.get_attribute("aria-label") for each in pressed] == [reached]
