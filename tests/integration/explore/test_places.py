"""Boxes, cones and polygons on the page find what the client finds by them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tests.support.explored import ONLY, open_search

from epnkit.client.adql import write_query
from epnkit.client.searches import search
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
def test_the_page_asks_what_the_client_asks(
    page: Page, site: str, terms: SearchTerms, known: tuple[str, ...]
) -> None:
    page.goto(f"{site}{PATH}")
    given = {
        **{name: getattr(terms, name) for name in ("time", "frequency", "target", "instrument")},
        **{name: getattr(terms, name) for name in ("kind", "level", "frame", "text", "where")},
        "place": as_page_has_it(terms.place),
    }
    columns = ["granule_uid", "time_min", "order", "s_region"]
    asked = page.evaluate(
        "async ([table, known, terms, columns]) =>"
        " (await import('./adql.mjs')).writeQuery(table, known, terms, columns, 'time_min')",
        ["a.epn_core", list(known), given, columns],
    )
    expected = write_query("a.epn_core", known, terms, columns=columns, order="time_min")
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
    found = search(f"{site}/tap", limit=5000, **place).table
    wanted = sum(name == "hfc1ar" for name in found["service"])
    assert 0 < wanted < 1200
    expect(page.locator("#count")).to_have_text(f"{wanted} rows")
    page.reload()
    expect(page.locator("#count")).to_have_text(f"{wanted} rows", timeout=60_000)


def test_what_is_no_cone_is_said(page: Page, site: str) -> None:
    page.goto(f"{site}{PATH}#{ONLY}&cone=5,20,-1")
    expect(page.locator("#status")).to_contain_text("“5,20,-1” is no cone", timeout=30_000)


def click_map(page: Page, *places: tuple[float, float]) -> None:
    """Click at places of the map, each a part of its width and height."""
    area = page.locator("#map canvas").bounding_box()
    assert area is not None
    for x, y in places:
        page.mouse.click(area["x"] + area["width"] * x, area["y"] + area["height"] * y)
        page.wait_for_timeout(400)  # two clicks, and no double one


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
    found = search(f"{site}/tap", polygon=drawn, limit=5000).table
    wanted = sum(name == "hfc1ar" for name in found["service"])
    expect(page.locator("#count")).to_have_text(f"{wanted} rows")


def test_a_cone_is_drawn_from_its_middle(page: Page, site: str) -> None:
    open_search(page, site, f"{ONLY}&limit=5000")
    everything = page.locator("#count").inner_text()
    page.select_option("#shape", "cone")
    page.click("#draw")
    area = page.locator("#map canvas").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.5, area["y"] + area["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.4, steps=4)
    page.mouse.up()
    expect(page.locator("#count")).not_to_have_text(everything, timeout=60_000)
    longitude, latitude, radius = map(float, page.input_value("#place").split(","))
    assert 170 < longitude < 190
    assert abs(latitude) < 45
    assert 20 < radius < 60
