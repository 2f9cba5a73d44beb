"""Answers that break off or say something else: they cost one service, or one row's links."""

from __future__ import annotations

import pytest
from astropy.table import Table
from tests.support.answers import answer

from epnkit.client.links import fetch_links
from epnkit.client.searches import search
from epnkit.client.targets import EpnTable

VOTABLE = b"<VOTABLE xmlns='http://www.ivoa.net/xml/VOTable/v1.3'><RESOURCE type='meta'/></VOTABLE>"


@pytest.mark.parametrize(
    ("head", "body", "forever", "states"),
    [
        (b"Content-Length: 100000", VOTABLE, True, {"silent"}),
        (b"Transfer-Encoding: chunked", b"5\r\n<VOT", False, {"down", "refused"}),
        (b"Content-Length: 100000", VOTABLE, False, {"down", "refused"}),
        (b"Content-Type: text/xml", VOTABLE, False, {"refused"}),
        (b"Content-Type: text/html", b"<html>Be back soon", False, {"refused"}),
    ],
)
def test_a_service_that_breaks_off_is_named(
    head: bytes, body: bytes, forever: bool, states: set[str]
) -> None:
    with answer(head, body, forever=forever) as url:
        found = search([EpnTable(f"{url}/tap", "a.epn_core")], timeout=1.5)
    assert {each.state for each in found.answers} <= states
    assert found.answers[0].why
    assert len(found.table) == 0


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Type: text/xml", VOTABLE),
        (b"Content-Length: 100000", VOTABLE),
        (b"Transfer-Encoding: chunked", b"5\r\n<VOT"),
        (b"Content-Type: text/html", b"<html>Please log in"),
    ],
)
def test_a_datalink_document_that_is_none_costs_its_row(head: bytes, body: bytes) -> None:
    with answer(head, body) as url:
        rows = Table({"service": ["x"], "granule_uid": ["a"], "datalink_url": [f"{url}/dl"]})
        (link,) = fetch_links(rows, timeout=2.0)
    assert link.url == ""
    assert url in link.error
