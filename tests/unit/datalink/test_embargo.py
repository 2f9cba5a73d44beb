"""What an embargo withholds, for how long, and what it refuses."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from epnkit.datalink.embargo import NO_DATE, Embargo
from epnkit.datalink.links import Link, documentation, this
from epnkit.errors import ConfigurationError
from epnkit.loading.prepare.columns import NUMBERED_REFUSAL
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.loading.prepare.refuse import withhold_values
from epnkit.mapping import Mapping, access
from epnkit.service import Service
from epnkit.streaming.declare import DataSet

NOW = datetime(2026, 6, 1, 12)

COLUMNS: dict[Any, Any] = {
    "granule_uid": pl.col("id"),
    "granule_gid": "scan",
    "obs_id": pl.col("id"),
    "dataproduct_type": "im",
    "target_name": "Sun",
    "target_class": "star",
    "time_min": 2450000.5,
    "time_max": 2450000.5,
    "processing_level": 3,
    "thumbnail_url": pl.format("https://a.example/{}.png", pl.col("id")),
    "file_name": pl.format("{}.fits", pl.col("id")),
    **access(pl.format("https://a.example/{}.fits", pl.col("id")), pl.lit(2048)),
}

LINKS = (
    this("The data"),
    Link("#preview", pl.col("look"), "A look"),
    Link("#auxiliary", "https://elsewhere.example/today", "The Sun that day", public=True),
    documentation("https://a.example/about", "About it"),
)

EMBARGO = Embargo(until=pl.col("until"), held=pl.col("held"))


def prepare(
    *, until: Any = None, held: bool | None = None, embargo: Embargo = EMBARGO, **columns: Any
) -> PreparedBatch:
    record = {"id": ["a1"], "look": ["https://a.example/look.png"], "until": [until]}
    records = pl.DataFrame(record).with_columns(pl.lit(held, pl.Boolean).alias("held"))
    mapping = Mapping(COLUMNS | columns, own_columns={"notes": "text"} if columns else {})
    service = Service(
        "scans", frame="body", mapping=mapping, key=("id",), links=LINKS, embargo=embargo
    )
    return Preparation(service, now=NOW).prepare(records)


def make_granule(**given: Any) -> dict[str, Any]:
    made = prepare(**given)
    assert made.refusals.is_empty(), made.refusals.rows()
    return made.granules.row(0, named=True)


def list_semantics(granule: dict[str, Any]) -> list[str]:
    return [link["semantics"] for link in json.loads(granule["epnkit_links"])]


@pytest.mark.parametrize(
    ("until", "held", "release"),
    [
        ("2027-01-01", None, datetime(2027, 1, 1)),
        (datetime(2026, 6, 1, 12, 0, 1), None, datetime(2026, 6, 1, 12, 0, 1)),
        ("2027-01-01T06:30:00.500Z", True, datetime(2027, 1, 1, 6, 30, 0, 500_000)),
        (None, True, NO_DATE),
    ],
)
def test_a_closed_granule_leads_to_no_data(until: Any, held: bool | None, release: Any) -> None:
    granule = make_granule(until=until, held=held)
    assert granule["release_date"] == release
    names = ("access_url", "access_format", "access_estsize", "thumbnail_url", "file_name")
    assert [granule[name] for name in names] == [None] * 5
    assert list_semantics(granule) == ["#auxiliary", "#documentation"]


@pytest.mark.parametrize(
    ("until", "held", "release"),
    [
        ("2020-01-01", None, datetime(2020, 1, 1)),
        (datetime(2026, 6, 1, 12), None, datetime(2026, 6, 1, 12)),
        # The date has come: the record was kept when it had not.
        ("2020-01-01", True, datetime(2020, 1, 1)),
        # The source opened it early, or says nothing at all.
        ("2027-01-01", False, NOW),
        (None, False, NOW),
        (None, None, NOW),
    ],
)
def test_an_open_granule_has_all_its_links(until: Any, held: bool | None, release: Any) -> None:
    granule = make_granule(until=until, held=held)
    assert granule["release_date"] == release
    assert granule["access_url"] == "https://a.example/a1.fits"
    assert granule["access_estsize"] == 2
    assert list_semantics(granule) == ["#this", "#preview", "#auxiliary", "#documentation"]


def test_a_release_that_cannot_be_read_opens_nothing() -> None:
    made = prepare(until="next year")
    assert made.granules.is_empty()
    assert made.refusals["reason"].to_list() == [
        "its release cannot be read ('next year' is not a time)"
    ]


def test_own_columns_are_withheld_too() -> None:
    embargo = Embargo(until=pl.col("until"), columns=("notes",))
    told = {"embargo": embargo, "notes": "at https://a.example/a1.fits"}
    assert make_granule(until="2027-01-01", **told)["notes"] is None
    assert make_granule(until="2020-01-01", **told)["notes"] is not None


@pytest.mark.parametrize("address", ["https://a.example/a1.fits", "https://a.example/look.png"])
def test_a_forgotten_column_with_an_address_refuses_the_record(address: str) -> None:
    made = prepare(until="2027-01-01", notes=f"see {address}")
    assert made.granules.is_empty()
    assert made.refusals.select("field", "reason").rows() == [
        ("notes", "it holds an address that is under embargo")
    ]
    assert prepare(until="2020-01-01", notes=f"see {address}").refusals.is_empty()


def test_what_is_closed_is_listed_with_its_release() -> None:
    assert prepare(until="2027-01-01").embargoed.rows() == [("a1", datetime(2027, 1, 1))]
    assert prepare(until="2020-01-01").embargoed.is_empty()


def test_the_hash_changes_with_the_release_alone() -> None:
    def hash_of(**given: Any) -> Any:
        return make_granule(**given)["epnkit_content"]

    assert hash_of(until="2027-01-01") == hash_of(until="2027-01-01", held=True)
    assert hash_of(until="2027-01-01") != hash_of(until="2027-01-02")
    assert hash_of(until="2027-01-01") != hash_of(until=None)


def test_an_embargo_and_what_contradicts_it() -> None:
    mapping = Mapping({**COLUMNS, "release_date": datetime(2020, 1, 1)})
    with pytest.raises(ConfigurationError, match="release_date is in the mapping"):
        Service("scans", frame="body", mapping=mapping, key=("id",), embargo=EMBARGO)
    with pytest.raises(ConfigurationError, match="granule_uid cannot be withheld"):
        Embargo(until=None, columns=("granule_uid",))


def test_an_embargo_reads_its_fields() -> None:
    mapping = Mapping(COLUMNS)
    service = Service("scans", frame="body", mapping=mapping, key=("id",), embargo=EMBARGO)
    assert {"until", "held"} <= service.fields


def test_streams_would_give_data_away(tmp_path: Any) -> None:
    stream: Any = DataSet.__new__(DataSet)
    object.__setattr__(stream, "where", {})
    with pytest.raises(ConfigurationError, match="an embargo, and streams"):
        Service(
            "scans",
            frame="body",
            mapping=Mapping(COLUMNS),
            key=("id",),
            embargo=EMBARGO,
            streams=(stream,),
        )


def test_reasons_of_closed_records_hold_no_value() -> None:
    refused = pl.DataFrame(
        [
            (0, None, 118, "access_url", "is no complete address: /data/secret/a.fits"),
            (1, None, 118, "access_url", "is no complete address: /data/open/b.fits"),
            (0, None, None, "", "its release cannot be read ('x' is not a time)"),
        ],
        schema=NUMBERED_REFUSAL,
        orient="row",
    )
    found = withhold_values(refused, pl.Series([True, False]))["reason"].to_list()
    assert found == [
        "is no complete address (the value is under embargo)",
        "is no complete address: /data/open/b.fits",
        "its release cannot be read ('x' is not a time)",
    ]


def test_what_cannot_be_read_closes_its_record() -> None:
    records = pl.DataFrame({"until": [None, None], "held": [None, None]})
    states = Embargo(until=pl.col("until"), held=pl.col("held")).evaluate(
        records, datetime(2026, 1, 1)
    )
    embargoed = states.with_embargoed(pl.Series([1], dtype=pl.UInt32))
    assert embargoed.embargoed.to_list() == [False, True]
    assert embargoed.release.to_list() == [None, NO_DATE]
