"""SPICE through a replica of SOAR's TAP service that SOAR's own client reads, and DaCHS."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.replicas.sources import load_replica
from epnkit.replicas.tap import PATH, make_server
from tests.conftest import ROOT
from tests.support.commands import show_package
from tests.support.environments import make_environment
from tests.support.granules import load_resource
from tests.support.services import Acceptance, Served

SERVICE = "spice"

JUDGE = ROOT / "tests" / "support" / "judges" / "with_sunpy_soar.py"

ITEM = "solo_L2_spice-n-exp_20220305T072522_100663707-014"
FIRST, SECOND = (ITEM.replace("_1006", f"_V0{version}_1006") + ".fits" for version in (1, 2))


class TestAcceptance(Acceptance):
    """As of every service."""


def test_its_query_is_adql(dachs: PrivateDachs) -> None:
    table = tomllib.loads(load_resource("spice").source_file.read_text(encoding="utf-8"))["table"]
    # Words of SQL that are columns of SOAR; its own client writes them without quotes.
    for word in ("descriptor", "level"):
        table = table.replace(f"d.{word}", f'd."{word}"')
    query = f"SELECT TOP 9 * FROM {table} ORDER BY begin_time, data_item_id"
    parse = "import sys; from gavo import api, adql; print(adql.parseToTree(sys.argv[1]).setLimit)"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", parse, query],
        check=True,
        capture_output=True,
        text=True,
        env=dachs.environment,
    )
    assert done.stdout == "9\n"


def test_every_window_is_a_granule_or_refused(served: Served) -> None:
    kinds = served.query("SELECT granule_gid, COUNT(*) AS n FROM {table} GROUP BY granule_gid")
    # Of each product three files of four are at hand, of which all windows are known; of the
    # others the first.  Of the odd rasters one is at hand, and beyond the limb.
    assert dict(kinds.iterrows()) == {
        "L2 spice-n-ras window 0": 260 + 4,
        "L2 spice-n-ras window 1": 195 + 1,
        "L2 spice-n-ras window 2": 195,
        "L2 spice-n-exp window 0": 160 + 1,
        "L2 spice-n-exp window 1": 120 + 1,
        "L2 spice-n-sit window 0": 80,
        "L2 spice-n-sit window 1": 60,
        "L3 spice-n-ras-int window 0": 40,
    }
    # Without a begin (two), without an end, and of another name.
    assert [key[-12:] for key in served.count_refused()] == [
        "00000005-000",
        "00000006-000",
        "00000007-000",
        "00000008-000",
    ]


def test_the_join_with_the_fits_table_doubles_nothing(served: Served) -> None:
    query = (
        "SELECT file_name, COUNT(*) AS n, COUNT(DISTINCT window_number) AS w FROM {table}"
        " GROUP BY file_name"
    )
    found = served.query(query)
    assert all(row["n"] == row["w"] <= 3 for row in found)
    # The first version of the real file is not among them.
    assert SECOND in {str(row["file_name"]) for row in found}
    assert FIRST not in {str(row["file_name"]) for row in found}


@contextmanager
def known_versions(dachs: PrivateDachs, *names: str) -> Iterator[None]:
    """Let the archive have nothing but some files, as long as it lasts."""
    whole = load_replica(ROOT / "resources" / SERVICE / "replica" / "make.py").tap_tables()
    place = list(whole[0].columns).index("filename")
    items = [row for row in whole[0].rows if row[place] in names]
    server = make_server([replace(whole[0], rows=items), whole[1]])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    credential = dachs.root / "credentials" / SERVICE
    before = credential.read_text()
    try:
        credential.write_text(f"http://127.0.0.1:{server.server_address[1]}{PATH}\n")
        yield
    finally:
        credential.write_text(before)
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(("names", "version"), [((FIRST,), 1), ((FIRST, SECOND), 2)])
def test_a_version_takes_the_place_of_another(
    served: Served, dachs: PrivateDachs, names: tuple[str, ...], version: int
) -> None:
    with known_versions(dachs, *names):
        done = dachs.run("imp", f"{SERVICE}/q")
    # Only what has changed since is read, and nothing else of the table.
    assert "spice: 1 read" in done.stderr
    query = "SELECT file_version, file_name FROM {table} WHERE obs_id = '100663707-014'"
    found = [tuple(row) for row in served.query(query + " AND window_number = 0").iterrows()]
    assert found == [(version, names[-1])]


def test_dates_that_are_missing_are_refused_with_the_reason(
    served: Served, dachs: PrivateDachs
) -> None:
    with dachs.cluster.connect().cursor() as cursor:
        query = "SELECT record_key, reason FROM epnkit.quarantine WHERE service = 'spice'"
        cursor.execute(query)
        reasons = {key[-7:-4]: reason for key, reason in cursor.fetchall()}
    assert "MISSING" in reasons["005"]
    assert "MISSING" in reasons["006"]
    assert "is missing in the archive" in reasons["007"]
    assert "not the name of a file of SPICE" in reasons["008"]


def test_the_windows_of_a_file_lead_to_each_other(served: Served) -> None:
    assert served.open_links(f"{ITEM}_0") == ["#this", "#preview"]
    urls = [
        str(each["access_url"])
        for each in served.links(f"{ITEM}_0")
        if each["semantics"] == "#counterpart"
    ]
    assert [url.rpartition("=")[2] for url in urls] == [ITEM, f"{ITEM}_1"]


def test_fields_lie_where_solar_orbiter_looked(served: Served) -> None:
    query = "SELECT footprint_flags, COUNT(*) AS n FROM {table} WHERE s_region IS NULL"
    found = served.query(query + " GROUP BY footprint_flags")
    # Files that are not at hand, cut ones among them, have no place; one looked beyond the limb.
    assert {str(flags): n for flags, n in found.iterrows()} == {
        "": 65 + 40 + 20 + 10 + 3,
        "off_limb": 2,
    }


def test_the_replica_is_what_soars_client_reads(
    served: Served, dachs: PrivateDachs, tmp_path: Path
) -> None:
    python = make_environment("sunpy-soar", "sunpy-soar==1.11.1", "sunpy<8")
    server = urlsplit((dachs.root / "credentials" / SERVICE).read_text().strip())
    words = [str(python), str(JUDGE), f"http://{server.netloc}", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    # The client finds both versions, which are one data item, and each once.
    assert read["day"] == [
        [name, ITEM, "spice-n-exp", "L2", "2022-03-05 07:25:22.000", "SW"]
        for name in (FIRST, SECOND)
    ]
    # In 168 hours a raster each six hours, an exposure each nine, a series each twelve.
    assert read["week"] == 29 + 19 + 14
    assert read["rasters"] == ["spice-n-ras"]
    # What it fetches is the latest version, as long as the archive says.
    assert read["errors"] == []
    ((name, size),) = read["fetched"]
    assert name == SECOND
    (row,) = served.query(f"SELECT access_estsize FROM {{table}} WHERE granule_uid = '{ITEM}_0'")
    assert row["access_estsize"] == -(-size // 1024)


def test_its_files_are_packages_for_regards(served: Served, dachs: PrivateDachs) -> None:
    described = show_package(dachs, SERVICE)
    assert described["observation"] == "100663707-014"
    assert described["spiobsid"] == 100663707
    assert described["date_end"] == "2022-03-05T07:26:22.000Z"
