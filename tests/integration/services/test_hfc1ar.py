"""HFC1AR through a real DaCHS: its rows, its datalinks, its searches by place."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
import psycopg2
import pytest
import pyvo
import spherely
from astropy.table import Table
from pyvo.dal import DALQueryError
from pyvo.dal.adhoc import DatalinkResults

from epnkit.dachs.private import PrivateDachs
from tests.support.services import Acceptance, Served

ONE = "ar_20030101_000001_246_287"


@pytest.fixture(scope="module")
def served(hfc1ar: str, dachs: PrivateDachs, serving: str) -> Served:
    """Take the service that all modules share."""
    return Served("hfc1ar", dachs, serving)


class TestAcceptance(Acceptance):
    """As of every service."""


def ask(url: str, query: str) -> Table:
    return pyvo.dal.TAPService(url).run_sync(query, maxrec=100_000).to_table()


def test_every_region_of_the_replica_is_a_granule(hfc1ar: str) -> None:
    counts = ask(
        hfc1ar,
        "SELECT COUNT(*) AS granules, COUNT(s_region) AS footprints,"
        " COUNT(DISTINCT obs_id) AS images FROM hfc1ar.epn_core",
    )
    assert tuple(counts[0]) == (1200, 1200, 400)


def test_a_granule_says_what_its_record_says(hfc1ar: str) -> None:
    row = ask(hfc1ar, f"SELECT * FROM hfc1ar.epn_core WHERE granule_uid = '{ONE}'")[0]
    # 2003-01-01T00:00:01.123 and 30 s later; c / 676.8 nm.
    assert row["time_min"] == pytest.approx(2452640.5 + 1.123 / 86400, abs=1e-9)
    assert row["time_max"] == pytest.approx(2452640.5 + 31.123 / 86400, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(299792458 / 676.8e-9, rel=1e-9)
    assert row["dataproduct_type"] == "ci"
    assert row["target_name"] == "Sun"
    assert row["spatial_frame_type"] == "body"
    assert row["service_title"] == "hfc1ar"
    assert row["datalink_url"].endswith(f"/hfc1ar/q/dl/dlmeta?ID={ONE}")


def test_a_region_with_two_noaa_regions_is_one_granule(hfc1ar: str) -> None:
    found = ask(hfc1ar, "SELECT noaa_number FROM hfc1ar.epn_core WHERE noaa_number LIKE '%#%'")
    assert len(found) > 0
    for (numbers,) in found:
        first, second = numbers.split("#")
        assert int(first) < int(second)


def test_the_table_has_statistics_and_its_indices(hfc1ar: str, dachs: PrivateDachs) -> None:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stats WHERE schemaname = 'hfc1ar'")
        assert (cursor.fetchone() or (0,))[0] > 0
        cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'hfc1ar'")
        names = {name for (name,) in cursor.fetchall()}
    assert {"epn_core_pkey", "epn_core_time_min_time_max"} <= names
    assert any("s_region" in name for name in names)


def test_tap_users_see_neither_ledger_nor_book(hfc1ar: str) -> None:
    for table in ("epnkit.runs", "epnkit.quarantine", "epnkit.granules_hfc1ar"):
        with pytest.raises(DALQueryError):
            ask(hfc1ar, f"SELECT * FROM {table}")


def test_the_untrusted_role_cannot_read_the_books(hfc1ar: str, dachs: PrivateDachs) -> None:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SET ROLE untrusted")
        for table in ("epnkit.runs", "epnkit.granules_hfc1ar"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"SELECT * FROM {table}")


def test_datalink_leads_to_image_preview_and_paper(hfc1ar: str) -> None:
    url = ask(hfc1ar, f"SELECT datalink_url FROM hfc1ar.epn_core WHERE granule_uid = '{ONE}'")[0][0]
    links = list(DatalinkResults.from_result_url(url))
    found = {link["semantics"] for link in links}
    assert found >= {"#progenitor", "#preview", "#documentation"}
    (image,) = [link for link in links if link["semantics"] == "#progenitor"]
    path = "/static/replica/hfc1ar/2003/01/synthetic_20030101_000001.fits"
    assert image["access_url"] == hfc1ar.removesuffix("/tap") + path
    assert image["content_type"] == "application/fits"


@pytest.mark.parametrize("identifier", ["nothing", "' OR 1=1 --", "<script>", "%00", "é"])
def test_an_unknown_or_hostile_id_gets_a_fault_row(hfc1ar: str, identifier: str) -> None:
    base = hfc1ar.removesuffix("/tap")
    url = f"{base}/hfc1ar/q/dl/dlmeta?ID={quote(identifier)}"
    links = DatalinkResults.from_result_url(url)
    rows = list(links)
    assert len(rows) == 1
    assert "NotFoundFault" in rows[0]["error_message"]


def footprints(url: str) -> tuple[list[str], list[object]]:
    """Give all granules with their footprints as spherely's polygons."""
    found = ask(url, "SELECT granule_uid, s_region FROM hfc1ar.epn_core ORDER BY granule_uid")
    polygons = []
    for text in found["s_region"]:
        numbers = np.array(text.split()[2:], float).reshape(-1, 2)
        polygons.append(spherely.create_polygon([tuple(point) for point in numbers]))
    return list(found["granule_uid"]), polygons


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(30, 20), (120, -20), (0.1, 15), (359.9, -12), (200, 0), (50, 80)]
)
def test_contains_finds_what_spherely_finds(hfc1ar: str, longitude: float, latitude: float) -> None:
    uids, polygons = footprints(hfc1ar)
    point = spherely.create_point(longitude, latitude)
    expected = {
        u for u, p in zip(uids, polygons, strict=True) if bool(spherely.intersects(p, point))
    }
    found = ask(
        hfc1ar,
        "SELECT granule_uid FROM hfc1ar.epn_core WHERE"
        f" 1 = CONTAINS(POINT('UNKNOWN', {longitude}, {latitude}), s_region)",
    )
    assert set(found["granule_uid"]) == expected


BOXES = [
    [(25, 10), (35, 10), (35, 20), (25, 20)],
    [(355, -20), (5, -20), (5, -10), (355, -10)],
    [(358, 5), (2, 5), (2, 35), (358, 35)],
]


@pytest.mark.parametrize("corners", BOXES)
def test_intersects_finds_what_spherely_finds(
    hfc1ar: str, corners: list[tuple[float, float]]
) -> None:
    uids, polygons = footprints(hfc1ar)
    box = spherely.create_polygon(corners)
    expected = {u for u, p in zip(uids, polygons, strict=True) if spherely.intersects(p, box)}
    numbers = ", ".join(f"{x}, {y}" for x, y in corners)
    found = ask(
        hfc1ar,
        "SELECT granule_uid FROM hfc1ar.epn_core WHERE"
        f" 1 = INTERSECTS(POLYGON('UNKNOWN', {numbers}), s_region)",
    )
    assert expected
    assert set(found["granule_uid"]) == expected


def test_a_circle_across_the_meridian_finds_what_is_near(hfc1ar: str) -> None:
    uids, polygons = footprints(hfc1ar)
    center, radius = spherely.create_point(0.5, -18.0), 4.0
    expected = {
        u
        for u, p in zip(uids, polygons, strict=True)
        if np.degrees(spherely.distance(p, center, radius=1.0)) <= radius
    }
    found = ask(
        hfc1ar,
        "SELECT granule_uid FROM hfc1ar.epn_core WHERE"
        f" 1 = INTERSECTS(CIRCLE('UNKNOWN', 0.5, -18.0, {radius}), s_region)",
    )
    assert expected
    assert set(found["granule_uid"]) == expected


def test_a_search_by_place_uses_the_index(hfc1ar: str, dachs: PrivateDachs) -> None:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT * FROM hfc1ar.epn_core WHERE s_region ~ spoint '(30d, 20d)'")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "s_region" in plan
    assert "Index" in plan
