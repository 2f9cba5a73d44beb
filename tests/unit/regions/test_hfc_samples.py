"""Real contours of HFC: SMART's active regions, CHARM's coronal holes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from epnkit.regions import Footprints, Images, Options, footprints
from epnkit.regions._compile import Floats

pytestmark = pytest.mark.shared


def _read(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 20)
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def _smart(samples: Path, options: Options) -> tuple[Footprints, list[dict[str, str]]]:
    """Draw SMART's active regions, in the images in which they were found."""
    rows = _read(samples / "hfc1ar" / "20050402_test_ar_results.csv")
    listed = _read(samples / "hfc1ar" / "20050402_test_ar_observation.csv")
    image = {row["#ID"]: row for row in listed}
    of = [image[row["MDI_FILE"]] for row in rows]
    keys = ("CDELT1", "CDELT2", "CENTER_X", "CENTER_Y", "R_SUN")
    images = Images(
        [row["OBS_DATE"] for row in rows], *(np.array([o[key] for o in of]) for key in keys)
    )
    codes = [row["CHAIN_CODE"] for row in rows]
    x, y = (np.array([float(row[key]) for row in rows]) for key in ("CC_PIX_X", "CC_PIX_Y"))
    return footprints(codes, x, y, images, options), rows


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
    found, rows = _smart(samples, Options())
    npix = np.array([float(row["AR_NPIX"]) for row in rows])
    assert found.errors == [None] * len(rows)
    assert all(found.s_region)
    assert np.median(found.pixels / npix) == pytest.approx(1, abs=0.01)
    assert np.median(np.diff(found.starts)) <= 50


def test_hfc_took_the_earth_for_the_observer(samples: Path) -> None:
    earth = _off(*_smart(samples, Options()))
    spacecraft = _off(*_smart(samples, Options(observer="l1")))
    # The middle of limits differs from HFC's weighted centroid by up to a few degrees; the spread
    # over regions says which observer was meant.
    assert np.median(np.abs(earth), axis=0).max() < 0.5
    assert np.std(earth[:, 0]) < np.std(spacecraft[:, 0])


def test_the_observer_at_l1_moves_regions_by_up_to_a_degree(samples: Path) -> None:
    earth, rows = _smart(samples, Options())
    spacecraft, _ = _smart(samples, Options(observer="l1"))
    apart = np.hypot(*((_middles(spacecraft) - _middles(earth) + 180) % 360 - 180).T)
    print(
        f"L1 against Earth, {len(rows)} regions: {np.percentile(apart, [0, 50, 100]).round(3)} deg"
    )
    assert 0.05 < np.median(apart) < 1.5


def test_coronal_holes_keep_their_topology(samples: Path) -> None:
    rows = _read(samples / "hfc1ch" / "ch_results.csv")
    starts = np.array([row["CC_PIX_XY"].split(",") for row in rows], dtype=float)
    # CHARM's pixels are of a Lambert map: any image that holds them shows their topology.
    images = Images("2009-01-01T00:00:08.531", 0.8, 0.8, 600.0, 300.0, 1200.0)
    found = footprints([row["CHAIN_CODE"] for row in rows], starts[:, 0], starts[:, 1], images)
    npix = np.array([float(row["CH_NPIX"]) for row in rows])
    assert found.errors == [None] * len(rows)
    assert all(found.s_region)
    assert np.median(found.pixels / npix) == pytest.approx(1, abs=0.01)
    assert np.median(np.diff(found.starts)) <= 50
