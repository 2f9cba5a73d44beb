"""The index class for polygons: it answers as pgsphere's own does, wherever a polygon lies."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from psycopg2.extensions import connection

from epnkit.dachs.cluster import Cluster
from epnkit.dachs.pgsphere import create_pgsphere
from tests.support.index_class import build_library, write_script

#: Where a coordinate axis meets the sphere (degrees): what pgsphere's own keys take most care of.
AXIS_POINTS = [(0, 0), (90, 0), (180, 0), (270, 0), (0, 90), (0, -90)]

#: What polygons are searched by, as a condition on ``region``.
CONDITIONS = (
    "region && scircle '<({0}d,{1}d),{2}d>'",
    "region @> spoint '({0}d,{1}d)'",
    "region && sbox '(({0}d,{1}d),({3}d,{4}d))'",
    "region && spoly '{{({0}d,{1}d),({3}d,{1}d),({3}d,{4}d)}}'",
    "region @> spoly '{{({0}d,{1}d),({3}d,{1}d),({3}d,{4}d)}}'",
    "region <@ scircle '<({0}d,{1}d),{2}d>'",
)


@pytest.fixture(scope="module")
def database() -> Iterator[connection]:
    """Give a database with pgsphere and the index class, built from its sources."""
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        library = build_library(Path(directory) / "extension")
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        opened = cluster.connect(autocommit=False)
        create_pgsphere(opened)
        opened.autocommit = True
        with opened.cursor() as cursor:
            cursor.execute(write_script(library))
        yield opened
        opened.close()
        cluster.stop()


def polygons(count: int, seed: int) -> Iterator[str]:
    """Make star-shaped polygons of every size, a fifth of them around an axis point."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        centre = _centre(rng)
        yield _text(
            _star(rng, centre, 10 ** rng.uniform(-1.5, 1.9), int(rng.choice([3, 4, 7, 16])))
        )


def _centre(rng: np.random.Generator) -> NDArray[np.float64]:
    lon, lat = np.degrees([rng.uniform(0, 2 * np.pi), np.arcsin(rng.uniform(-1, 1))])
    if rng.random() < 0.2:
        lon, lat = AXIS_POINTS[rng.integers(6)]
    lon, lat = np.radians([lon, lat])
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _star(
    rng: np.random.Generator, centre: NDArray[np.float64], size: float, corners: int
) -> NDArray[np.float64]:
    """Give corners around a centre (degrees), at distances of up to a size."""
    side = np.cross(centre, [0.3, -0.5, 0.81])
    side /= np.linalg.norm(side)
    angles = (np.arange(corners) + rng.uniform(0, 0.6, corners)) * 2 * np.pi / corners
    radii = np.radians(rng.uniform(0.5, 1.0, corners) * min(size, 62.0))[:, None]
    around = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * np.cross(centre, side)
    x, y, z = (np.cos(radii) * centre + np.sin(radii) * around).T
    stacked = np.stack([np.arctan2(y, x) % (2 * np.pi), np.arcsin(np.clip(z, -1, 1))], -1)
    return np.asarray(np.degrees(stacked))


def _text(corners: NDArray[np.float64]) -> str:
    return "{" + ",".join(f"({lon:.7f}d,{lat:.7f}d)" for lon, lat in corners) + "}"


def searches(count: int, seed: int) -> Iterator[str]:
    """Make conditions, a third of them at an axis point or at its very edge."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        lon, lat = rng.uniform(0, 360), np.degrees(np.arcsin(rng.uniform(-1, 1)))
        if rng.random() < 0.33:
            lon, lat = AXIS_POINTS[rng.integers(6)]
            lat += rng.choice([0, 0, 1e-7, -1e-7]) * (abs(lat) < 90)
        size = 10 ** rng.uniform(-1, 1.3)
        far, high = (lon + size) % 360, min(lat + size, 90.0)
        if "spoly" in CONDITIONS[number % len(CONDITIONS)]:
            lat, high = np.clip([lat, high], [-89.5, -89.0], [88.5, 89.5])
        yield CONDITIONS[number % len(CONDITIONS)].format(lon, lat, size, far, high)


@pytest.mark.parametrize(
    ("count", "queries"),
    [
        pytest.param(8_000, 300),
        pytest.param(100_000, 400, marks=[pytest.mark.all, pytest.mark.timeout(3000)]),
    ],
)
def test_it_answers_as_the_default_class_does(
    database: connection, count: int, queries: int
) -> None:
    with database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS drawn; CREATE TABLE drawn (n serial, region spoly)")
        rows = io.StringIO("\n".join(polygons(count, 1)))
        cursor.copy_expert("COPY drawn (region) FROM STDIN", rows)
        answers = {}
        for name in ("epnkit_spoly", "spoly"):
            cursor.execute(f"CREATE INDEX tried ON drawn USING gist (region {name}); ANALYZE drawn")
            cursor.execute("SET enable_seqscan = off")
            answers[name] = [_ask(cursor, condition) for condition in searches(queries, 2)]
            cursor.execute("RESET enable_seqscan; DROP INDEX tried")
    assert answers["epnkit_spoly"] == answers["spoly"]
    assert sum(map(len, answers["spoly"])) > queries


def _ask(cursor: object, condition: str) -> list[int]:
    cursor.execute(f"EXPLAIN SELECT n FROM drawn WHERE {condition}")  # type: ignore[attr-defined]
    plan = "".join(row[0] for row in cursor.fetchall())  # type: ignore[attr-defined]
    assert "tried" in plan
    cursor.execute(f"SELECT n FROM drawn WHERE {condition} ORDER BY n")  # type: ignore[attr-defined]
    return [row[0] for row in cursor.fetchall()]  # type: ignore[attr-defined]


def test_a_table_that_is_written_to_keeps_a_right_index(database: connection) -> None:
    with database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS drawn; CREATE TABLE drawn (n serial, region spoly)")
        cursor.execute("CREATE INDEX tried ON drawn USING gist (region epnkit_spoly)")
        rows = io.StringIO("\n".join([*polygons(2_000, 3), r"\N"]))
        cursor.copy_expert("COPY drawn (region) FROM STDIN", rows)
        for condition in searches(60, 4):
            cursor.execute("SET enable_seqscan = off")
            by_index = _ask(cursor, condition)
            cursor.execute("SET enable_seqscan = on; SET enable_indexscan = off")
            cursor.execute("SET enable_bitmapscan = off")
            cursor.execute(f"SELECT n FROM drawn WHERE {condition} ORDER BY n")
            assert by_index == [row[0] for row in cursor.fetchall()]
            cursor.execute("RESET ALL")
