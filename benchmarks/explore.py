"""The page and the client of a DaCHS that runs: `python -m benchmarks.explore URL`.

Prints how long a search of all services takes against the slowest of them alone and against what
the server needs for the answers, and how fast the map draws 10,000 footprints, in headless Chromium
without a graphics card.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import requests
from playwright.sync_api import sync_playwright

from epnkit.client import search
from epnkit.client.ask import RequestLimits, TableAnswer
from epnkit.client.targets import EpnTable
from epnkit.explore.deployment import PATH

#: Draws footprints of 30 corners each, moves the map, and counts its pictures.
DRAW = """
async (count) => {
  const { FootprintMap } = await import("./map.mjs");
  const figure = document.querySelector("#map");
  const ignore = () => {}, colorOf = () => "#b8860b";
  const map = new FootprintMap(figure, { onPick: ignore, onBox: ignore, onPoint: ignore, colorOf });
  const rows = Array.from({ length: count }, (_, k) => {
    const lon = (k * 137.508) % 360, lat = ((k * 7919) % 13000) / 100 - 65, corners = [];
    for (let n = 0; n < 30; n++) {
      const angle = (2 * Math.PI * n) / 30, size = 1.5 + 0.5 * Math.sin(5 * angle + k);
      corners.push(lon + size * Math.cos(angle), lat + size * Math.sin(angle));
    }
    return { key: k, s_region: corners };
  });
  const before = performance.now();
  map.show(rows, "body");
  const prepared = performance.now() - before;
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  let frames = 0;
  const start = performance.now();
  while (performance.now() - start < 3000) {
    map.view = { x: (frames % 50) - 25, y: 0, zoom: 1 + (frames % 20) / 20 };
    map.move();
    await new Promise(requestAnimationFrame);
    frames++;
  }
  const rate = frames / ((performance.now() - start) / 1000);
  return { prepared, rate };
}
"""


#: What is searched for, and how many rows of each service at most.
TARGET, LIMIT = "sun", 500


def measure_search(tables: list[EpnTable]) -> tuple[float, float]:
    """Give the time of all services together, and of the slowest alone."""
    return _time_search(tables), max(_time_search([table]) for table in tables)


def _time_search(tables: list[EpnTable]) -> float:
    start = time.perf_counter()
    search(tables, target=TARGET, limit=LIMIT)
    return time.perf_counter() - start


def measure_server(answers: Iterable[TableAnswer], limit: int) -> float:
    """Give the time that the server takes to answer the same queries, if nobody reads it."""

    def fetch(answer: TableAnswer) -> None:
        asked = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": answer.query.text, "MAXREC": limit}
        requests.post(f"{answer.target.url}/sync", asked, timeout=60).raise_for_status()

    start = time.perf_counter()
    with ThreadPoolExecutor(RequestLimits.at_once) as pool:
        list(pool.map(fetch, answers))
    return time.perf_counter() - start


def measure_page(url: str) -> tuple[float, float, float]:
    """Give the seconds to the first rows, to prepare 10,000 footprints, and pictures a second."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{url}{PATH}")
        page.wait_for_selector("#services label")
        page.fill("[name=limit]", str(LIMIT))
        start = time.perf_counter()
        page.click("button.main")
        page.wait_for_selector(".tabulator-row")
        first = time.perf_counter() - start
        page.wait_for_timeout(8000)
        drawn = page.evaluate(DRAW, 10_000)
        browser.close()
    return first, drawn["prepared"] / 1000, drawn["rate"]


def main() -> None:
    """Measure, and print a table."""
    url = sys.argv[1].rstrip("/")
    answers = search(f"{url}/tap", target=TARGET, limit=LIMIT).answers
    together, slowest = measure_search([answer.target for answer in answers])
    whole, empty = measure_server(answers, LIMIT), measure_server(answers, 0)
    first, prepared, rate = measure_page(url)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"Searching and drawing; {machine}; {datetime.now(UTC):%Y-%m-%d}")
    print(f"{len(answers)} services of one DaCHS: {together:.2f} s")
    print(f"the slowest alone: {slowest:.2f} s; {together / slowest:.1f} times that")
    print(f"the server for these answers, unread: {whole:.2f} s; without rows: {empty:.2f} s")
    print(f"from the click to the first rows: {first:.2f} s")
    print(f"10,000 footprints of 30 corners: prepared in {prepared:.2f} s")
    print(f"moving and zooming them: {rate:.0f} pictures a second")


if __name__ == "__main__":
    main()
