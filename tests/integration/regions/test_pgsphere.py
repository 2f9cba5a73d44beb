"""Whether pgsphere itself takes what is drawn, and finds the same area."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg2
import pytest
from psycopg2.extensions import connection

from epnkit.dachs.cluster import Cluster
from epnkit.dachs.pgsphere import create_pgsphere
from epnkit.regions import Flag, Footprints, Images, Options, boxes, circles, fields, footprints
from epnkit.regions.geometry.sphere import SQUARE_DEGREES
from epnkit.regions.synthetic import random_contour, starts_on_disc
from tests.support.hfc_samples import active_regions, coronal_holes

_SIZES = (3, 6, 12, 25, 60, 120)


@pytest.fixture(scope="module")
def pgsphere() -> Iterator[connection]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        opened = cluster.connect(autocommit=False)
        create_pgsphere(opened)
        opened.autocommit = True
        yield opened
        opened.close()
        cluster.stop()


def _areas(database: connection, found: Footprints) -> np.ndarray:  # type: ignore[type-arg]
    """Copy all polygons into a column of spoly; give their areas as pgsphere has them."""
    rows = [f"{k}\t{text}\n" for k, text in enumerate(found.s_region) if text]
    areas = np.full(len(found.s_region), np.nan)
    with database.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS drawn; CREATE TEMP TABLE drawn (row integer, region spoly)"
        )
        cursor.copy_expert("COPY drawn FROM STDIN", io.StringIO("".join(rows)))
        cursor.execute("SELECT row, area(region) FROM drawn")
        for row, area in cursor.fetchall():
            areas[row] = area * SQUARE_DEGREES
        cursor.execute("DROP TABLE drawn")
    return areas


def _contours(count: int, seed: int) -> tuple[list[str], np.ndarray, Images]:  # type: ignore[type-arg]
    """Make contours of every kind and size, a third of them at the limb, at all dates."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice(_SIZES, count, p=[0.1, 0.15, 0.2, 0.25, 0.2, 0.1])
    made = [random_contour(rng, int(size)) for size in sizes]
    start = 512 + starts_on_disc(rng, count, 480, 0.3)
    start += [
        [contour.x - size // 2, contour.y - size // 2]
        for contour, size in zip(made, sizes, strict=True)
    ]
    seconds = (rng.random(count) * 34 * 365.25 * 86400).astype("timedelta64[s]")
    dates = np.datetime64("1996-01-01T00:00:00") + seconds
    return [contour.code for contour in made], start, Images(dates, 2.0, 2.0, 512.0, 512.3, 480.0)


def _check(database: connection, count: int, seed: int) -> None:
    codes, start, images = _contours(count, seed)
    found = footprints(codes, start[:, 0], start[:, 1], images)
    assert found.errors == [None] * count
    off = found.flags & Flag.OFF_LIMB > 0
    wide = found.flags & Flag.NO_POLYGON > 0
    drawn = np.array([text is not None for text in found.s_region])
    assert (drawn ^ off ^ wide).all()
    assert wide.sum() <= 0.005 * (~off).sum()
    theirs = _areas(database, found)[drawn]
    # pgsphere's formula loses slivers of a millionth of a square degree.
    assert np.allclose(theirs, found.area_deg2[drawn], rtol=1e-4, atol=1e-5)
    _check_area(codes, start, images, found)


def _check_area(codes: list[str], start: np.ndarray, images: Images, found: Footprints) -> None:  # type: ignore[type-arg]
    """Compare with the area of the pixels themselves, every corner kept."""
    every = footprints(codes, start[:, 0], start[:, 1], images, Options(tolerance=0))
    large = (found.pixels >= 100) & np.isfinite(found.area_deg2 + every.area_deg2)
    error = np.abs(found.area_deg2 / every.area_deg2 - 1)[large]
    assert np.median(error) < 1e-3
    assert np.quantile(error, 0.99) < 0.02


def test_pgsphere_takes_every_polygon_and_agrees_on_its_area(pgsphere: connection) -> None:
    _check(pgsphere, 5000, 1)


@pytest.mark.all
def test_pgsphere_takes_a_hundred_thousand(pgsphere: connection) -> None:
    _check(pgsphere, 100_000, 2)


def test_pgsphere_takes_shapes_as_wide_as_it_can_hold(pgsphere: connection) -> None:
    widths = range(40, 1001, 5)
    codes = ["4" * (w - 1) + "6" * 999 + "0" * (w - 1) + "2" * 999 for w in widths]
    images = Images("2010-03-01T00:00:00", 2.0, 2.0, 512, 512, 480)
    found = footprints(codes, [12] * len(codes), [12] * len(codes), images)
    areas = _areas(pgsphere, found)
    told = np.array(
        [
            c is not None or s is not None
            for c, s in zip(found.coverage, found.s_region, strict=True)
        ]
    )
    assert told.all()
    drawn = np.isfinite(areas)
    assert drawn.sum() > len(codes) / 4
    assert np.allclose(areas[drawn], found.area_deg2[drawn], rtol=1e-4)


def test_the_check_would_notice_a_bad_polygon(pgsphere: connection) -> None:
    with pytest.raises(psycopg2.Error), pgsphere.cursor() as cursor:
        cursor.execute("SELECT '{(0d,0d),(10d,10d),(10d,0d),(0d,10d)}'::spoly")


def test_pgsphere_takes_circles_and_boxes_of_all_sizes(pgsphere: connection) -> None:
    rng = np.random.default_rng(4)
    count = 2000
    lon, lat = rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    round_ = circles(lon, lat, 10 ** rng.uniform(-3, 1.95, count))
    south = rng.uniform(-90, 80, count)
    west, wide = rng.uniform(0, 360, count), 10 ** rng.uniform(-2, 2.5, count)
    flat = boxes(west, (west + wide) % 360, south, np.minimum(90, south + wide / 2))
    for found in (round_, flat):
        assert found.errors == [None] * count
        drawn = np.array([text is not None for text in found.s_region])
        assert drawn.mean() > 0.9
        assert (drawn | (found.flags == Flag.NO_POLYGON)).all()
        theirs = _areas(pgsphere, found)[drawn]
        assert np.allclose(theirs, found.area_deg2[drawn], rtol=0.01, atol=1e-5)


def _pointings(count: int) -> list[dict[str, float | int | str]]:
    """Make headers of images that look all over the Sun and beside it, of all sizes, turned."""
    rng = np.random.default_rng(5)
    turn = rng.uniform(0, 2 * np.pi, count)
    center = rng.uniform(-1100, 1100, (count, 2))
    return [
        {
            "NAXIS": 2,
            "NAXIS1": 100,
            "NAXIS2": 60,
            "CTYPE1": "HPLN-TAN",
            "CTYPE2": "HPLT-TAN",
            "CUNIT1": "arcsec",
            "CUNIT2": "arcsec",
            "CRPIX1": 50.5,
            "CRPIX2": 30.5,
            "CRVAL1": x,
            "CRVAL2": y,
            "CDELT1": step,
            "CDELT2": step,
            "PC1_1": np.cos(a),
            "PC1_2": -np.sin(a),
            "PC2_1": np.sin(a),
            "PC2_2": np.cos(a),
            "DSUN_OBS": 1.5e11,
            "CRLN_OBS": 360 * a / 7,
            "CRLT_OBS": 7 * np.sin(3 * a),
        }
        for (x, y), a, step in zip(center, turn, 10 ** rng.uniform(-2, 2, count), strict=True)
    ]


def test_pgsphere_takes_fields_of_view(pgsphere: connection) -> None:
    found = fields(_pointings(1000))
    assert found.errors == [None] * 1000
    off = found.flags & Flag.OFF_LIMB > 0
    drawn = np.array([text is not None for text in found.s_region])
    wide = found.flags & Flag.NO_POLYGON > 0
    assert (drawn ^ off ^ wide).all()
    assert drawn.sum() > 500
    assert all(found.coverage[row] for row in np.flatnonzero(wide))
    theirs = _areas(pgsphere, found)[drawn]
    assert np.allclose(theirs, found.area_deg2[drawn], rtol=1e-4, atol=1e-5)


def test_pgsphere_finds_what_lies_in_the_visible_hemisphere(pgsphere: connection) -> None:
    header = {
        **_pointings(1)[0],
        "CRVAL1": 0,
        "CRVAL2": 0,
        "CDELT1": 100,
        "CDELT2": 100,
        "CRLN_OBS": 40,
        "CRLT_OBS": 7,
    }
    region = fields([header]).s_region[0]
    with pgsphere.cursor() as cursor:
        cursor.execute(
            "SELECT lon FROM generate_series(0, 359) AS lon"
            " WHERE spoint(radians(lon), 0) <@ %s::spoly",
            (region,),
        )
        inside = {row[0] for row in cursor.fetchall()}
    assert inside == {lon % 360 for lon in range(40 - 89, 40 + 90)}


@pytest.mark.parametrize("seed", [6, 8, 9])
def test_pgsphere_takes_rows_of_several_contours(pgsphere: connection, seed: int) -> None:
    codes, start, images = _contours(3000, seed)
    # Each three in a row share the first's image; their parts lie up to a third of the disc apart.
    first = start[0::3] + np.zeros((1, 2), dtype=np.int64)
    near = [first, first + (start[1::3] - 512) // 3, first + (start[2::3] - 512) // 9]
    joint = ["B".join(codes[k : k + 3]) for k in range(0, 3000, 3)]
    x, y = (
        np.array(["B".join(str(at[axis]) for at in row) for row in zip(*near, strict=True)])
        for axis in (0, 1)
    )
    dated = Images(np.asarray(images.date_obs)[0::3], 2.0, 2.0, 512.0, 512.3, 480.0)
    found = footprints(joint, x, y, dated, Options(separator="B"))
    assert found.errors == [None] * 1000
    off = found.flags & Flag.OFF_LIMB > 0
    drawn = np.array([text is not None for text in found.s_region])
    assert (drawn ^ off ^ (found.flags & Flag.NO_POLYGON > 0)).all()
    assert drawn.sum() > 800
    theirs = _areas(pgsphere, found)[drawn]
    assert np.allclose(theirs, found.area_deg2[drawn], rtol=1e-3, atol=1e-5)


@pytest.mark.shared
def test_pgsphere_takes_every_real_contour(pgsphere: connection, samples: Path) -> None:
    regions = active_regions(samples, Options())[0]
    holes = coronal_holes(samples)[0]
    assert (len(regions.s_region), len(holes.s_region)) == (40, 600)
    for found in (regions, holes):
        assert all(found.s_region)
        theirs = _areas(pgsphere, found)
        assert np.allclose(theirs, found.area_deg2, rtol=1e-4, atol=1e-5)
