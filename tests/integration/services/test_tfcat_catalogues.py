"""TFCat catalogues through a real DaCHS: a granule a feature, and each as a valid document."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import requests
from astropy import units as u

from epnkit.epncore.ucd import find_fault
from epnkit.streaming.declare import Events
from epnkit.streaming.index import EpnIndex
from epnkit.streaming.installed import make_connector
from epnkit.streaming.listings import EventsFeed
from tests.support.granules import load_resource
from tests.support.services import Acceptance, Served
from tests.support.streams import ask, read_csv, serve

SERVICE = "tfcat_catalogues"

#: The reference validator, of Debian's package starlink-tfcat-java.
JUDGE = Path("/usr/share/java/starlink-tfcat.jar")

#: A feature of each catalogue: in TT, with quotes and per cents, of several parts, of a draft, and
#: of wavelengths.
FEATURES = (
    "nancay-jupiter_dam_1978_obs-0",
    "nancay-jupiter_dam_2000_dam-000",
    "wind-type_iii_2000_1",
    "wind-type_iii_2000_2",
    "cassini-faraday_rotation_2006_0",
    "earth-akr_akr1",
)


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_feature_and_catalogue_is_a_granule_or_refused(served: Served) -> None:
    counts = served.query(
        "SELECT granule_gid, dataproduct_type, COUNT(*) AS n FROM {table}"
        " GROUP BY granule_gid, dataproduct_type ORDER BY granule_gid"
    )
    assert [tuple(map(str, row)) for row in counts] == [
        ("cassini_faraday_rotation", "ev#ci", "300"),
        ("catalogue", "ca#ci", "5"),
        ("earth_akr", "ev#ci", "60"),
        ("jupiter_decametric", "ev#ci", "401"),
        ("wind_type_iii", "ev#ci", "350"),
    ]
    assert served.count_refused() == [
        "cassini/faraday_rotation_2007.tfcat|",
        "cassini/faraday_rotation_2008.tfcat|",
        "cassini/faraday_rotation_2009.tfcat|",
        "cassini/faraday_rotation_2009.tfcat|1",
        "earth/akr.tfcat|milliseconds",
        "earth/akr.tfcat|open_ring",
        "earth/akr.tfcat|text",
        "earth/akr.tfcat|undescribed",
        "unknown.tfcat|",
        "unknown.tfcat|1",
    ]


def fetch_document(served: Served, uid: str) -> requests.Response:
    (link,) = [each for each in served.links(uid) if each["semantics"] == "#this"]
    answer = requests.get(link["access_url"], timeout=30)
    assert answer.headers["Content-Type"] == link["content_type"] == "application/x-tfcat+json"
    return answer


@pytest.mark.parametrize("uid", FEATURES)
def test_a_feature_is_a_valid_document(served: Served, uid: str, tmp_path: Path) -> None:
    path = tmp_path / "feature.tfcat"
    path.write_bytes(fetch_document(served, uid).content)
    done = subprocess.run(
        ["java", "-jar", JUDGE, path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    document = json.loads(path.read_bytes())
    assert len(document["features"]) == 1
    axis = document["crs"]["properties"]["spectral_coords"]
    assert u.Unit(axis["unit"]).is_equivalent(u.Hz, equivalencies=u.spectral())
    assert document["crs"]["properties"]["ref_position_id"]
    for described in document["fields"].values():
        assert find_fault(described["ucd"]) == ""
        u.Unit(described.get("unit", ""))


def test_texts_come_back_as_the_catalogue_has_them(served: Served) -> None:
    document = fetch_document(served, "nancay-jupiter_dam_2000_dam-000").json()
    assert document["features"][0]["properties"]["note"] == 'it\'s "Io-B" — see a%22b'
    assert document["properties"]["title"] == "Émissions décamétriques de Jupiter"


def test_links_lead_to_the_catalogue(served: Served) -> None:
    assert sorted(served.open_links("wind-type_iii_2000_1")) == ["#progenitor", "#this"]
    assert served.open_links("wind-type_iii_2000_catalogue") == ["#this"]
    query = "SELECT access_url, catalogue_url FROM {table} WHERE granule_uid = "
    (row,) = served.query(query + "'wind-type_iii_2000_catalogue'")
    assert row["access_url"] == row["catalogue_url"]
    catalogue = requests.get(row["access_url"], timeout=30).json()
    assert len(catalogue["features"]) == 350


def test_a_catalogue_is_no_feature(served: Served) -> None:
    url = f"{served.base}/{SERVICE}/q/feature/dlget?ID=wind-type_iii_2000_catalogue"
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 422
    assert "it is a catalogue" in answer.text


def test_the_features_of_a_catalogue_are_a_stream_of_events(served: Served) -> None:
    index = EpnIndex(make_connector(served.dachs.settings))
    streams = [each for each in load_resource(SERVICE).streams if isinstance(each, Events)]
    feeds = {each.dataset: EventsFeed(SERVICE, each, index) for each in streams}
    known = served.query(
        "SELECT granule_uid, spectral_range_min, spectral_range_max FROM {table}"
        " WHERE granule_gid = 'wind_type_iii'"
    )
    with serve(feeds) as base:
        info = ask(base, "hapi/info", dataset="tfcat_wind_type_iii").json()
        span = {"start": info["startDate"], "stop": info["stopDate"]}
        text = ask(base, "hapi/data", dataset="tfcat_wind_type_iii", **span).text
    rows = {row[5]: (row[2], row[3]) for row in read_csv(text, info)}
    assert rows == {str(uid): (low, high) for uid, low, high in known}
    assert len(rows) == 350
