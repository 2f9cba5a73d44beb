"""ChroTel, LARS and BBI through real RESTHeart and GridFS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from tests.support.services import Acceptance, Served, bring_up_service

pytest_plugins = ["tests.support.servers"]

#: What became of the records of each: granules, and those in quarantine.
EXPECTED = {
    "chrotel": (
        1022,
        [
            "ChroTel 2016",
            "chroTel_20160304_090000_ha",
            "chroTel_20160304_090300_ha",
            "chroTel_20160305_090600_ha",
        ],
    ),
    "lars": (
        1002,
        ["lars_20190506_901", "lars_20190506_902", "lars_20190506_903", "lars_20190508_906"],
    ),
    "bbi": (1003, [f"bbi_20180607_{number}" for number in (901, 902, 903, 907)]),
}


@pytest.fixture(scope="module", params=EXPECTED)
def served(
    request: pytest.FixtureRequest,
    dachs: PrivateDachs,
    serving: str,
    mongo: Server,
    restheart: Server,
) -> Iterator[Served]:
    observatory = (mongo.url, restheart.url)
    with bring_up_service(dachs, serving, request.param, observatory=observatory) as up:
        yield up


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_observation_is_a_granule_or_refused(served: Served) -> None:
    count, refused = EXPECTED[served.name]
    assert served.count_granules() == count
    assert served.count_refused() == sorted(refused)


def test_an_embargo_is_announced_alone(served: Served) -> None:
    closed = served.query(
        "SELECT granule_uid, access_url, thumbnail_url, file_name FROM {table}"
        " WHERE release_date > '2090-01-01'"
    )
    assert len(closed) > 5
    assert {str(row[name]) for row in closed for name in closed.colnames[1:]} == {""}
    kinds = {link["semantics"] for link in served.links(closed["granule_uid"][0])}
    assert kinds <= {"#auxiliary", "#documentation", "#counterpart"}


def test_fields_lie_on_the_sphere(served: Served) -> None:
    if served.name == "chrotel":
        query = "SELECT MIN(subobserver_latitude_min) AS a, MAX(subobserver_latitude_max) AS b"
        row = served.query(f"{query} FROM {{table}}")[0]
        assert -7.26 < row["a"] < row["b"] < 7.26
        return
    found = served.query(
        "SELECT COUNT(*) AS n FROM {table} WHERE 1 = CONTAINS(POINT('UNKNOWN', c1min, c2min),"
        " CIRCLE('UNKNOWN', c1max, c2max, 40))"
    )
    assert found["n"][0] > 900
