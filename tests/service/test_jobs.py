"""A load in several processes gives the table of a load in one."""

from __future__ import annotations

import pytest

from epnkit.deploy.dachs import Dachs
from epnkit.errors import DeployError
from epnkit.loading.request import Request
from tests.conftest import bring_up

TABLE = "SELECT * FROM hfc1ar.epn_core ORDER BY granule_uid"
BOOK = "SELECT * FROM epnkit.granules_hfc1ar ORDER BY granule_uid"
WAITING = "SELECT record_key, reason FROM epnkit.quarantine WHERE resolved IS NULL ORDER BY 1, 2"
RUN = "SELECT read, folded, loaded, quarantined, source_count FROM epnkit.runs ORDER BY run DESC"
DATES = {"creation_date", "modification_date", "release_date"}


def answers(dachs: Dachs, query: str) -> list[dict[str, object]]:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(query)
        names = [described[0] for described in cursor.description or ()]
        return [
            {name: value for name, value in zip(names, row, strict=True) if name not in DATES}
            for row in cursor.fetchall()
        ]


def test_two_processes_give_the_table_of_one(scratch: Dachs) -> None:
    bring_up(scratch, "hfc1ar")
    one = [answers(scratch, query) for query in (TABLE, BOOK, WAITING)]
    (run, *_) = answers(scratch, RUN)
    scratch.run("drop", "hfc1ar/q")
    scratch.run("imp", "hfc1ar/q", environment=Request(jobs=2).to_environment())
    assert [answers(scratch, query) for query in (TABLE, BOOK, WAITING)] == one
    assert answers(scratch, RUN)[0] == run
    assert len(one[0]) == 1200


def test_an_error_in_a_process_is_told_as_in_one(scratch: Dachs) -> None:
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
    assert len(answers(scratch, TABLE)) == 1200
