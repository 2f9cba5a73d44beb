"""Synoptic maps through a replica of SiTools2 that MEDOC's own client reads, and DaCHS."""

from __future__ import annotations

import json
import subprocess

from epnkit.dachs.private import PrivateDachs
from tests.conftest import ROOT
from tests.support.commands import show_package
from tests.support.environments import make_environment
from tests.support.services import Acceptance, Served

SERVICE = "medoc_synoptic"

JUDGE = ROOT / "tests" / "support" / "judges" / "with_pysitools2.py"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_map_is_a_granule_or_refused(served: Served) -> None:
    # The real one, four a day on 260 days, and three of later missions; one has no name.
    assert served.count_granules() == 1 + 4 * 260 + 3
    assert served.count_refused() == ["9003"]


def test_the_wavelengths_of_a_day_lead_to_each_other(served: Served) -> None:
    others = served.counterparts("syn171_20040304.005959_efz20040304.010114")
    assert others == [
        f"syn{wavelength}_20040304.005959_efz20040304.010114" for wavelength in (195, 284, 304)
    ]


def test_the_replica_is_what_medocs_client_reads(served: Served, dachs: PrivateDachs) -> None:
    python = make_environment("pysitools2", "pysitools2==1.0.2")
    server = (dachs.root / "credentials" / SERVICE).read_text().strip()
    words = [str(python), str(JUDGE), server, "euvsyn"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    assert read["key"] == "index"
    # As the client's own tests have it: the maps of a day by their wavelengths.
    assert read["found"][-2:] == [
        [284, "2004-03-04T00:00:00.000"],
        [304, "2004-03-04T00:00:00.000"],
    ]


def test_its_maps_are_packages_for_regards(served: Served, dachs: PrivateDachs) -> None:
    described = show_package(dachs, SERVICE)
    assert described["instrument"] == "EIT"
    assert described["image_file"] == "efz20040302.010014"
    assert described["date_obs"] == "2004-03-02T00:00:00.000Z"
