"""Random links and texts: what a browser, XML or a terminal would act upon reaches no table."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from epnkit.datalink.links import Link, compile_links
from epnkit.epncore import rules
from epnkit.epncore.rowrules.access import LINK_SCHEMES
from epnkit.mapping.texts import clean

#: What a terminal acts upon, or shows in another order.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

MANY = settings(max_examples=400)

SCHEMES = ("http", "HTTPS", "ftp", "javascript", "JaVaScRiPt", "data", "file", "vbscript", "s3", "")
BREAKS = ("", "\t", "\n", "\r", "\x00", "\x01", " ", "\xa0", "\u200b", "\u202e", "\ufeff", "\x85")
RESTS = (
    "//h.example/a",
    "//h.example",
    "//",
    "alert(1)",
    "/etc/passwd",
    "text/html,<b>",
    "//\\@x/",
)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    scheme, rest = draw(st.sampled_from(SCHEMES)), draw(st.sampled_from(RESTS))
    whole = f"{scheme}:{rest}" if scheme else rest
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(whole)))
        whole = whole[:at] + draw(st.sampled_from(BREAKS)) + whole[at:]
    return whole + draw(st.text("ab/?&=#%<>\"'é\x1b\u2066 ", max_size=5))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | addresses()


def scheme_in_browsers(address: str) -> str:
    """Return the scheme as the URL standard of the WHATWG finds it."""
    bare = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(33)))))
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", bare)
    return found[1].lower() if found else ""


@MANY
@given(
    st.sampled_from(["access_url", "thumbnail_url", "datalink_url", "external_link"]),
    st.lists(addresses(), min_size=1, max_size=20),
)
def test_links_that_pass_have_a_scheme_that_is_declared(name: str, given_: list[str]) -> None:
    refused = find_refused(pl.DataFrame({name: given_}))
    for number, address in enumerate(given_):
        if number in refused or not address:
            continue
        assert scheme_in_browsers(address) in LINK_SCHEMES
        assert urlsplit(address.strip()).hostname
        assert address.strip(" ").isprintable()


@MANY
@given(st.lists(addresses() | st.text(max_size=10), min_size=1, max_size=20))
def test_references_that_pass_are_no_code(given_: list[str]) -> None:
    refused = find_refused(pl.DataFrame({"bib_reference": given_}))
    dangerous = {"javascript", "data", "file", "vbscript"}
    for number, reference in enumerate(given_):
        if number not in refused:
            assert not {scheme_in_browsers(each) for each in reference.split("#")} & dangerous


def find_refused(granules: pl.DataFrame) -> set[int]:
    found = rules.check_rows(granules, service="", frame="none")
    return {*found.filter(pl.col("rule").is_in(sorted(rules.ENFORCED)))["row"]}


@MANY
@given(st.lists(st.tuples(addresses() | st.none(), TEXTS), min_size=1, max_size=10))
def test_compiled_links(pairs: list[tuple[str | None, str]]) -> None:
    records = pl.DataFrame(pairs, schema={"url": pl.String, "text": pl.String}, orient="row")
    link = Link("#this", pl.col("url"), pl.col("text"))
    origin = pl.Series(range(len(pairs)), dtype=pl.UInt32)
    compiled = compile_links((link,), records, records, origin)
    refused = {*compiled.problems["granule"]}
    for number, text in enumerate(compiled.texts):
        if number in refused:
            continue
        for each in json.loads(text):
            assert scheme_in_browsers(each["url"]) in LINK_SCHEMES
            etree.fromstring("<a/>").set("b", each["description"])
    for reason in compiled.problems["reason"]:
        assert not UNSEEN.search(reason)


@MANY
@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_texts_that_pass_are_xml(texts: list[str]) -> None:
    refused = find_refused(pl.DataFrame({"obs_title": texts, "a_free_one": texts}))
    for number, text in enumerate(texts):
        if number not in refused:
            etree.Element("a").text = text
    for text in clean(pl.Series(texts, dtype=pl.String)).values.drop_nulls():
        etree.Element("a").text = text
    found = rules.check_rows(pl.DataFrame({"obs_title": texts}), service="", frame="none")
    assert not any(UNSEEN.search(value) for value in found["value"])


@pytest.mark.parametrize(
    "address", ["https://a.example/b?c=d;e&f#g", "ftp://a.example/%20x", "http://[::1]:8080/~a/(b)"]
)
def test_plain_links_pass(address: str) -> None:
    for name in ("access_url", "thumbnail_url", "datalink_url", "external_link"):
        granules = pl.DataFrame({name: [address]})
        found = rules.check_rows(granules, service="", frame="none")
        assert not {*found["rule"]} & {96, 99, 103, 118, 119}


def test_a_service_declares_schemes_of_its_own() -> None:
    granules = pl.DataFrame({"thumbnail_url": ["s3://bucket/a.png", "javascript:alert(1)"]})
    found = rules.check_rows(granules, service="", frame="none", schemes=("https", "s3"))
    assert found.filter(pl.col("rule") == 118)["row"].to_list() == [1]
