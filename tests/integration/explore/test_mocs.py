"""Tables with MOCs, which DaCHS does not write as JSON, on the page to explore."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.support.explored import ONLY, open_search

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs


@pytest.fixture
def row_with_moc(site: str, dachs: PrivateDachs) -> Iterator[str]:
    """Give a row a MOC, and take it away."""
    with DachsInstance.find(dachs.root).connect() as database, database.cursor() as cursor:
        cursor.execute("SELECT min(granule_uid) FROM hfc1ar.epn_core")
        (uid,) = cursor.fetchone()
        change = "UPDATE hfc1ar.epn_core SET coverage = %s WHERE granule_uid = %s"
        cursor.execute(change, ("3/1-3", uid))
        yield uid
        cursor.execute(change, (None, uid))


def test_rows_of_a_table_with_mocs_are_found(page: Page, site: str, row_with_moc: str) -> None:
    open_search(page, site, f"{ONLY}&where=granule_uid='{row_with_moc}'")
    expect(page.locator("#status")).to_contain_text("1 row of 1 service")
    expect(page.locator("#count")).to_have_text("1 row")
