"""Advice from the text of the standard since the recommendation."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.epncore.published import VotableMetadata
from epnkit.epncore.upcoming import advise

DISC = {
    "spatial_frame_type": "body",
    "dataproduct_type": "im",
    "c1min": 0.0,
    "c1max": 180.0,
    "c2min": -90.0,
    "c2max": 90.0,
}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"dataproduct_type": "im", "map_projection": "sinusoidal"}, "dataproduct_type"),
        ({"time_scale": "utc"}, "time_scale"),
        (DISC, "c1min"),
        ({**DISC, "c1min": "0", "c1max": "360"}, "c1min"),
        ({"target_region": "corona#Solar Wind"}, "target_region"),
    ],
)
def test_what_will_change_is_advised(row: dict[str, object], column: str) -> None:
    (advice,) = advise(pl.DataFrame([row, row]))
    assert (advice.column, advice.count) == (column, 2)


@pytest.mark.parametrize(
    "row",
    [
        {"dataproduct_type": "ma", "map_projection": "sinusoidal"},
        {"dataproduct_type": "im", "map_projection": None},
        {"time_scale": "UTC"},
        {**DISC, "c1max": 90.0},
        {**DISC, "spatial_frame_type": "celestial"},
        {"target_region": "solar-wind"},
        {"granule_uid": "a"},
    ],
)
def test_what_is_so_already_is_not(row: dict[str, object]) -> None:
    assert advise(pl.DataFrame([row])) == ()


def test_a_coosys_for_bodies_is_for_votable_1_5() -> None:
    rows = pl.DataFrame([{"spatial_frame_type": "body"}])
    (advice,) = advise(rows, answer=VotableMetadata(names_bodies=True))
    assert "BODY" in advice.text
    assert advise(rows, answer=VotableMetadata()) == ()
    assert advise(rows, answer=VotableMetadata(space_systems=1, names_bodies=True)) == ()
