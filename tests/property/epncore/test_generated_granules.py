"""Generated granules that keep all rules raise none, and no text makes the judge fail."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from epnkit.epncore import rules, vocabularies
from epnkit.epncore.columns import COLUMNS, FRAMES, polars_type

WORDS = st.from_regex(r"[a-z][a-z0-9_.:-]{0,12}( [a-z0-9]{1,5})?", fullmatch=True)
DATES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))
MEASUREMENTS = ("phot.radiance;em.opt", "phys.temperature", "phys.magField;stat.mean")
REGIONS = [term for term in vocabularies.load("uat").terms if term.isascii()]


def _pair(name: str, low: float, high: float) -> st.SearchStrategy[dict[str, float]]:
    joint = "" if name in {"c1", "c2", "c3"} else "_"
    ends = st.tuples(*2 * [st.floats(low, high)]).map(sorted)
    return ends.map(lambda two: {f"{name}{joint}min": two[0], f"{name}{joint}max": two[1]})


@st.composite
def _identity(draw: st.DrawFn) -> dict[str, Any]:
    created = draw(DATES)
    return {
        **{name: draw(WORDS) for name in ("granule_uid", "granule_gid", "obs_id")},
        "service_title": "made",
        "creation_date": created.isoformat(),
        "modification_date": (created + timedelta(seconds=draw(st.integers(0, 10**6)))).isoformat(),
        "release_date": draw(DATES).strftime("%Y-%m-%d"),
        "instrument_host_name": draw(WORDS),
        "instrument_name": "#".join(draw(st.lists(WORDS, min_size=1, max_size=3))),
    }


@st.composite
def _content(draw: st.DrawFn) -> dict[str, Any]:
    kinds = [k for k in COLUMNS["dataproduct_type"].allowed_values if k not in {"ev", "ma"}]
    return {
        "dataproduct_type": "#".join([*draw(st.lists(st.sampled_from(kinds), max_size=2)), "ci"]),
        "measurement_type": "#".join(draw(st.lists(st.sampled_from(MEASUREMENTS), max_size=2))),
        "processing_level": draw(st.sampled_from([1, 2, 3, 5, 6, None])),
        "target_name": "Jupiter",
        "target_class": "planet",
        "target_region": draw(st.sampled_from(REGIONS)),
        "messenger": draw(st.sampled_from(sorted(vocabularies.load("messenger").terms))),
    }


@st.composite
def _polygon(draw: st.DrawFn, frame: str) -> dict[str, Any]:
    """Draw a regular polygon about a point, in the order that the frame asks for."""
    lon, lat = draw(st.floats(0, 360)), draw(st.floats(-75, 75))
    size, count = draw(st.floats(0.01, 8)), draw(st.integers(3, 20))
    turns = [2 * math.pi * k / count for k in range(count)]
    stretch = 1 / math.cos(math.radians(lat))
    points = [(lon + stretch * size * math.cos(t), lat + size * math.sin(t)) for t in turns]
    ordered = points if frame == "body" else points[::-1]
    lons = [x % 360 for x in (lon - stretch * size, lon + stretch * size)]
    return {
        "s_region": "{" + ",".join(f"({x % 360!r}d,{y!r}d)" for x, y in ordered) + "}",
        "c1min": lons[0],
        "c1max": lons[1],
        "c2min": lat - size,
        "c2max": lat + size,
    }


@st.composite
def granules(draw: st.DrawFn) -> dict[str, Any]:
    frame = draw(st.sampled_from(FRAMES))
    place = draw(_polygon(frame)) if frame in {"body", "celestial"} else {}
    return {
        **draw(_identity()),
        **draw(_content()),
        **draw(_pair("time", 2.1e6, 2.8e6)),
        **draw(_pair("time_exp", 0, 10)),
        **draw(_pair("time_sampling_step", 10, 20)),
        **draw(_pair("spectral_range", 1, 1e20)),
        **draw(_pair("spectral_resolution", 1, 1e6)),
        **draw(_pair("incidence", 0, 90)),
        **draw(_pair("c3", 0, 90)),
        "spatial_frame_type": frame,
        **place,
    }


def _table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    names = [column.name for column in COLUMNS.values() if column.mandatory]
    names += ["messenger", "target_region"]
    kinds = {name: polars_type(name) for name in names}
    texts = {n: pl.String() if isinstance(k, pl.Datetime) else k for n, k in kinds.items()}
    return pl.DataFrame(rows, schema=texts, strict=False)


@given(st.lists(granules(), min_size=1, max_size=5))
def test_rows_that_keep_the_rules_raise_none(rows: list[dict[str, Any]]) -> None:
    found = rules.check_rows(_table(rows), service="made", frame="none")
    assert found.is_empty(), found.to_dicts()


@given(granules(), st.sampled_from(sorted(COLUMNS)), st.text(max_size=30))
def test_any_text_is_judged(row: dict[str, Any], name: str, text: str) -> None:
    table = _table([row]).with_columns(pl.lit(text).alias(name))
    assert rules.check_rows(table, service="made", frame="none").schema == rules.FINDINGS


@given(
    granules(),
    st.sampled_from(["s_region", "coverage"]),
    st.text("0123456789/-, ts\n", max_size=20),
)
def test_any_region_is_judged(row: dict[str, Any], name: str, text: str) -> None:
    table = _table([row]).with_columns(pl.lit(text).alias(name))
    assert rules.check_rows(table, service="made", frame="none").schema == rules.FINDINGS
