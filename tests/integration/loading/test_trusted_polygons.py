"""Proven polygons as bytes: the same as pgsphere reads, nothing unproven, nobody else's way in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection

from epnkit.dachs.cluster import Cluster
from epnkit.dachs.pgsphere import create_pgsphere
from epnkit.dachs.private import PrivateDachs
from epnkit.loading.request import Request
from epnkit.loading.table.validated_polygons import SAMPLES, install_polygon_functions
from epnkit.regions.geometry.binary import polygon_bytes
from tests.integration.regions.test_index_class import polygons
from tests.support.parsed_polygons import parse_polygons


@pytest.fixture(scope="module")
def database() -> Iterator[connection]:
    """Give a database with pgsphere and the functions, as its superuser."""
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        opened = cluster.connect(autocommit=False)
        create_pgsphere(opened)
        opened.autocommit = True
        with opened.cursor() as cursor:
            cursor.execute("CREATE ROLE gavoadmin; CREATE ROLE untrusted")
        install_polygon_functions(opened)
        install_polygon_functions(opened)  # once more changes nothing
        yield opened
        opened.close()
        cluster.stop()


def test_bytes_are_those_that_pgsphere_makes_of_the_text(database: connection) -> None:
    texts = [*SAMPLES, *polygons(3000, 11)]
    written = polygon_bytes(pl.Series(texts))
    assert written.null_count() == 0
    with database.cursor() as cursor:
        for text, content in zip(texts, written, strict=True):
            cursor.execute(
                "SELECT epnkit.spoly_bytes(%s::spoly) = %s,"
                " epnkit.spoly_trusted('', %s) = %s::spoly",
                (text, content, content, text),
            )
            assert cursor.fetchone() == (True, True), text


#: Numbers where geometry breaks: the poles, the meridian, what is nearly zero.
LON = st.one_of(
    st.floats(0, 360), st.sampled_from([0.0, 90.0, 180.0, 270.0, 360.0, 1e-9, 359.9999999])
)
LAT = st.one_of(st.floats(-90, 90), st.sampled_from([0.0, 90.0, -90.0, 89.9999999, 1e-9]))
RING = st.lists(st.tuples(LON, LAT), min_size=1, max_size=12)


@settings(max_examples=400)
@given(RING, st.integers(0, 3))
def test_nothing_unproven_is_trusted(
    database: connection, ring: list[tuple[float, float]], repeated: int
) -> None:
    ring += ring[:repeated]
    text = "{" + ",".join(f"({lon:.7f}d,{lat:.7f}d)" for lon, lat in ring) + "}"
    (written,) = polygon_bytes(pl.Series([text]))
    if written is None:
        return
    with database.cursor() as cursor:  # pgsphere itself takes it, and holds the same
        cursor.execute("SELECT epnkit.spoly_bytes(%s::spoly) = %s", (text, written))
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{}",
        "{(1d,2d)}",
        "{(1.0d,2.0d),(3.0d,4.0d)}",
        "Polygon ICRS 1 2 3 4 5 6",
        "{(nand,2.0d),(3.0d,4.0d),(5.0d,1.0d)}",
        "{(1.0d,2.0d),(3.0d,4.0d),(5.0d,1.0d)}; DROP TABLE x",
        "{(1.0d,2.0d),(3.0d,4.0d),(5.0d,1.0d)",
        "{(1.0d,2.0d),(3.0d,95.0d),(5.0d,1.0d)}",
        "{(-1.0d,2.0d),(3.0d,4.0d),(5.0d,1.0d)}",
        "{(1.0,2.0),(3.0,4.0),(5.0,1.0)}",
        # a bow tie, a spike, a line, half of the sphere
        "{(0.5d,0.5d),(1.5d,1.5d),(1.5d,0.5d),(0.5d,1.5d)}",
        "{(1.0d,1.0d),(2.0d,1.0d),(3.0d,1.0d),(2.0d,1.0d)}",
        "{(10.0d,10.0d),(20.0d,10.0d),(10.0d,10.0d)}",
        "{(1.0d,1.0d),(121.0d,1.0d),(241.0d,1.0d)}",
    ],
)
def test_what_is_no_proven_polygon_stays_text(text: str | None) -> None:
    assert polygon_bytes(pl.Series([text], dtype=pl.String)).to_list() == [None]


def test_a_loaded_table_passes_the_check_that_a_restore_makes(
    dachs: PrivateDachs, hfc1ar: str
) -> None:
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), bool_and(s_region::text::spoly = s_region) FROM hfc1ar.epn_core"
            " WHERE s_region IS NOT NULL"
        )
        count, same = cursor.fetchone() or (0, None)
    assert count > 1000
    assert same


def test_others_than_the_loader_cannot_call_the_functions(dachs: PrivateDachs, hfc1ar: str) -> None:
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        for role in ("untrusted", "gavo"):
            cursor.execute(f"SET ROLE {role}")
            for call in _CALLS:
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(f"SELECT epnkit.{call}")
            cursor.execute("RESET ROLE")


#: With values: of a strict function and a NULL nobody's rights are asked for.
_CALLS = (r"spoly_trusted('', '\\x00000000')", "spoly_bytes(spoly '{(1d,2d),(3d,4d),(5d,1d)}')")


def test_without_the_functions_a_load_says_so_and_loads_the_same(
    dachs: PrivateDachs, hfc1ar: str
) -> None:
    query = "SELECT granule_uid, s_region::text FROM hfc1ar.epn_core ORDER BY 1"
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(query)
        before = cursor.fetchall()
        cursor.execute("UPDATE epnkit.granules_hfc1ar SET epnkit_content = gen_random_uuid()")
        with parse_polygons(dachs):
            said = dachs.run("imp", "hfc1ar/q", environment=Request(full=True).to_environment())
        # An import forgets what the table covers, and the server may not have read it yet.
        dachs.run("limits", "hfc1ar/q")
        cursor.execute(query)
        assert cursor.fetchall() == before
    assert "checked again by pgsphere" in said.stdout + said.stderr
