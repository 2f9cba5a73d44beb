"""BASS2000 by DaCHS's own grammar: what came since is the same granules as in bulk."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.errors import DeployError
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT

RD = "bass2000/q"

#: The images of the plates end here, and those of the camera begin later than any lag.
LAST = "1999-03-20"

TABLE = "SELECT * FROM bass2000.epn_core ORDER BY granule_uid"
BOOK = "SELECT granule_uid, epnkit_key, epnkit_links FROM epnkit.granules_bass2000 ORDER BY 1"
DATES = {"creation_date", "modification_date", "release_date"}


@dataclass
class Catalogue:
    """The images at the source, of which some have not been handed in yet."""

    dachs: PrivateDachs
    path: str

    def execute(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as link:
            for statement in statements:
                link.execute(statement)
            link.commit()

    def hand_in(self, condition: str) -> None:
        self.execute(f"INSERT INTO IMAGES SELECT * FROM LATER WHERE {condition}")

    def increment(self, *switches: str) -> int:
        """Import by DaCHS's grammar; give how many granules there are then."""
        self.dachs.run("imp", *switches, RD, "increment")
        return len(self.answers(TABLE))

    def answers(self, query: str) -> list[dict[str, object]]:
        with closing(self.dachs.cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute(query)
            names = [described[0] for described in cursor.description or ()]
            return [
                {
                    name: _rounded(value)
                    for name, value in zip(names, row, strict=True)
                    if name not in DATES
                }
                for row in cursor.fetchall()
            ]


def _rounded(value: object) -> object:
    # SQLite's driver hands odbcGrammar floats with 15 digits.
    return float(f"{value:.12g}") if isinstance(value, float) else value


@pytest.fixture
def catalogue(scratch: PrivateDachs) -> Iterator[Catalogue]:
    """Lay BASS2000 with the images of three weeks at its source."""
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(ROOT / "resources" / "bass2000")
    inputs.install(scratch, ROOT / "resources" / "bass2000")
    credential = scratch.root / "credentials" / "bass2000"
    connection = scratch.inputs / "bass2000" / "connection"
    connection.unlink(missing_ok=True)
    connection.symlink_to(credential)
    found = re.search(r"Database=([^;\n]*)", credential.read_text())
    assert found is not None
    made = Catalogue(scratch, found[1])
    made.execute(
        "DROP TABLE IF EXISTS LATER",
        "CREATE TABLE LATER AS SELECT * FROM IMAGES",
        f"DELETE FROM IMAGES WHERE DATE_OBS >= '{LAST}' OR DATE_OBS IS NULL",
        "DELETE FROM IMAGES WHERE DATE_OBS < '1999'",
    )
    yield made
    scratch.run("drop", RD)
    connection.unlink()


def test_first_later_redone_and_late_imports(catalogue: Catalogue) -> None:
    first = catalogue.increment()
    assert first == 76
    assert catalogue.increment() == first
    catalogue.hand_in("DATE_OBS >= '1999-03-20' AND DATE_OBS < '1999-03-21'")
    assert catalogue.increment("-R") == first + 4
    # Handed in late: within the lag it comes, further back it does not.
    catalogue.execute("DELETE FROM IMAGES WHERE DATE_OBS LIKE '1999-03-05%'")
    catalogue.execute("UPDATE IMAGES SET SEQ_IND = 7 WHERE DATE_OBS LIKE '1999-03-06%'")
    catalogue.hand_in("FILENAME LIKE 'mk120701%' AND DATE_OBS < '1913'")
    assert catalogue.increment() == first + 4
    changed = catalogue.answers("SELECT * FROM bass2000.epn_core WHERE obs_id LIKE '%990306_7'")
    assert len(changed) == 4


def test_an_empty_catalogue_is_no_error(catalogue: Catalogue) -> None:
    catalogue.execute("DELETE FROM IMAGES")
    assert catalogue.increment() == 0
    catalogue.hand_in("DATE_OBS LIKE '1999-03-01%'")
    assert catalogue.increment() == 4


def test_both_grammars_make_the_same_and_can_be_used_in_turn(catalogue: Catalogue) -> None:
    catalogue.dachs.run("imp", RD)
    bulk = len(catalogue.answers(TABLE))
    catalogue.hand_in("DATE_OBS >= '1999-03-20' AND DATE_OBS < '1999-03-24'")
    assert catalogue.increment() == bulk + 16
    mixed = catalogue.answers(TABLE), catalogue.answers(BOOK)
    catalogue.dachs.run("imp", RD)
    assert (catalogue.answers(TABLE), catalogue.answers(BOOK)) == mixed
    ((strangers,),) = (
        row.values()
        for row in catalogue.answers(
            "SELECT count(*) FROM bass2000.epn_core t FULL JOIN epnkit.granules_bass2000 b"
            " USING (granule_uid) WHERE t.granule_gid IS NULL OR b.epnkit_key IS NULL"
        )
    )
    assert strangers == 0


def test_a_record_that_is_refused_stops_nothing(catalogue: Catalogue) -> None:
    catalogue.hand_in("FILENAME = 'mh040106.090000.fits'")
    catalogue.hand_in("DATE_OBS LIKE '1999-03-20%'")
    assert catalogue.increment() == 80


def test_what_the_source_gives_twice_comes_once(catalogue: Catalogue) -> None:
    catalogue.execute("INSERT INTO IMAGES SELECT * FROM IMAGES WHERE DATE_OBS LIKE '1999-03-01%'")
    first = catalogue.increment()
    assert first == 76
    assert len(catalogue.answers(BOOK)) == first


def test_no_import_by_records_beside_another(catalogue: Catalogue) -> None:
    lock = "SELECT pg_advisory_lock(hashtext('epnkit'), hashtext('bass2000'))"
    with closing(catalogue.dachs.cluster.connect()) as other, other.cursor() as cursor:
        cursor.execute(lock)
        with pytest.raises(DeployError, match="another import of it is running"):
            catalogue.dachs.run("imp", RD, "increment")
