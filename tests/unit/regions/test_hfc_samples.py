"""Real contours of HFC: SMART's active regions, CHARM's coronal holes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.hfc_samples import active_regions, coronal_holes

from epnkit.regions import Footprints, Options
from epnkit.regions.arrays import Floats

pytestmark = pytest.mark.shared


def _middles(found: Footprints) -> Floats:
    """Return the middle of each region's limits, degrees, shape (n, 2)."""
    lon = found.c1min + ((found.c1max - found.c1min) % 360) / 2
    middles: Floats = np.column_stack([lon % 360, (found.c2min + found.c2max) / 2])
    return middles


def _off(found: Footprints, rows: list[dict[str, str]]) -> Floats:
    """Return how far regions lie from where HFC puts them, degrees, shape (n, 2)."""
    theirs = np.array([[float(r["ARC_CAR_LON"]), float(r["ARC_CAR_LAT"])] for r in rows])
    # HFC weighs by field strength: what all regions share is the convention, not the weight.
    off: Floats = (_middles(found) - theirs + 180) % 360 - 180
    return off


def test_active_regions_have_the_catalogue_s_pixels_and_few_vertices(samples: Path) -> None:
    found, rows = active_regions(samples, Options())
    npix = np.array([float(row["AR_NPIX"]) for row in rows])
    assert found.errors == [None] * len(rows)
    assert all(found.s_region)
    assert np.median(found.pixels / npix) == pytest.approx(1, abs=0.01)
    assert np.median(np.diff(found.starts)) <= 50


def test_hfc_took_the_earth_for_the_observer(samples: Path) -> None:
    earth = _off(*active_regions(samples, Options()))
    spacecraft = _off(*active_regions(samples, Options(observer="l1")))
    # The middle of limits differs from HFC's weighted centroid by up to a few degrees; the spread
    # over regions says which observer was meant.
    assert np.median(np.abs(earth), axis=0).max() < 0.5
    assert np.std(earth[:, 0]) < np.std(spacecraft[:, 0])


def test_the_observer_at_l1_moves_regions_by_up_to_a_degree(samples: Path) -> None:
    earth, rows = active_regions(samples, Options())
    spacecraft, _ = active_regions(samples, Options(observer="l1"))
    apart = np.hypot(*((_middles(spacecraft) - _middles(earth) + 180) % 360 - 180).T)
    print(
        f"L1 against Earth, {len(rows)} regions: {np.percentile(apart, [0, 50, 100]).round(3)} deg"
    )
    assert 0.05 < np.median(apart) < 1.5


def test_coronal_holes_keep_their_topology(samples: Path) -> None:
    found, rows = coronal_holes(samples)
    npix = np.array([float(row["CH_NPIX"]) for row in rows])
    assert found.errors == [None] * len(rows)
    assert all(found.s_region)
    assert np.median(found.pixels / npix) == pytest.approx(1, abs=0.01)
    assert np.median(np.diff(found.starts)) <= 50
