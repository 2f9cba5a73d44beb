"""Links, publications and streams as services declare them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import ROOT
from tests.support.granules import load_resource

from epnkit.datalink.collections import Collection, add_references, read_collections
from epnkit.datalink.links import Link, compile_links, documentation, granule, this
from epnkit.datalink.streams import Stream
from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.vocabularies import load
from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import Mapping
from epnkit.service import Service

RECORDS = pl.DataFrame({"picture": ["https://a.example/1.png", None], "bytes": [7, 8]})
GRANULES = pl.DataFrame(
    {
        "granule_uid": ["a_v01", "b_v02", "b_pdf"],
        "access_url": ["https://a.example/1.cdf", "https://a.example/2.fits", None],
        "access_format": ["application/x-cdf", "application/fits", None],
    }
)
ORIGIN = pl.Series([0, 1, 1], dtype=pl.UInt32)


def compile_one(*links: Link) -> list[list[dict[str, object]]]:
    return [json.loads(text) for text in compile_links(links, RECORDS, GRANULES, ORIGIN).texts]


def test_a_granules_own_file_is_its_this() -> None:
    one, two, three = compile_one(this("The file", pl.col("bytes")))
    assert one[0]["url"] == "https://a.example/1.cdf"
    assert (one[0]["content_type"], one[0]["content_length"]) == ("application/x-cdf", 7)
    assert (two[0]["content_type"], two[0]["content_length"]) == ("application/fits", 8)
    assert three == []


def test_granules_of_one_record_have_links_of_their_own() -> None:
    source = pl.when(granule("granule_uid").str.ends_with("_v02")).then(pl.lit("https://a.example"))
    one, two, three = compile_one(Link("#progenitor", source, "Raw", "text/plain"))
    assert [len(each) for each in (one, two, three)] == [0, 1, 0]


def test_the_ending_tells_the_type() -> None:
    one, two, _ = compile_one(Link("#preview", pl.col("picture"), "Picture"))
    assert one[0]["content_type"] == "image/png"
    assert two == []


def test_a_page_is_html() -> None:
    (found, *_) = compile_one(documentation("https://a.example/page.cdf", "How"))
    assert found[0]["content_type"] == "text/html"


def test_a_collection_refers_and_links() -> None:
    part = Collection("10.25935/6jg4-mk86", "The first version", {"granule_uid": "_v01$"})
    whole = Collection("10.25935/1sxh-aq56", "All")
    found = add_references(GRANULES, (part, whole))["bib_reference"].to_list()
    assert found == [
        "doi:10.25935/6jg4-mk86#doi:10.25935/1sxh-aq56",
        "doi:10.25935/1sxh-aq56",
        "doi:10.25935/1sxh-aq56",
    ]
    one, two, _ = compile_one(part.link)
    assert one[0]["url"] == "https://doi.org/10.25935/6jg4-mk86"
    assert two == []


def test_references_of_the_mapping_come_first_and_none_is_no_text() -> None:
    own = GRANULES.with_columns(bib_reference=pl.Series(["2000GMS...119..321L", None, None]))
    part = Collection("10.25935/6jg4-mk86", "The first version", {"granule_uid": "_v01$"})
    assert add_references(own, (part,))["bib_reference"].to_list() == [
        "2000GMS...119..321L#doi:10.25935/6jg4-mk86",
        None,
        None,
    ]


@pytest.mark.parametrize("doi", ["doi:10.25935/1", "https://doi.org/10.1/a", "10.25935/", ""])
def test_a_doi_is_written_bare(doi: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a DOI"):
        Collection(doi, "A")


@pytest.mark.parametrize("text", ["", "[[collection]]\ntitle = 'a'\n", "collection = 3", "["])
def test_an_incomplete_file_of_collections_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "collections.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"collections\.toml"):
        read_collections(path)


def test_a_stream_has_a_name_that_can_be_asked_for() -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        Stream("das2", "/Nancay NDA", "Jupiter")


def test_a_link_to_a_column_that_no_mapping_makes_is_refused() -> None:
    for more in (
        {"links": (this("The file"),)},
        {"streams": (Stream("hapi", "a", "A", {"file_name": "x"}),)},
    ):
        with pytest.raises(ConfigurationError, match="which is no column"):
            Service("name", "none", Mapping({"granule_uid": "a"}), ("id",), **more)


def test_the_streams_of_nda_are_of_jupiter() -> None:
    streams = load_resource("nda").streams
    assert [each.dataset for each in streams if isinstance(each, Stream)] == [
        "Nancay/NDA/Routine/routine_jup_lh",
        "Nancay/NDA/Routine/routine_jup_rh",
        "Nancay/NDA/Routine/routine_jup_dp",
    ]


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "resources").glob("*/collections.toml")),
    ids=lambda path: path.parent.name,
)
def test_the_registry_is_told_of_every_collection(path: Path) -> None:
    assert load_resource(path.parent.name).collections == read_collections(path)
    assert '<LOOP source="epnkit/q#publication">' in (path.parent / "q.rd").read_text()


def test_a_list_of_addresses_is_as_many_links() -> None:
    records = pl.DataFrame(
        {
            "urls": [["https://a.example/1.fits", "https://a.example/2.png"], [], None],
            "bytes": [[7, 8], [], None],
            "one": ["x", "y", "z"],
        }
    )
    each = Link("#this", pl.col("urls"), pl.format("of {}", "one"), content_length=pl.col("bytes"))
    look = Link("#preview", pl.format("https://a.example/{}.png", "one"), "A look")
    origin = pl.Series([0, 1, 2, 0], dtype=pl.UInt32)
    granules = pl.DataFrame({"granule_uid": ["a", "b", "c", "d"]})
    texts = compile_links((each, look), records, granules, origin).texts
    first, second, third, again = [json.loads(text) for text in texts]
    assert [(x["semantics"], x["url"][-6:], x["content_length"]) for x in first] == [
        ("#this", "1.fits", 7),
        ("#this", "/2.png", 8),
        ("#preview", "/x.png", None),
    ]
    assert [x["content_type"] for x in first] == ["application/fits", "image/png", "image/png"]
    assert {x["description"] for x in first} == {"of x", "A look"}
    assert [len(second), len(third), len(again)] == [1, 1, 3]


def test_a_wrong_address_in_a_list_names_its_granule() -> None:
    records = pl.DataFrame({"urls": [["https://a.example/1"], ["https://a.example/1", "ftp:x"]]})
    granules = pl.DataFrame({"granule_uid": ["a", "b"]})
    link = Link("#this", pl.col("urls"), "Data")
    made = compile_links((link,), records, granules, pl.Series([0, 1], dtype=pl.UInt32))
    assert made.problems.select("granule", "rule").rows() == [(1, 118)]


def test_the_kinds_of_data_in_datalink_are_product_types() -> None:
    shared = (ROOT / "resources" / "epnkit" / "q.rd").read_text(encoding="utf-8")
    table = re.search(r"PRODUCT_TYPES = (\{[^}]*\})", shared)
    assert table is not None
    terms = ast.literal_eval(table[1])
    assert set(terms) <= set(COLUMNS["dataproduct_type"].allowed_values)
    assert {term.removeprefix("#") for term in terms.values()} <= set(load("product-type").terms)
