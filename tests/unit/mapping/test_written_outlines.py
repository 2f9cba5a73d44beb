"""Outlines in WKT and GeoJSON: what they surround, and what is none."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.mapping.written_outlines import WRITTEN_OUTLINE, written_outline

TRIANGLE = "{(350.0000000d,1.0000000d),(352.0000000d,1.0000000d),(351.0000000d,3.0000000d)}"


@pytest.mark.parametrize(
    "text",
    [
        "POLYGON((-10 1, -8 1, -9 3, -10 1))",
        "srid=4326; polygon ((350 1, 352 1, 351 3, 350 1))",
        "POLYGON Z ((350 1 7, 352 1 7, 351 3 7, 350 1 7))",
        "POLYGON((350 1, 352 1, 351 3, 350 1), (350.5 1.5, 351 1.5, 351 2, 350.5 1.5))",
        '{"type":"Polygon","coordinates":[[[-10,1],[-8,1],[-9,3],[-10,1]]]}',
        '{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[350,1],[352,1],[351,3],'
        "[350,1]]]}}",
        "[[350,1],[352,1],[351,3],[350,1]]",
        "[[[351,3],[352,1],[350,1],[351,3]]]",
        "POLYGON ICRS 350 1 352 1 351 3",
        "POLYGON J2000 350 1 352 1 351 3",
        "350 1 352 1 351 3",
        "Polygon 350.0 1 352 1 351 3 350 1",
    ],
)
def test_forms_of_one_outline(text: str) -> None:
    drawn = written_outline(pl.Series([text]))
    assert drawn["s_region"].reasons.to_list() == [None]
    (literal,) = drawn["s_region"].values
    assert sorted(literal.strip("{()}").split("),(")) == sorted(TRIANGLE.strip("{()}").split("),("))
    assert [drawn[name][0] for name in WRITTEN_OUTLINE[1:]] == [350.0, 352.0, 1.0, 3.0]


def test_a_rectangle_is_a_box_on_a_map_and_has_great_circles_on_the_sky() -> None:
    corners = [(100, 30), (140, 30), (140, 50), (100, 50)]
    wkt = f"POLYGON(({', '.join(f'{lon} {lat}' for lon, lat in [*corners, corners[0]])}))"
    stc = f"POLYGON ICRS {' '.join(f'{lon} {lat}' for lon, lat in corners)}"
    drawn = written_outline(pl.Series([wkt, stc]))
    assert drawn["c2max"][0] == 50.0
    assert drawn["c2max"][1] > 51.0


def test_an_outline_over_longitude_0_goes_the_short_way() -> None:
    drawn = written_outline(pl.Series(["POLYGON((350 -1, 10 -1, 10 5, 350 5, 350 -1))"]))
    assert (drawn["c1min"][0], drawn["c1max"][0]) == (350.0, 10.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("POLYGON((350 100, 10 1, 10 5, 350 100))", "is no polygon in degrees"),
        ("POLYGON((450 10, 10 1, 10 5, 450 10))", "is no polygon in degrees"),
        ("MULTIPOLYGON(((1 1,2 1,2 2,1 1)))", "is no polygon in degrees"),
        ("POINT(1 2)", "is no polygon in degrees"),
        ("POLYGON EMPTY", "is no polygon in degrees"),
        ("POLYGON((1 1, 2 2, nan nan, 1 1))", "is no polygon in degrees"),
        ('{"type":"Point","coordinates":[1,2]}', "is no polygon in degrees"),
        ('{"a":1}', "is no polygon in degrees"),
        ("[1,2]", "is no polygon in degrees"),
        ("[[1,2],[3]]", "is no polygon in degrees"),
        ("5", "is no polygon in degrees"),
        ("POLYGON ICRS 1 2 3", "is no polygon in degrees"),
        ("POLYGON ICRS 1 2 3 4", "is no polygon in degrees"),
        ("x", "is no polygon in degrees"),
        ("POLYGON((0 0, 2 2, 2 0, 0 2, 0 0))", "crosses itself, or holds half of the sphere"),
    ],
)
def test_what_is_no_outline_has_a_reason(text: str, reason: str) -> None:
    drawn = written_outline(pl.Series([text]))
    assert drawn["s_region"].values.to_list() == [None]
    assert drawn["s_region"].reasons[0].endswith(reason)


def test_nothing_is_asked_of_what_is_blank() -> None:
    drawn = written_outline(pl.Series([None, "", " "]))
    assert drawn["s_region"].reasons.to_list() == [None] * 3
    assert all(drawn[name].is_null().all() for name in WRITTEN_OUTLINE[1:])


def test_no_record_at_all() -> None:
    drawn = written_outline(pl.Series([], dtype=pl.String))
    assert len(drawn["s_region"].values) == 0
