"""GRIS by real RESTHeart, GridFS and Rucio; an embargo that ends, as TAP's user sees it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest
from scripts.servers.processes import Server

from epnkit.client.parts import list_part
from epnkit.dachs.private import PrivateDachs
from epnkit.replicas import rucio_files
from tests.support.services import Acceptance, Served, bring_up_service

pytest_plugins = ["tests.support.servers"]

SEED, NAME = "gris_20170929_011", "gris_20180402_003"

#: What is withheld of the second while it is under an embargo.
ADDRESS, PREVIEW = f"/packages/{NAME}.zip", f"/{NAME}.png/binary"


@pytest.fixture(scope="module")
def served(
    dachs: PrivateDachs, serving: str, mongo: Server, restheart: Server, rucio_server: Server
) -> Iterator[Served]:
    observatory = (mongo.url, restheart.url)
    with bring_up_service(
        dachs, serving, "gris", observatory=observatory, rucio=rucio_server.url
    ) as up:
        yield up


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_observation_is_a_granule_or_refused(served: Served) -> None:
    # The example, 1,000 scans and four odd ones; 335 of them have two products more.
    assert served.count_granules() == 1005 + 2 * 335
    assert served.count_refused() == [
        "gris_20190101_001",
        *(f"gris_20200906_{number}" for number in (901, 902, 903, 907, 999)),
    ]


def test_previews_come_out_of_gridfs_and_files_from_rucio(served: Served) -> None:
    links = served.links(SEED)
    previews = [link for link in links if link["semantics"] == "#preview"]
    assert [url.rpartition("/")[2] for url in (x["access_url"] for x in previews)] == ["binary"] * 2
    files = [link for link in links if link["semantics"] == "#this"]
    assert len(files) == 250
    assert {link["content_length"] for link in files} == {5760}
    kinds = served.open_links(NAME)
    assert sorted({*kinds}) == ["#auxiliary", "#derivation", "#preview", "#this"]
    assert kinds.count("#this") == 2


def test_an_older_version_is_a_counterpart(served: Served) -> None:
    links = [link for link in served.links(NAME) if link["description"]]
    files = sorted(x["description"] for x in links if x["semantics"] == "#this")
    assert files == ["gris_20180402_003_000_v02.fits", "gris_20180402_003_001_v01.fits"]
    assert "Older: gris_20180402_003_000_v01.fits" in {x["description"] for x in links}


def test_a_range_of_its_files_is_listed(served: Served) -> None:
    links = [x["access_url"] for x in served.links(SEED) if x["semantics"] == "#this"]
    found = list_part(f"{served.base}/gris/q/files", SEED, "100:103", None)
    assert (found.total, [file.url for file in found.files]) == (250, links[100:103])
    assert {file.size for file in found.files} == {5760}


def test_no_list_of_files_is_under_an_embargo(served: Served) -> None:
    with closing(served.dachs.cluster.connect()) as opened, opened.cursor() as cursor:
        cursor.execute(
            "SELECT release_date > '2090-01-01', count(file_array) > 0 FROM gris.epn_core"
            " WHERE granule_gid = 'level 1' GROUP BY 1 ORDER BY 1"
        )
        assert cursor.fetchall() == [(False, True), (True, False)]


def run_load(dachs: PrivateDachs, *words: str, verb: str = "load") -> str:
    program = Path(sys.executable).with_name("epnkit")
    done = subprocess.run(
        [program, verb, "gris", *words, "--dachs", dachs.root],
        capture_output=True,
        text=True,
        check=False,
    )
    # DaCHS breaks its lines.
    return " ".join(f"{done.returncode} {done.stdout} {done.stderr}".split())


@contextmanager
def changing(mongo: Server, name: str) -> Iterator[Any]:
    """Give a way to change a document, which is as before afterwards."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongo.url)
    with closing(client):
        observations = client["gris"]["observations"]
        before = observations.find_one({"name": name})
        assert before is not None

        def change(**embargo: Any) -> None:
            changes = {"embargo": embargo, "updated": now()}
            observations.update_one({"name": name}, {"$set": changes})

        yield change
        change(**before["embargo"])


def find_visible(served: Served, secret: str) -> list[str]:
    """Name the tables with a text that TAP's user or datalink's can read."""
    found = []
    with closing(served.dachs.cluster.connect()) as opened, opened.cursor() as cursor:
        for role in ("untrusted", "gavo"):
            cursor.execute(f"SET ROLE {role}")
            cursor.execute(
                "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
                " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
                " AND has_table_privilege(format('%I.%I', table_schema, table_name), 'SELECT')"
            )
            for (table,) in cursor.fetchall():
                cursor.execute(
                    f"SELECT EXISTS (SELECT FROM {table} t WHERE strpos(t::text, %s) > 0)",
                    (secret,),
                )
                if cursor.fetchall()[0][0]:
                    found.append(f"{role}: {table}")
            cursor.execute("RESET ROLE")
    return found


def read_granule(served: Served, name: str) -> Any:
    columns = "access_url, thumbnail_url, release_date, data_set"
    query = f"SELECT {columns} FROM {{table}} WHERE granule_uid = '{name}'"
    return served.query(query)[0]


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def close_for_a_while(dachs: PrivateDachs, change: Any) -> datetime:
    """Close a record for as long as this machine needs to load it; give its release."""
    for seconds in (20, 60, 180, 540):
        until = now() + timedelta(seconds=seconds)
        change(until=until, held=None)
        assert run_load(dachs).startswith("0 ")
        if now() < until - timedelta(seconds=seconds / 4):
            return until
    raise AssertionError("a load takes longer than any embargo of this test")


def test_an_embargo_closes_and_opens_by_itself(
    served: Served, dachs: PrivateDachs, mongo: Server
) -> None:
    # What is looked for below would be found: by TAP's role, and by datalink's.
    assert sorted(find_visible(served, ADDRESS)) == [
        "gavo: epnkit.granules_gris",
        "gavo: gris.epn_core",
        "untrusted: gris.epn_core",
    ]
    with changing(mongo, NAME) as change:
        until = close_for_a_while(dachs, change)
        closed = read_granule(served, NAME)
        assert [str(closed[n]) for n in ("access_url", "thumbnail_url", "data_set")] == [""] * 3
        assert str(closed["release_date"])[:19] == until.isoformat()[:19]
        kinds = {link["semantics"] for link in served.links(NAME)}
        assert kinds == {"#auxiliary", "#documentation", "#counterpart"}
        for secret in (ADDRESS, PREVIEW, f"{NAME}_000_v02.fits"):
            assert find_visible(served, secret) == []
        while now() <= until:
            time.sleep(0.5)
        # The source is gone: what was kept suffices.
        credential = dachs.root / "credentials" / "gris"
        address = credential.read_text()
        credential.write_text("http://127.0.0.1:9")
        try:
            said = run_load(dachs)
        finally:
            credential.write_text(address)
        assert said.startswith("1 ")
        assert "the server does not answer" in said
        opened = read_granule(served, NAME)
        assert str(opened["access_url"]).endswith(ADDRESS)
        assert str(opened["release_date"])[:19] == until.isoformat()[:19]
        assert served.open_links(NAME).count("#this") == 2
    assert run_load(dachs).startswith("0 ")


def test_the_source_opens_early_and_closes_without_a_date(
    served: Served, dachs: PrivateDachs, mongo: Server
) -> None:
    with changing(mongo, NAME) as change:
        change(until=None, held=True)
        assert run_load(dachs).startswith("0 ")
        assert str(read_granule(served, NAME)["release_date"]).startswith("9999-12-31")
        assert find_visible(served, ADDRESS) == []
        change(until=datetime(2099, 1, 1), held=False)
        assert run_load(dachs).startswith("0 ")
        row = read_granule(served, NAME)
        assert str(row["access_url"]).endswith(ADDRESS)
        assert str(row["release_date"]) < "2090"
        # Refused, it must not stay open as it was.
        change(until="soon", held=None)
        assert run_load(dachs).startswith("0 ")
        assert find_visible(served, ADDRESS) == []
        assert NAME in served.count_refused()
    assert run_load(dachs).startswith("0 ")


def count_embargoes(dachs: PrivateDachs, name: str) -> int:
    with closing(dachs.cluster.connect()) as opened, opened.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM epnkit.embargoes WHERE record_key = %s", (name,))
        ((count,),) = cursor.fetchall()
        return int(count)


@contextmanager
def deleting(mongo: Server, name: str) -> Iterator[None]:
    """Delete a document, which is there again afterwards."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongo.url)
    with closing(client):
        observations = client["gris"]["observations"]
        document = observations.find_one_and_delete({"name": name})
        assert document is not None
        try:
            yield
        finally:
            observations.insert_one(document)


@contextmanager
def hiding(dachs: PrivateDachs) -> Iterator[None]:
    """Let the service not show what is under an embargo."""
    path = dachs.inputs / "gris" / "service.py"
    text = path.read_text()
    path.write_text(text.replace("    embargo=Embargo(", "    embargo=Embargo(shown=False,"))
    try:
        assert run_load(dachs, "--remap").startswith("0 ")
        yield
    finally:
        path.write_text(text)
    assert run_load(dachs, "--remap").startswith("0 ")


@pytest.mark.parametrize("shown", [True, pytest.param(False, marks=pytest.mark.all)])
def test_a_closed_record_that_the_source_deletes_does_not_come_back(
    served: Served, dachs: PrivateDachs, mongo: Server, shown: bool
) -> None:
    with changing(mongo, NAME) as change, nullcontext() if shown else hiding(dachs):
        change(until=datetime(2099, 1, 1), held=None)
        assert run_load(dachs).startswith("0 ")
        assert count_embargoes(dachs, NAME) == 1
        with deleting(mongo, NAME):
            assert "0 records are missing or changed, 1 are gone" in run_load(
                dachs, verb="reconcile"
            )
            assert count_embargoes(dachs, NAME) == 0
            assert "0 records are missing or changed, 0 are gone" in run_load(
                dachs, verb="reconcile"
            )
    assert run_load(dachs).startswith("0 ")


@pytest.mark.all
def test_what_is_hidden_is_in_no_table(served: Served, dachs: PrivateDachs, mongo: Server) -> None:
    hidden = "gris_20200906_906"
    with hiding(dachs):
        assert find_visible(served, hidden) == []
        closed = served.query("SELECT 1 AS x FROM {table} WHERE release_date > '2090-01-01'")
        assert len(closed) == 0
        with changing(mongo, hidden) as change:
            change(until=None, held=False)
            assert run_load(dachs).startswith("0 ")
            assert find_visible(served, hidden) != []


#: The window of the example alone.
WINDOW = ("--from", "2017-09-01", "--to", "2017-12-31")


@pytest.mark.all
def test_a_storage_element_that_is_down_leaves_the_links(
    served: Served, dachs: PrivateDachs, rucio_server: Server
) -> None:
    client = rucio_files.connect(rucio_server.url)
    client.update_rse("KIS", {"availability_read": False})
    try:
        assert run_load(dachs, *WINDOW).startswith("0 ")
        files = [x["access_url"] for x in served.links(SEED) if x["semantics"] == "#this"]
    finally:
        client.update_rse("KIS", {"availability_read": True})
    # Half of them are at the other element too, and the others stay what they were.
    assert len(files) == 250
    assert sum("//localhost:" in url for url in files) == 125
    assert run_load(dachs, *WINDOW).startswith("0 ")


@pytest.mark.all
def test_rucio_down_leaves_the_table(served: Served, dachs: PrivateDachs) -> None:
    credential = dachs.root / "credentials" / "rucio"
    address = credential.read_text()
    credential.write_text("http://reader:canary-52ad@127.0.0.1:9?account=root")
    before = served.links(SEED)
    try:
        said = run_load(dachs, *WINDOW)
    finally:
        credential.write_text(address)
    assert said.startswith("1 ")
    assert "the Rucio server does not answer" in said
    assert "canary" not in said
    assert [dict(each) for each in served.links(SEED)] == [dict(each) for each in before]


@pytest.mark.all
def test_what_is_deleted_at_the_source_is_found(
    served: Served, dachs: PrivateDachs, mongo: Server
) -> None:
    before, odd = served.count_granules(), "gris_20200906_909"
    with deleting(mongo, odd):
        assert run_load(dachs, verb="reconcile").startswith("0 ")
        assert served.count_granules() == before - 1
    assert run_load(dachs, verb="reconcile").startswith("0 ")
    assert served.count_granules() == before
