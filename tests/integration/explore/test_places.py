"""Boxes, cones and polygons on the page find what the client finds by them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tests.support.explored import ONLY, click_map, count_found, drag_map, hold_map, open_search
from tests.support.waiting import wait_until

from epnkit.client.adql import write_query
from epnkit.client.terms import Box, Cone, Polygon, SearchTerms
from epnkit.epncore.columns import COLUMNS
from epnkit.explore.deployment import PATH


def as_page_has_it(place: Box | Cone | Polygon | None) -> dict[str, object] | None:
    """Write a place as the page's code has it."""
    match place:
        case Box(west, east, south, north):
            return {"shape": "box", "numbers": [west, east, south, north]}
        case Cone(longitude, latitude, radius):
            return {"shape": "cone", "numbers": [longitude, latitude, radius]}
        case Polygon(points):
            return {"shape": "polygon", "numbers": [each for point in points for each in point]}
        case _:
            return None


#: A number that has an exponent or a point; sines differ in their last digit between machines.
NUMBER = re.compile(r"-?\d+(?:\.\d+)(?:e[+-]?\d+)?")


@pytest.mark.parametrize(
    "terms",
    [
        SearchTerms(),
        SearchTerms(time=(2453461.5, 2453462.25), target="Sun", kind="ci", level=5),
        SearchTerms(frequency=(1e7, 4.5e7), instrument="O'Neill_%", text="two words"),
        SearchTerms(place=Box(350.0, 10.1, -20.0, 20.0), frame="celestial"),
        SearchTerms(place=Box(10.0, 20.0, -20.0, 20.0), where=" a = 1 "),
        SearchTerms(place=Cone(5.0, 20.0, 25.0)),
        SearchTerms(place=Cone(120.3, -80.0, 15.0), frame="celestial"),
        SearchTerms(place=Polygon(((10.0, 0.0), (20.0, 0.0), (15.0, 10.0)))),
        SearchTerms(place=Polygon(((350.0, -10.0), (10.1, -10.0), (5.0, 10.0), (355.0, 10.0)))),
    ],
)
@pytest.mark.parametrize("known", [tuple(COLUMNS), ("granule_uid", "time_min", '"order"')])
@pytest.mark.parametrize("limit", [100, 10_000])
def test_the_page_asks_what_the_client_asks(
    page: Page, site: str, terms: SearchTerms, known: tuple[str, ...], limit: int
) -> None:
    page.goto(f"{site}{PATH}")
    given = {
        **{name: getattr(terms, name) for name in ("time", "frequency", "target", "instrument")},
        **{name: getattr(terms, name) for name in ("kind", "level", "frame", "text", "where")},
        "place": as_page_has_it(terms.place),
    }
    columns = ["granule_uid", "time_min", "order", "s_region"]
    asked = page.evaluate(
        "async ([table, known, terms, columns, limit]) =>"
        " (await import('./adql.mjs')).writeQuery(table, known, terms, limit, columns, 'time_min')",
        ["a.epn_core", list(known), given, columns, limit],
    )
    expected = write_query(
        "a.epn_core", known, terms, columns=columns, order="time_min", limit=limit
    )
    assert NUMBER.sub("#", asked["text"]) == NUMBER.sub("#", expected.text)
    numbers = np.array([NUMBER.findall(text) for text in (asked["text"], expected.text)], float)
    np.testing.assert_allclose(numbers[0], numbers[1], rtol=1e-13)
    assert tuple(asked["leftOut"]) == expected.left_out


@pytest.mark.parametrize("words", ["cone=5,20,25", "polygon=300 -10, 50 -20, 40 30, 310 40"])
def test_a_cone_and_a_polygon_find_what_the_client_finds(page: Page, site: str, words: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000&{words}")
    shape, _, text = words.partition("=")
    expect(page.locator("#shape")).to_have_value(shape)
    expect(page.locator("#place")).to_have_value(text)
    place: dict[str, Any] = {shape: text}
    wanted = count_found(site, **place)
    assert 0 < wanted < 1200
    expect(page.locator("#count")).to_have_text(f"{wanted} rows")
    page.reload()
    expect(page.locator("#count")).to_have_text(f"{wanted} rows", timeout=60_000)


def test_what_is_no_cone_is_said(page: Page, site: str) -> None:
    page.goto(f"{site}{PATH}#{ONLY}&cone=5,20,-1")
    expect(page.locator("#status")).to_contain_text("“5,20,-1” is no cone", timeout=30_000)


def test_a_polygon_is_drawn_corner_by_corner(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000")
    everything = page.locator("#count").inner_text()
    page.select_option("#shape", "polygon")
    page.click("#draw")
    click_map(page, (0.4, 0.2), (0.6, 0.2), (0.6, 0.6), (0.4, 0.6))
    page.keyboard.press("Enter")
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#count")).not_to_have_text(everything, timeout=60_000)
    drawn = page.input_value("#place")
    assert len(drawn.split(",")) == 4
    expect(page.locator("#count")).to_have_text(f"{count_found(site, polygon=drawn)} rows")


def test_a_cone_is_drawn_from_its_middle(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000")
    everything = page.locator("#count").inner_text()
    page.select_option("#shape", "cone")
    page.click("#draw")
    drag_map(page, (0.5, 0.4), (0.6, 0.4))
    expect(page.locator("#count")).not_to_have_text(everything, timeout=60_000)
    longitude, latitude, radius = map(float, page.input_value("#place").split(","))
    assert 170 < longitude < 190
    assert abs(latitude) < 45
    assert 20 < radius < 60


def read_map(page: Page) -> str:
    """Read the picture of the map, once it is painted."""
    code = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
        () => done(document.querySelector("#map canvas").toDataURL()))))"""
    return str(page.evaluate(code))


def open_still_map(page: Page, site: str) -> str:
    """Open the page with a searched box; give the picture of its map when that is at rest."""
    open_search(page, site, f"{ONLY}&limit=3&box=100,140,-30,30")
    page.wait_for_timeout(500)
    return read_map(page)


def test_escape_leaves_the_searched_place(page: Page, site: str) -> None:
    before = open_still_map(page, site)
    page.click("#draw")
    hold_map(page, (0.6, 0.3), (0.8, 0.6))
    wait_until(lambda: read_map(page) != before, 10)
    page.keyboard.press("Escape")
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "false")
    page.mouse.up()
    assert page.input_value("#place") == "100,140,-30,30"
    wait_until(lambda: read_map(page) == before, 10)


def test_a_polygon_that_is_given_up_leaves_no_outline(page: Page, site: str) -> None:
    before = open_still_map(page, site)
    page.select_option("#shape", "polygon")
    page.click("#draw")
    click_map(page, (0.5, 0.3), (0.7, 0.3), (0.7, 0.6))
    wait_until(lambda: read_map(page) != before, 10)
    page.click("#draw")
    wait_until(lambda: read_map(page) == before, 10)


@pytest.mark.parametrize("shape", ["box", "cone"])
def test_a_click_draws_no_tiny_place(page: Page, site: str, shape: str) -> None:
    before = open_still_map(page, site)
    page.select_option("#shape", shape)
    page.click("#draw")
    click_map(page, (0.7, 0.5))
    hold_map(page, (0.7, 0.5), (0.7015, 0.5))
    assert read_map(page) == before
    page.mouse.up()
    assert read_map(page) == before
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "true")
