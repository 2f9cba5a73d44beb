"""Streams of granules drawn in the page, from a real streaming server beside a real DaCHS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import requests
from astropy import units
from playwright.sync_api import Locator, Page, Request, Route, expect
from tests.conftest import tear_down
from tests.support.commands import run_epnkit
from tests.support.explored import open_search
from tests.support.services import bring_up_service
from tests.support.stream_server import run_stream_server
from tests.support.streams import ask

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy.stream import LINKS
from epnkit.errors import DeployError
from epnkit.explore.deployment import PATH, PageDeployment

#: How many columns the test lets the page average to.
COLUMNS = 20

#: The policy of a page that may read from its own server, and from SAMP hubs.
OWN = "connect-src 'self' http://localhost:21012 http://127.0.0.1:21012"


@pytest.fixture(scope="module")
def streams(site: str, dachs: PrivateDachs) -> Iterator[str]:
    """Serve the streams of two services, and let datalink and the page lead there."""
    with ExitStack() as stack:
        for name in ("nda", "cassini_kronos"):
            stack.enter_context(bring_up_service(dachs, site, name))
        base = stack.enter_context(run_stream_server(dachs))
        link = ("stream", "link", "--dachs", str(dachs.root))
        done = run_epnkit(*link, base)
        assert done.exit_code == 0, done.output
        assert "the page to explore draws them" in done.output
        yield base
        assert run_epnkit(*link).exit_code == 0
        assert read_policy(site) == OWN


def read_policy(site: str) -> str:
    """Read what the page may read from."""
    text = requests.get(f"{site}{PATH}", timeout=60).text
    found = re.search(r"connect-src[^;]*", text)
    assert found is not None
    return found[0]


def ask_to_draw(page: Page, site: str, service: str, where: str) -> None:
    """Let the page draw the first stream of the first granule that it finds."""
    open_search(page, site, f"services={service}&limit=5&where={where}")
    page.locator(".tabulator-row").first.click()
    page.get_by_role("button", name="Draw it here").first.click(timeout=60_000)


def draw(page: Page, site: str, service: str, uid: str) -> Locator:
    """Let the page draw the first stream of a granule; give the picture."""
    ask_to_draw(page, site, service, f"granule_uid = '{uid}'")
    canvas = page.locator(".spectrum canvas")
    expect(canvas).to_have_attribute(
        "aria-label", re.compile("from dark to bright"), timeout=60_000
    )
    return canvas


def count_colours(canvas: Locator) -> int:
    """Count how many colours a picture has."""
    code = """(canvas) => {
        const { width, height } = canvas, found = new Set();
        const { data } = canvas.getContext("2d").getImageData(60, 10, width - 80, height - 50);
        for (let k = 0; k < data.length; k += 4) found.add(data.slice(k, k + 3).join());
        return found.size;
    }"""
    return int(canvas.evaluate(code))


@pytest.mark.parametrize(
    ("service", "uid", "axis"),
    [
        ("nda", "J160131_cdf", "Frequency"),
        # Its frequencies differ from record to record.
        ("cassini_kronos", "P1999230.10", "Frequency"),
    ],
)
def test_a_spectrum_is_drawn_and_zoomed(
    page: Page, site: str, streams: str, service: str, uid: str, axis: str
) -> None:
    canvas = draw(page, site, service, uid)
    assert count_colours(canvas) > 20
    expect(page.locator(".spectrum p")).to_contain_text(re.compile(r"\d.* – .*\d"))
    canvas.focus()
    with page.expect_request(lambda asked: "/hapi/data" in asked.url) as narrow:
        page.keyboard.press("+")
    with page.expect_request(lambda asked: "/hapi/data" in asked.url) as wide:
        page.keyboard.press("-")
    lengths = [read_length(asked.value.url) for asked in (narrow, wide)]
    assert lengths[0] == pytest.approx(lengths[1] / 2, rel=0.01)
    assert narrow.value.url.startswith(f"{streams}/hapi/data?")


def read_length(url: str) -> float:
    """Give how long a span is asked for, in seconds."""
    query = parse_qs(urlsplit(url).query)
    start, stop = (np.datetime64(query[name][0].removesuffix("Z")) for name in ("start", "stop"))
    return float((stop - start) / np.timedelta64(1, "s"))


def test_what_is_drawn_are_the_averages_of_the_records(page: Page, site: str, streams: str) -> None:
    dataset = "nda_newroutine_jup"
    info = ask(streams, "hapi/info", dataset=dataset).json()
    start, stop = info["sampleStartDate"], info["sampleStopDate"]
    page.goto(f"{site}{PATH}")
    drawn = page.evaluate(
        """async ([address, columns]) => {
            const { listParameters, parseLink, readMeans } = await import("./hapi.mjs");
            const stream = parseLink(address), [first] = await listParameters(stream);
            const found = await readMeans(stream, first, stream.span, columns, [1e7, 4e7]);
            const means = [...found.means].map((each) => (Number.isFinite(each) ? each : null));
            return { name: first.name, means };
        }""",
        [f"{streams}/hapi/data?dataset={dataset}&start={start}&stop={stop}", COLUMNS],
    )
    query = {"dataset": dataset, "start": start, "stop": stop, "parameters": drawn["name"]}
    lines = [line.split(",") for line in ask(streams, "hapi/data", **query).text.splitlines()]
    times = np.array([line[0].removesuffix("Z") for line in lines], "M8[ms]")
    values = np.array([line[1:] for line in lines], float)
    first, last = (np.datetime64(each.removesuffix("Z")) for each in (start, stop))
    columns = np.floor((times - first) / (last - first) * COLUMNS).astype(int)
    means = np.array(drawn["means"], float).reshape(COLUMNS, -1)
    assert means.shape[1] == values.shape[1]
    assert len({*columns}) > 3
    for column in {*columns}:
        np.testing.assert_allclose(means[column], values[columns == column].mean(axis=0))


def test_frequencies_that_differ_need_the_limits_of_the_row(
    page: Page, site: str, streams: str
) -> None:
    info = ask(streams, "hapi/info", dataset="cassini_kronos_n2").json()
    span = f"start={info['sampleStartDate']}&stop={info['sampleStopDate']}"
    page.goto(f"{site}{PATH}")
    said = page.evaluate(
        """async (address) => {
            const { listParameters, parseLink, readMeans } = await import("./hapi.mjs");
            const stream = parseLink(address), [first] = await listParameters(stream);
            return readMeans(stream, first, stream.span, 10, [null, null]).catch(String);
        }""",
        f"{streams}/hapi/data?dataset=cassini_kronos_n2&{span}",
    )
    assert "the row does not say their limits" in said


def test_a_span_without_records_is_said(page: Page, site: str, streams: str) -> None:
    canvas = draw(page, site, "nda", "J160131_cdf")
    canvas.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".spectrum p")).to_have_text("There are no records at these times.")


def test_a_server_that_ends_is_said(page: Page, site: str, streams: str) -> None:
    page.route("**/hapi/data?*", lambda route: route.fulfill(status=500, body="no JSON"))
    ask_to_draw(page, site, "nda", "granule_uid = 'J160131_cdf'")
    expect(page.locator(".spectrum .fault")).to_have_text("HTTP 500", timeout=60_000)


def test_a_stream_without_numbers_says_so(page: Page, site: str, streams: str) -> None:
    times = [{"name": "Time", "type": "isotime", "length": 24, "units": "UTC", "fill": None}]
    info = {"HAPI": "3.3", "status": {"code": 1200, "message": "OK"}, "parameters": times}
    page.route("**/hapi/info?*", lambda route: route.fulfill(json=info))
    ask_to_draw(page, site, "nda", "granule_uid = 'J160131_cdf'")
    expect(page.locator(".spectrum")).to_have_text(
        "Nothing in it can be drawn: it has no numbers over time.", timeout=60_000
    )


def is_of(endpoint: str) -> Callable[[Request], bool]:
    """Return what knows the requests of an endpoint of HAPI."""
    return lambda request: f"/hapi/{endpoint}?" in request.url


@pytest.mark.parametrize("endpoint", ["info", "data"])
def test_another_row_ends_what_is_read(page: Page, site: str, streams: str, endpoint: str) -> None:
    held: list[Route] = []  # they are never answered
    page.route(f"**/hapi/{endpoint}?*", lambda route: held.append(route))
    with page.expect_request(is_of(endpoint), timeout=60_000):
        ask_to_draw(page, site, "nda", "granule_uid LIKE '%_cdf'")
    with page.expect_event("requestfailed", is_of(endpoint)) as given_up:
        page.locator(".tabulator-row").nth(1).click()
    assert "ERR_ABORTED" in (given_up.value.failure or "")


def test_axes_that_differ_are_in_their_own_unit(page: Page, site: str) -> None:
    page.goto(f"{site}{PATH}")
    code = """async (hertz) => {
        const { fromHertz, toHertz, units } = await import("./units.mjs");
        const back = (unit) => toHertz(fromHertz(hertz, unit), unit);
        return units.map((unit) => [unit, fromHertz(hertz, unit), back(unit)]);
    }"""
    hertz = 6e14
    found = {unit: (there, back) for unit, there, back in page.evaluate(code, hertz)}
    names = {"Å": "angstrom", "µm": "um"}
    for unit, (there, back) in found.items():
        there_too = (hertz * units.Hz).to_value(names.get(unit, unit), units.spectral())
        assert there == pytest.approx(there_too, rel=1e-8)
        assert back == pytest.approx(hertz)


def test_no_data_sets_are_not_said_to_be_drawn(
    site: str, streams: str, dachs: PrivateDachs
) -> None:
    link = ("stream", "link", "--dachs", str(dachs.root), streams)
    try:
        with ExitStack() as stack:
            for path in DachsInstance.find(dachs.root).inputs.glob("*/service.py"):
                stack.enter_context(tear_down(path))
            done = run_epnkit(*link)
    finally:
        assert "the page to explore draws them" in run_epnkit(*link).output
    assert f"datalink leads to 0 data sets at {streams}" in done.output
    assert "draws them" not in done.output


@pytest.mark.parametrize("damaged", ["{", "null"])
def test_damaged_links_are_reported_with_their_cure(
    site: str, streams: str, dachs: PrivateDachs, damaged: str
) -> None:
    instance = DachsInstance.find(dachs.root)
    links = instance.configuration / LINKS
    before = links.read_text()
    try:
        links.write_text(damaged)
        with pytest.raises(DeployError, match="epnkit stream link URL"):
            PageDeployment(instance).allow_streams()
    finally:
        links.write_text(before)


def test_the_policy_names_the_streaming_server_and_nothing_odd(
    site: str, streams: str, dachs: PrivateDachs
) -> None:
    named = OWN.replace("'self'", f"'self' {streams}")
    assert read_policy(site) == named
    instance = DachsInstance.find(dachs.root)
    links = instance.configuration / LINKS
    before = links.read_text()
    try:
        for odd in ("https://vo.example.org;script-src *", "https://a' *", "file:///etc", "x"):
            links.write_text(json.dumps({**json.loads(before), "url": odd}))
            assert PageDeployment(instance).allow_streams()
            assert read_policy(site) == OWN
    finally:
        links.write_text(before)
        PageDeployment(instance).allow_streams()
    assert read_policy(site) == named
