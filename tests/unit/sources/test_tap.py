"""A TAP service of a few lines: what is asked of it, and what its answers cannot be taken for."""

from __future__ import annotations

import io
from urllib.parse import parse_qs

import pytest
import requests
import urllib3

from epnkit.errors import SourceError
from epnkit.sources.base import Order, Window
from epnkit.sources.config.credentials import Secret
from epnkit.sources.tap.source import TapSettings, TapSource

_ANSWER = """<?xml version="1.0"?>
<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<INFO name="QUERY_STATUS" value="OK"/><TABLE>
<FIELD name="id" datatype="char" arraysize="*"/><FIELD name="x" datatype="double"/>
<DATA><TABLEDATA><TR><TD>a</TD><TD>1</TD></TR><TR><TD></TD><TD>2</TD></TR></TABLEDATA></DATA>
</TABLE></RESOURCE></VOTABLE>"""


Asked = list[requests.PreparedRequest]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Answer every query with the same two rows, and note what was asked."""
    requested: Asked = []

    def send(
        _: requests.Session, request: requests.PreparedRequest, **_more: object
    ) -> requests.Response:
        requested.append(request)
        answer = requests.Response()
        answer.status_code = 200
        answer.headers["Content-Type"] = "application/x-votable+xml"
        answer.raw = urllib3.HTTPResponse(io.BytesIO(_ANSWER.encode()), preload_content=False)
        return answer

    monkeypatch.setattr(requests.Session, "send", send)
    return requested


def source(more: str = "") -> TapSource:
    secret = Secret("archive", f"https://archive.test/tap{more}")
    return TapSource(secret, TapSettings("epn_core", order=Order(None, ("id",))))


@pytest.mark.parametrize("authorization", ["Bearer canary-7", "ApiKey canary-7"])
def test_what_stands_behind_the_address_is_sent_as_a_header(
    asked: Asked, authorization: str
) -> None:
    found = source(f" {authorization}")
    assert found.schema() == {"id": "String", "x": "Float64"}
    assert [each.url for each in asked] == ["https://archive.test/tap/sync"]
    assert asked[0].headers["Authorization"] == authorization
    assert "canary-7" not in found.label


def test_a_key_without_a_value_ends_no_page(asked: Asked) -> None:
    batches = source().batches()
    assert next(batches)["x"].to_list() == [1.0, 2.0]
    with pytest.raises(SourceError, match="a record has no 'id'"):
        next(batches)
    assert len(asked) == 2  # for the types, and for the page


def test_an_end_written_as_a_text_is_compared_as_a_number(asked: Asked) -> None:
    settings = TapSettings("epn_core", order=Order("x", ("id",)))
    batches = TapSource(Secret("url", "https://archive.test/tap"), settings).batches(Window("1.5"))
    next(batches)
    (query,) = parse_qs(str(asked[-1].body))["QUERY"]
    assert "x IS NOT NULL AND x >= 1.5 ORDER BY" in query
