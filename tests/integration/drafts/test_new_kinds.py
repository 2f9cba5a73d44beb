"""``epnkit new`` on each kind of server: what it writes passes a real DaCHS untouched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymongo
import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch, helpers
from scripts.servers.processes import Server

from epnkit.cli.new import command
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from tests.support.services import Served

pytest_plugins = ["tests.support.servers"]

COUNT = 60


def document(number: int) -> dict[str, Any]:
    """Make a document of an archive that epnkit has no service for."""
    return {
        "file": f"hill_{number:04}.fits",
        "start_time": f"2023-07-{1 + number // 24:02}T{number % 24:02}:00:00",
        "end_time": f"2023-07-{1 + number // 24:02}T{number % 24:02}:30:00",
        "target": "Jupiter",
        "observatory": "Hill Observatory",
        "instrument": "Receiver",
        "frequency": {"min_mhz": 10.0, "max_mhz": 40.0},
        "url": f"https://data.example.org/hill_{number:04}.fits",
    }


@pytest.fixture
def known(dachs: PrivateDachs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAVOSETTINGS", str(dachs.settings))
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(dachs.root / "credentials"))


def draft_service(dachs: PrivateDachs, base: str, into: Path, name: str, *words: str) -> Served:
    """Draft a service, import it, and let it test itself."""
    done = CliRunner().invoke(command, [name, "--into", str(into), *words])
    assert done.exit_code == 0, (done.output, done.exception)
    rd = inputs.install(dachs, into / name)
    dachs.run("imp", rd)
    said = dachs.run("val", rd)
    assert "-- OK" in said.stdout, said
    served = Served(name, dachs, base)
    served.check_itself()
    return served


def compare(served: Served) -> None:
    """Compare a granule with its document."""
    assert served.count_granules() == COUNT
    row = served.query("SELECT * FROM {table} WHERE granule_uid = 'hill_0025'")[0]
    assert row["time_min"] == pytest.approx(2460127.5 + 1 / 24, abs=1e-9)
    assert row["time_max"] == pytest.approx(2460127.5 + 1.5 / 24, abs=1e-9)
    assert (row["target_name"], row["target_class"]) == ("Jupiter", "planet")
    assert row["spectral_range_min"] == pytest.approx(1e7)
    assert row["spectral_range_max"] == pytest.approx(4e7)
    assert row["instrument_name"] == "Receiver"
    links = {link["semantics"]: link["access_url"] for link in served.links("hill_0025")}
    assert links["#this"] == "https://data.example.org/hill_0025.fits"


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("search_server", ["es8"], indirect=True, scope="session")
def test_elasticsearch(
    dachs: PrivateDachs, serving: str, search_server: Server, tmp_path: Path
) -> None:
    with Elasticsearch(search_server.url) as client:
        client.indices.delete(index="hill", ignore_unavailable=True)
        helpers.bulk(client, ({"_index": "hill", **document(n)} for n in range(COUNT)))
        client.indices.refresh(index="hill")
    words = ("--from", f"{search_server.url}/hill", "--kind", "elasticsearch")
    compare(draft_service(dachs, serving, tmp_path, "hill_es", *words))


@pytest.fixture
def collection(mongo: Server) -> str:
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongo.url)
    client.drop_database("archive")
    client["archive"]["hill"].insert_many([document(n) for n in range(COUNT)])
    client.close()
    return "archive/hill"


@pytest.mark.usefixtures("known", "collection")
def test_restheart(dachs: PrivateDachs, serving: str, restheart: Server, tmp_path: Path) -> None:
    words = ("--from", f"http://127.0.0.1:{restheart.port}/archive/hill", "--kind", "restheart")
    compare(draft_service(dachs, serving, tmp_path, "hill_rest", *words))


@pytest.mark.usefixtures("known", "collection")
def test_mongodb(dachs: PrivateDachs, serving: str, mongo: Server, tmp_path: Path) -> None:
    words = ("--from", f"mongodb://127.0.0.1:{mongo.port}/archive", "--table", "hill")
    served = draft_service(dachs, serving, tmp_path, "hill_mongo", *words)
    compare(served)
    # Its own table is a source as well, by TAP.
    words = ("--from", f"{serving}/tap", "--table", "hill_mongo.epn_core")
    compare(draft_service(dachs, serving, tmp_path, "hill_tap", *words))
