"""Circles, boxes and points."""

from __future__ import annotations

import numpy as np
import pytest
import spherely

from epnkit.regions import Flag, Footprints, boxes, circles, points


def _spherely_area(found: Footprints, row: int) -> float:
    """Return a row's area in square degrees as S2 has it."""
    ring = spherely.create_polygon(found.vertices(row).tolist())
    return float(np.degrees(np.degrees(spherely.area(ring, radius=1))))


@pytest.mark.parametrize("radius", [1e-3, 0.1, 3.0, 40.0, 85.0])
@pytest.mark.parametrize(("lon", "lat"), [(10.0, 0.0), (359.9, -40.0), (200.0, 90.0)])
def test_a_circle_s_polygon_has_its_area(lon: float, lat: float, radius: float) -> None:
    found = circles([lon], [lat], [radius])
    cap = 2 * np.pi * (1 - np.cos(np.radians(radius))) * np.degrees(1) ** 2
    assert found.words(0) == ""
    assert found.area_deg2[0] == pytest.approx(cap, rel=1e-6)
    if radius > 0.01:  # S2 snaps its points to a grid
        assert _spherely_area(found, 0) == pytest.approx(cap, rel=1e-5)


def test_a_circle_s_limits_are_its_own() -> None:
    found = circles([1.0, 50.0], [60.0, -85.0], [2.0, 10.0])
    ring = found.vertices(0)
    west = ((ring[:, 0] + 180) % 360 - 180).min()
    assert found.c1min[0] - 360 == pytest.approx(west, abs=0.1)
    assert found.c1min[0] > found.c1max[0]
    assert (found.c2min[0], found.c2max[0]) == (58, 62)
    assert (found.c1min[1], found.c1max[1], found.c2min[1]) == (0, 360, -90)


@pytest.mark.parametrize("radius", [90.0, 95.0, 180.0])
def test_a_circle_too_wide_has_a_coverage(radius: float) -> None:
    found = circles([20.0], [10.0], [radius])
    assert found.s_region == [None]
    assert found.words(0) == "no-polygon"
    assert found.coverage[0] is not None
    sky = 41252.96125
    assert found.area_deg2[0] == pytest.approx(sky * np.sin(np.radians(radius) / 2) ** 2)


@pytest.mark.parametrize(
    "limits",
    [
        (350, 10, -10, 10),
        (0, 100, 20, 50),
        (30, 31, -80.5, -80),
        (90, 180, 60, 90),
        (0, 360, 60, 90),
        (0, 360, -90, -50),
        (20, 290, 70, 90),
        (5, 5.001, 1, 1.002),
    ],
)
def test_a_box_has_its_area_and_limits(limits: tuple[float, float, float, float]) -> None:
    west, east, south, north = limits
    found = boxes([west], [east], [south], [north])
    width = 360 if (west, east) == (0, 360) else (east - west) % 360
    area = width * np.degrees(np.sin(np.radians(north)) - np.sin(np.radians(south)))
    assert found.words(0) == ""
    assert (found.c1min[0], found.c1max[0], found.c2min[0], found.c2max[0]) == limits
    assert found.area_deg2[0] == pytest.approx(area)
    if area > 0.01:
        assert _spherely_area(found, 0) == pytest.approx(area, rel=0.01)
    assert len(found.vertices(0)) <= 60


@pytest.mark.parametrize(
    "limits", [(0, 360, -90, 90), (0, 360, -20, 20), (10, 300, 0, 30), (0, 270, -90, 80)]
)
def test_a_box_too_wide_has_a_coverage_of_its_area(
    limits: tuple[float, float, float, float],
) -> None:
    from mocpy import MOC

    found = boxes(*([value] for value in limits), wide_order=7)
    assert found.words(0) == "no-polygon"
    covered = MOC.from_string(found.coverage[0], format="ascii").sky_fraction * 41252.96125
    assert covered == pytest.approx(found.area_deg2[0], rel=0.03)


def test_a_point_is_a_degenerate_region_with_its_own_limits() -> None:
    found = points([10.0, 370.0], [0.0, 90.0], moc_order=8)
    assert found.flags.tolist() == [Flag.DEGENERATE, Flag.DEGENERATE]
    assert found.c1min.tolist() == found.c1max.tolist() == [10, 10]
    assert found.c2min.tolist() == found.c2max.tolist() == [0, 90]
    assert found.area_deg2.tolist() == [0, 0]
    assert all(found.s_region)
    assert all(found.coverage)


def test_a_bad_row_stops_nothing() -> None:
    round_ = circles([1, np.nan, 3, 4], [1, 2, 95, 4], [1, 1, 1, 0])
    flat = boxes([1, 1, 1], [2, 1, 2], [3, 3, 5], [4, 4, 4])
    dots = points([1, np.inf], [1, 1])
    for found in (round_, flat, dots):
        assert found.flags[0] != Flag.BAD
        assert (found.flags[1:] == Flag.BAD).all()
        assert [error is None for error in found.errors] == [bool(s) for s in found.s_region]
    assert "circle 3.0, 95.0" in str(round_.errors[2])
    assert "lower limit first" in str(flat.errors[2])


def test_no_shapes_are_no_rows() -> None:
    assert circles([], [], []).s_region == []
