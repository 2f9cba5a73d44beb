"""Electric currents through real FITS files and DaCHS: their rows, places and links."""

from __future__ import annotations

from io import BytesIO

import requests
from astropy.io import fits

from epnkit.dachs.private import PrivateDachs
from tests.support.commands import show_package
from tests.support.services import Acceptance, Served

SERVICE = "medoc_currents"

SHOWN = "hmi.sharp_cea_720s.377.20110215_040000_TAI.jr"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_map_is_a_granule_or_refused(served: Served) -> None:
    kinds = served.query("SELECT granule_gid, COUNT(*) AS n FROM {table} GROUP BY granule_gid")
    # 260 hours of four patches, and eight odd ones.
    assert dict(kinds.iterrows()) == {
        "radial current density": 4 * 260 + 7,
        "radial current density, near real time": 1,
    }
    assert [key.split(".")[2] for key in served.count_refused()] == ["1508", "1509", "1510", "1511"]


def test_a_region_of_noaa_leads_to_its_maps(served: Served) -> None:
    query = (
        "SELECT harp_number, MIN(t_rec) AS earliest, COUNT(*) AS n FROM {table}"
        " WHERE 1=ivo_hashlist_has(noaa_number, '11169') GROUP BY harp_number"
    )
    assert [tuple(row) for row in served.query(query).iterrows()] == [
        (401, "2011.03.08_00:00:00.000_TAI", 260)
    ]


def test_places_are_found_on_both_sides_of_the_meridian(served: Served) -> None:
    query = (
        "SELECT granule_uid FROM {table} WHERE 1=CONTAINS(POINT('', %s, 12), s_region)"
        " AND harp_number = 1500"
    )
    for longitude in (-5, 359, 0.5, 5):
        assert len(served.query(query % (longitude % 360))) == 1
    assert len(served.query(query % 180)) == 0


def test_a_compressed_map_is_read_as_the_others(served: Served) -> None:
    query = (
        "SELECT time_min, time_max, c1min, c1max, c2min, c2max, noaa_number, current_density_max"
        " FROM {table} WHERE harp_number IN (1505, 1507) ORDER BY harp_number"
    )
    plain, compressed = (tuple(row) for row in served.query(query))
    assert plain == compressed
    assert plain[-2:] == ("11490", 0.21)


def test_links_lead_to_the_map_its_picture_and_the_magnetogram(served: Served) -> None:
    assert served.open_links(SHOWN) == ["#this", "#preview"]
    urls = {str(each["semantics"]): str(each["access_url"]) for each in served.links(SHOWN)}
    with fits.open(BytesIO(requests.get(urls["#counterpart"], timeout=60).content)) as found:
        assert found[0].header["BUNIT"] == "Mx/cm^2"
    assert urls["#progenitor"].startswith("http://jsoc.stanford.edu/")
    # An hour later there is neither picture nor magnetogram.
    assert served.open_links(SHOWN.replace("_04", "_05")) == ["#this"]


def test_its_maps_are_packages_for_regards(served: Served, dachs: PrivateDachs) -> None:
    described = show_package(dachs, SERVICE)
    assert described["harpnum"] == 11465
    assert described["noaa_ars"] == "13733"
    assert described["t_rec"] == "2024.06.27_00:00:00.000_TAI"
