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

from epnkit.deploy.cluster import Cluster
from epnkit.regions import Flag, Footprints, Images, Options, footprints
from epnkit.regions.draw import SQUARE_DEGREES
from epnkit.regions.synthetic import random_contour, starts_on_disc

_SIZES = (3, 6, 12, 25, 60, 120)


@pytest.fixture(scope="module")
def pgsphere() -> Iterator[connection]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        opened = cluster.connect()
        opened.cursor().execute("CREATE EXTENSION pg_sphere")
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
    start += [[contour.x - size // 2, contour.y - size // 2]
              for contour, size in zip(made, sizes, strict=True)]  # fmt: skip
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
    _check(pgsphere, 15_000, 1)


@pytest.mark.all
def test_pgsphere_takes_a_hundred_thousand(pgsphere: connection) -> None:
    _check(pgsphere, 100_000, 2)


def test_pgsphere_takes_shapes_as_wide_as_it_can_hold(pgsphere: connection) -> None:
    widths = range(40, 1001, 5)
    codes = ["4" * (w - 1) + "6" * 999 + "0" * (w - 1) + "2" * 999 for w in widths]
    images = Images("2010-03-01T00:00:00", 2.0, 2.0, 512, 512, 480)
    found = footprints(codes, [12] * len(codes), [12] * len(codes), images)
    areas = _areas(pgsphere, found)
    told = np.array([c is not None or s is not None
                     for c, s in zip(found.coverage, found.s_region, strict=True)])  # fmt: skip
    assert told.all()
    drawn = np.isfinite(areas)
    assert drawn.sum() > len(codes) / 4
    assert np.allclose(areas[drawn], found.area_deg2[drawn], rtol=1e-4)


def test_the_check_would_notice_a_bad_polygon(pgsphere: connection) -> None:
    with pytest.raises(psycopg2.Error), pgsphere.cursor() as cursor:
        cursor.execute("SELECT '{(0d,0d),(10d,10d),(10d,0d),(0d,10d)}'::spoly")
