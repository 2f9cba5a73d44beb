"""What walks through the page to explore have in common."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from epnkit.explore.deployment import PATH

CHROMIUM = "/usr/bin/chromium"

#: The service that is searched.
ONLY = "services=hfc1ar"


def open_search(page: Page, site: str, words: str) -> None:
    """Open the page with a search, and wait for its end."""
    page.goto(f"{site}{PATH}#{words}")
    expect(page.locator("#status")).to_have_text(re.compile(r" in \d"), timeout=60_000)
