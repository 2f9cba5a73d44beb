"""What walks through the page to explore have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from epnkit.client.searches import search
from epnkit.explore.deployment import PATH

CHROMIUM = "/usr/bin/chromium"

#: The service that is searched.
ONLY = "services=hfc1ar"


def open_search(page: Page, site: str, words: str) -> None:
    """Open the page with a search, and wait for its end, and until what it found is drawn."""
    page.goto(f"{site}{PATH}#{words}")
    expect(page.locator("#status")).to_have_text(re.compile(r" in \d"), timeout=60_000)
    # The page draws by a timer of 30 ms, which was set before this longer one.
    page.evaluate("new Promise((done) => setTimeout(done, 60))")


def count_found(site: str, **terms: Any) -> int:
    """Count the rows that the client finds in the service that is searched."""
    found = search(f"{site}/tap", limit=5000, **terms).table
    return sum(name == "hfc1ar" for name in found["service"])


def click_map(page: Page, *places: tuple[float, float]) -> None:
    """Click at places of the map, each a part of its width and height."""
    for place in places:
        page.mouse.click(*_find_on_map(page, place))
        page.wait_for_timeout(400)  # two clicks, and no double one


def drag_map(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from a place of the map to another, each a part of its width and height."""
    hold_map(page, start, end)
    page.mouse.up()


def hold_map(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from a place of the map to another, and do not let go there."""
    page.mouse.move(*_find_on_map(page, start))
    page.mouse.down()
    page.mouse.move(*_find_on_map(page, end), steps=4)


def _find_on_map(page: Page, place: tuple[float, float]) -> tuple[float, float]:
    area = page.locator("#map canvas").bounding_box()
    assert area is not None
    return area["x"] + area["width"] * place[0], area["y"] + area["height"] * place[1]


def change_rows(page: Page, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change the granules that the server answers with before the page has them."""

    def answer_otherwise(route: Route) -> None:
        answer = route.fetch()
        found = json.loads(answer.text())
        names = [column["name"] for column in found["columns"]]
        if "granule_uid" in names:
            rows = [dict(zip(names, row, strict=True)) for row in found["data"]]
            change(rows)
            found["data"] = [[row[name] for name in names] for row in rows]
        route.fulfill(response=answer, body=json.dumps(found))

    page.route("**/tap/sync", answer_otherwise)
