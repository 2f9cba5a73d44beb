"""The page to explore in the session's DaCHS, and a browser to walk through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.support.explored import CHROMIUM

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.explore.deployment import PATH, PageDeployment


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
