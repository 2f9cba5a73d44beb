"""Random contours: what comes out is simple, holds the pixels, and S2 agrees on it."""

from __future__ import annotations

import numpy as np
import shapely
import spherely
from hypothesis import given, settings
from hypothesis import strategies as st

from epnkit.regions import Images, Observer, Options, footprints
from epnkit.regions.contours.chaincode import decode
from epnkit.regions.contours.outline import exact_ring, trace_corners
from epnkit.regions.geometry.sphere import SQUARE_DEGREES
from epnkit.regions.synthetic import Contour, random_contour

IMAGES = Images("2010-01-01T00:00:00", 2.0, 2.0, 512.0, 512.0, 480.0)


@st.composite
def contours(draw: st.DrawFn) -> Contour:
    """Give the contour of a random mask."""
    seed = draw(st.integers(0, 2**32 - 1))
    return random_contour(np.random.default_rng(seed), draw(st.integers(2, 40)))


@given(contours())
@settings(max_examples=150, deadline=None)
def test_the_exact_ring_is_the_pixels_without_their_holes(contour: Contour) -> None:
    pixels = decode(*contour)
    grid = np.zeros((np.ptp(pixels[:, 1]) + 3, np.ptp(pixels[:, 0]) + 3), dtype=np.uint8)
    ring = shapely.Polygon(exact_ring(trace_corners(grid, pixels)))
    x, y = pixels.T
    drawn = shapely.union_all(shapely.box(x - 0.5, y - 0.5, x + 0.5, y + 0.5))
    outer = shapely.union_all(
        [shapely.Polygon(part.exterior) for part in shapely.get_parts(drawn.buffer(1e-9))]
    )
    assert ring.is_valid
    assert not grid.any()
    assert ring.area >= outer.area - 1e-4 * len(pixels)
    assert ring.buffer(1e-6).contains(shapely.union_all(drawn).buffer(-1e-6))


@given(contours(), st.floats(0, 1.03), st.floats(0, 6.28), st.floats(-7.25, 7.25))
@settings(max_examples=150, deadline=None)
def test_s2_finds_the_same_area(contour: Contour, away: float, angle: float, tilt: float) -> None:
    x = round(512 + 480 * away * np.cos(angle))
    y = round(512 + 480 * away * np.sin(angle))
    options = Options(observer=Observer(1.5e8, 359.0, tilt))
    found = footprints([contour.code], [x], [y], IMAGES, options)
    assert found.errors == [None]
    if found.s_region[0] is None:
        assert found.words(0).split()[-1] in {"off-limb", "no-polygon", "simplified"}
        return
    ring = found.vertices(0)
    theirs = spherely.area(spherely.create_polygon(ring), radius=1.0) * SQUARE_DEGREES
    assert np.isclose(theirs, found.area_deg2[0], rtol=1e-5, atol=1e-6)


@given(st.text(max_size=40), st.one_of(st.none(), st.text(max_size=10), st.floats()))
@settings(max_examples=200, deadline=None)
def test_no_row_ever_raises(code: str, start: object) -> None:
    found = footprints([code], np.array([start], dtype=object), [512], IMAGES)
    assert (found.errors[0] is None) != (found.s_region[0] is None)
