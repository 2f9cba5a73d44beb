"""Gaia-DEM through a replica of SiTools2 that MEDOC's own client reads, and DaCHS."""

from __future__ import annotations

import json
import subprocess

from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from tests.conftest import ROOT
from tests.support.commands import run_epnkit
from tests.support.environments import make_environment
from tests.support.ingestion import Ingestion
from tests.support.services import Acceptance, Served

pytest_plugins = ["tests.support.servers"]

SERVICE = "gaia_dem"

JUDGE = ROOT / "tests" / "support" / "judges" / "with_pysitools2.py"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_map_is_a_granule_or_refused(served: Served) -> None:
    # 1,005 observations of four maps, and one of three; the one without a time is refused.
    assert served.count_granules() == 4 * 1005 + 3
    assert served.count_refused() == ["500000011"]


def test_the_maps_of_an_observation_lead_to_each_other(served: Served) -> None:
    assert served.counterparts("DEM-AIA-temp_2012-08-10T00-05-01.875") == [
        "DEM-AIA-chi2_2012-08-10T00-05-01.875",
        "DEM-AIA-em_2012-08-10T00-05-01.875",
        "DEM-AIA-width_2012-08-10T00-05-01.875",
    ]


def test_the_replica_is_what_medocs_client_reads(served: Served, dachs: PrivateDachs) -> None:
    python = make_environment("pysitools2", "pysitools2==1.0.2")
    server = (dachs.root / "credentials" / "gaia_dem").read_text().strip()
    done = subprocess.run([python, JUDGE, server], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    assert read["key"] == "sunum_193"
    assert {"date_obs", "temp_fits_rice", "filename"} <= {*read["columns"]}
    # What the client's own tests assert, whose milliseconds are read as microseconds there.
    assert read["found"] == [
        [349340243, "DEM_aia_2012-08-10T00_05_", "2012-08-10 00:05:01.000875"],
        [349344872, "DEM_aia_2012-08-10T01_05_", "2012-08-10 01:05:01.000877"],
    ]
    assert read["many"] == 1000


def test_its_maps_are_packages_that_regards_takes(
    served: Served, dachs: PrivateDachs, broker: Server
) -> None:
    credential = dachs.root / "credentials" / "broker-of-tests"
    credential.write_text(broker.url)
    credential.chmod(0o600)
    words = [SERVICE, "--to", credential.name, "--limit", "8", "--dachs", str(dachs.root)]
    ingestion = Ingestion(broker.url)
    with ingestion.running():
        done = run_epnkit("sip", *words, env={"EPNKIT_CREDENTIALS": None})
    assert done.exit_code == 0, done.output
    assert "gaia_dem: 8 stored" in done.output
    (sip,) = ingestion.products["gaia_dem:DEM-AIA-chi2_2012-08-10T00-05-01.875"]
    described = sip["properties"]["descriptiveInformation"]
    assert described["date_obs"] == "2012-08-10T00:05:01.875Z"
    assert (described["product"], described["sunum"]) == ("chi squared of the fit", 349340243)
    files = sip["properties"]["contentInformations"]
    types = [each["dataObject"]["regardsDataType"] for each in files]
    assert types == ["RAWDATA", "QUICKLOOK_MD", "THUMBNAIL"]
    # The files were read from where DaCHS serves the replica's.
    assert all(each["dataObject"]["fileSize"] > 0 for each in files)
