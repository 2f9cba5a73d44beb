"""A load in several processes gives the table of a load in one."""

from __future__ import annotations

from contextlib import closing

import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.errors import DeployError
from epnkit.loading.request import Request
from tests.conftest import bring_up
from tests.support.waiting import wait_until

TABLE = "SELECT * FROM hfc1ar.epn_core ORDER BY granule_uid"
BOOK = "SELECT * FROM epnkit.granules_hfc1ar ORDER BY granule_uid"
WAITING = "SELECT record_key, reason FROM epnkit.quarantine WHERE resolved IS NULL ORDER BY 1, 2"
RUN = "SELECT read, folded, loaded, quarantined, source_count FROM epnkit.runs ORDER BY run DESC"
PARTS = "SELECT part, state FROM epnkit.load_parts ORDER BY part"
WORKERS = (
    "SELECT pid FROM pg_stat_activity WHERE query LIKE '%load_parts%' AND pid <> pg_backend_pid()"
)
DATES = {"creation_date", "modification_date", "release_date"}


#: Added to service.py: kills the loader, and no worker, when it has taken out a part.
KILL = """
import os, signal, sys
if "gavo" in sys.modules:
    from epnkit.loading.parallel.queue import PartQueue
    def _take_out_and_end(self, number, take_out=PartQueue.mark_loaded):
        take_out(self, number)
        os.kill(os.getpid(), signal.SIGKILL)
    PartQueue.mark_loaded = _take_out_and_end
"""


def query_all(dachs: PrivateDachs, query: str) -> list[dict[str, object]]:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(query)
        names = [described[0] for described in cursor.description or ()]
        return [
            {name: value for name, value in zip(names, row, strict=True) if name not in DATES}
            for row in cursor.fetchall()
        ]


def test_two_processes_give_the_table_of_one(scratch: PrivateDachs) -> None:
    bring_up(scratch, "hfc1ar")
    one = [query_all(scratch, query) for query in (TABLE, BOOK, WAITING)]
    (run, *_) = query_all(scratch, RUN)
    scratch.run("drop", "hfc1ar/q")
    scratch.run("imp", "hfc1ar/q", environment=Request(jobs=2).to_environment())
    assert [query_all(scratch, query) for query in (TABLE, BOOK, WAITING)] == one
    assert query_all(scratch, RUN)[0] == run
    assert len(one[0]) == 1200
    assert query_all(scratch, PARTS) == []


def test_an_update_in_two_processes_changes_what_changed(scratch: PrivateDachs) -> None:
    bring_up(scratch, "hfc1ar")
    before = query_all(scratch, TABLE)
    with closing(scratch.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute("DELETE FROM hfc1ar.epn_core WHERE time_min > 2452750")
        cursor.execute("UPDATE hfc1ar.epn_core SET granule_gid = 'other' WHERE time_min < 2450500")
        cursor.execute("UPDATE epnkit.granules_hfc1ar SET epnkit_content = gen_random_uuid()")
    scratch.run("imp", "hfc1ar/q", environment=Request(full=True, jobs=2).to_environment())
    assert query_all(scratch, TABLE) == before
    assert query_all(scratch, PARTS) == []


def test_what_a_killed_load_left_goes_with_the_next(scratch: PrivateDachs) -> None:
    bring_up(scratch, "hfc1ar")
    before = query_all(scratch, TABLE)
    service = scratch.inputs / "hfc1ar" / "service.py"
    text = service.read_text()
    service.write_text(text + KILL)
    jobs = Request(full=True, jobs=2).to_environment()
    try:
        with pytest.raises(DeployError):
            scratch.run("imp", "hfc1ar/q", environment=jobs)
    finally:
        service.write_text(text)
    assert query_all(scratch, TABLE) == before
    assert query_all(scratch, PARTS)[0] == {"part": 0, "state": "loaded"}
    wait_until(lambda: query_all(scratch, WORKERS) == [])  # they end with their loader
    scratch.run("imp", "hfc1ar/q")
    assert query_all(scratch, PARTS) == []
    assert query_all(scratch, TABLE) == before


def test_no_user_of_tap_sees_a_part(scratch: PrivateDachs) -> None:
    bring_up(scratch, "hfc1ar")
    for role in ("untrusted", "gavo"):
        rights = f"has_schema_privilege('{role}', 'epnkit', '{{}}') AS may"
        assert query_all(scratch, f"SELECT {rights.format('CREATE')}") == [{"may": False}]
    usage = "SELECT has_schema_privilege('untrusted', 'epnkit', 'USAGE') AS may"
    assert query_all(scratch, usage) == [{"may": False}]


def test_an_error_in_a_process_is_told_as_in_one(scratch: PrivateDachs) -> None:
    bring_up(scratch, "hfc1ar")
    service = scratch.inputs / "hfc1ar" / "service.py"
    text = service.read_text()
    service.write_text(text.replace("mapping = Mapping(", "mapping = Mapping(products=(1,), ", 1))
    try:
        with pytest.raises(DeployError, match="hfc1ar") as raised:
            scratch.run("imp", "hfc1ar/q", environment=Request(full=True, jobs=2).to_environment())
    finally:
        service.write_text(text)
    assert "Traceback" not in str(raised.value)
    assert len(query_all(scratch, TABLE)) == 1200
