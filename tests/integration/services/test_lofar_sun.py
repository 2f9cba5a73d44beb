"""LOFAR through real FITS headers and DaCHS: its rows, its links, and the images of a time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.link_followers import read_files
from tests.support.services import Acceptance, Served

SERVICE = "lofar_sun"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_each_sub_band_is_a_granule_and_its_movie_another(served: Served) -> None:
    kinds = served.query(
        "SELECT dataproduct_type, COUNT(*) AS n FROM {table} GROUP BY dataproduct_type"
    )
    # Six sub-bands of three observations, one of a calibrator, one without an L-number.
    assert dict(kinds.iterrows()) == {"im": 8, "mo": 6, "ds": 40}
    assert served.count_refused() == ["images/L840002/SB060"]


def test_the_images_of_a_time_are_listed(served: Served) -> None:
    address = f"{served.base}/lofar_sun/q/files"
    whole = read_files(address, ID="L701913_SB058")
    assert [int(index) for index in whole["array_index"]] == list(range(240))
    part = read_files(address, ID="L701913_SB058", slice="32")
    assert list(part["file_name"]) == ["SB058-t0032-image.fits"]
    assert str(part["access_url"][0]).endswith("/images/L701913/SB058-t0032-image.fits")


def test_links_lead_to_files(served: Served) -> None:
    assert served.open_links("L701913_SB058") == ["#this", "#preview", "#preview"]
    assert served.open_links("L701913_SB058_movie") == ["#this", "#preview"]
    assert served.open_links("LOFAR_20220413_131000_LBA_OUTER") == [
        "#this",
        "#preview",
        "#auxiliary",
    ]


def test_what_other_services_have_of_the_same_hours_is_linked(served: Served) -> None:
    # What bass2000 and others hold of these hours depends on which of them stand here: this makes
    # one that does.
    with served.dachs.cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA goes; CREATE TABLE goes.epn_core AS TABLE lofar_sun.epn_core")
        cursor.execute(
            "GRANT USAGE ON SCHEMA goes TO PUBLIC; GRANT SELECT ON goes.epn_core TO PUBLIC"
        )
    try:
        found = [x for x in served.links("L860566_SB100") if "same hours" in x["description"]]
    finally:
        with served.dachs.cluster.connect() as connection, connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA goes CASCADE")
    assert {link["semantics"] for link in found} == {"#counterpart"}
    # Three sub-bands and their movies, at the same time; nothing of other days.
    assert len(found) == 6
    assert all("L860566_SB" in link["description"] for link in found)


@pytest.mark.parametrize(
    ("uid", "target"), [("L860566_SB060", "Sun"), ("L840001_SB060", "sky"), ("other_SB061", "sky")]
)
def test_only_what_points_to_the_sun_is_of_it(served: Served, uid: str, target: str) -> None:
    (row,) = served.query(
        "SELECT target_name, ra, dec, offset_x, subobserver_latitude_min FROM {table}"
        f" WHERE granule_uid = '{uid}'"
    )
    assert row["target_name"] == target
    assert row["ra"] > 0
    assert (row["offset_x"] is np.ma.masked) == (target == "sky")
    if target == "Sun":
        assert abs(row["offset_x"]) < 60
