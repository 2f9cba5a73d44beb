"""Random polygons of a source: what the mapping and the rules let through, PostgreSQL takes."""

from __future__ import annotations

import math

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection
from tests.integration.regions import test_pgsphere

from epnkit.epncore import rules
from epnkit.mapping.declare import Mapping

pgsphere = test_pgsphere.pgsphere

FRAMES = st.sampled_from(["body", "celestial"])

ANGLES = st.sampled_from([0.0, 10.0, 10.000000001, 45.0, 90.0, 180.0, 359.9999999, 360.0, -5.0])
DEGREES = ANGLES | st.floats(-400, 400) | st.floats(10, 11) | st.integers(0, 12).map(float)


@st.composite
def numbers(draw: st.DrawFn) -> list[float]:
    count = draw(st.integers(2, 9))
    if draw(st.booleans()):  # a star around a point, its corners at any distance
        lon, lat = draw(st.floats(0, 360)), draw(st.floats(-85, 85))
        size = draw(st.sampled_from([1e-9, 1e-6, 1e-3, 0.1, 1.0, 5.0, 40.0, 100.0]))
        turns = [2 * math.pi * k / count for k in range(count)]
        far = [size * draw(st.floats(0.3, 1)) for _ in turns]
        pairs = [
            (lon + f * math.cos(t) / math.cos(math.radians(lat)), lat + f * math.sin(t))
            for t, f in zip(turns, far, strict=True)
        ]
        pairs = pairs[::-1] if draw(st.booleans()) else pairs
    else:
        pairs = [(draw(DEGREES), draw(DEGREES)) for _ in range(count)]
    pairs += draw(st.sampled_from([[], pairs[:1], pairs[-1:]]))
    return [number for pair in pairs for number in pair]


def write(values: list[float], form: str) -> str:
    pairs = list(zip(values[::2], values[1::2], strict=True))
    if form == "literal":
        return "{" + ",".join(f"({lon!r}d,{lat!r}d)" for lon, lat in pairs) + "}"
    if form == "fixed":
        return "{" + ", ".join(f"( {lon:.7f}d , {lat:.7f}d )" for lon, lat in pairs) + "}"
    head = {"stc": "Polygon ICRS ", "tap": "POLYGON UNKNOWNFrame ", "dali": ""}[form]
    return head + " ".join(map(repr, values))


REGIONS = st.builds(
    write, numbers(), st.sampled_from(["literal", "fixed", "stc", "tap", "dali"])
) | st.sampled_from(["Circle ICRS 10 20 1", "<(1d,2d),3d>", "Box 1 2 3 4", "x", "", "{}", "1/3 4"])


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(REGIONS, min_size=1, max_size=10), frame=FRAMES)
def test_what_passes_is_taken(pgsphere: connection, texts: list[str], frame: str) -> None:
    mapped = Mapping({"s_region": pl.col("r")}).apply(pl.DataFrame({"r": texts}))
    assert {*mapped.refusals["rule"]} <= {83}
    found = rules.check_rows(mapped.granules, service="", frame=frame)
    refused = {*found.filter(pl.col("rule") == 83)["row"]}
    with pgsphere.cursor() as cursor:
        for number, region in enumerate(mapped.granules["s_region"]):
            if region is not None and number not in refused:
                cursor.execute("SELECT %s::spoly", (region,))


@settings(max_examples=200)
@given(numbers())
def test_all_forms_of_a_polygon_are_one(values: list[float]) -> None:
    texts = [write(values, form) for form in ("literal", "stc", "tap", "dali")]
    mapped = Mapping({"s_region": pl.col("r")}).apply(pl.DataFrame({"r": texts}))
    assert len(mapped.granules) in {0, 4}
    assert mapped.granules["s_region"].str.replace_all(r"\.0d", "d").n_unique() <= 1


def test_a_list_of_degrees() -> None:
    records = pl.DataFrame({"r": [[1.0, 0.0, 2.0, 0.0, 2.0, 1.0], None, [1.0, 2.0]]})
    mapped = Mapping({"s_region": pl.col("r")}).apply(records)
    assert mapped.granules["s_region"].to_list() == ["{(1.0d,0.0d),(2.0d,0.0d),(2.0d,1.0d)}", None]
    assert mapped.refusals["rule"].to_list() == [83]
