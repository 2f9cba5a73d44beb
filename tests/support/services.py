"""A service brought up from its replica on the session's DaCHS, and what tests ask of it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor
from typing import Any

import pyvo
import requests
from astropy.table import Table

from epnkit.check.report import check
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT
from tests.support import link_followers


@dataclass(frozen=True)
class Served:
    """A service that is imported and served.

    Parameters
    ----------
    name : str
        Its name.
    dachs : Dachs
        Where it is.
    base : str
        The URL of the DaCHS.
    """

    name: str
    dachs: PrivateDachs
    base: str

    @property
    def tap(self) -> str:
        """The URL of its TAP service."""
        return f"{self.base}/tap"

    def query(self, query: str) -> Table:
        """Ask TAP; ``{table}`` in the query is the service's table."""
        asked = query.format(table=f"{self.name}.epn_core")
        service = pyvo.dal.TAPService(self.tap)
        try:
            return service.run_sync(asked, maxrec=10_000).to_table()
        except pyvo.dal.DALQueryError as error:
            # DaCHS waits a tenth of a second for its table of jobs, which two test runs at a time
            # can take longer to write (docs/howto/operating.md).
            if "jobs table" not in str(error):
                raise
            return service.run_sync(asked, maxrec=10_000).to_table()

    def count_granules(self) -> int:
        """Count its granules."""
        return int(self.query("SELECT COUNT(*) AS n FROM {table}")["n"][0])

    def count_refused(self) -> list[str]:
        """Give the keys of the records in quarantine, in order."""
        with self.dachs.cluster.connect().cursor() as cursor:
            query = "SELECT record_key FROM epnkit.quarantine WHERE service = %s ORDER BY 1"
            cursor.execute(query, (self.name,))
            return sorted(key for (key,) in cursor.fetchall())

    def datalink(self, uid: str) -> str:
        """Give the URL of a granule's datalink document, as its row does."""
        query = "SELECT datalink_url FROM {table} WHERE granule_uid = '" + uid + "'"
        return str(self.query(query)["datalink_url"][0])

    def links(self, uid: str) -> list[Any]:
        """Fetch a granule's datalink document."""
        return link_followers.read_links(self.datalink(uid))

    def open_links(self, uid: str) -> list[str]:
        """Open the files that a granule's links lead to; give the links' semantics."""
        return link_followers.open_links(self.datalink(uid))

    def search_by_form(self) -> None:
        """Search a day by the form for people, and find there what TAP finds."""
        first = self.query("SELECT MIN(time_min) AS earliest FROM {table}")["earliest"][0]
        start = floor(float(first) + 0.5) - 0.5
        day = date(2000, 1, 1) + timedelta(days=start - 2451544.5)
        found = self.query(
            "SELECT COUNT(*) AS n FROM {table} WHERE time_max >= "
            f"{start!r} AND time_min < {start + 1!r}"
        )
        asked = {"__nevow_form__": "genForm", "period": str(day), "submit": "Go"}
        answer = requests.get(f"{self.base}/{self.name}/q/web/form", params=asked, timeout=60)
        assert answer.status_code == 200, answer.text[-500:]
        matched = re.search(r"Matched:\s*(?:<[^>]*>\s*)*(\d+)", answer.text)
        assert matched is not None, answer.text[-2000:]
        assert int(matched[1]) == int(found["n"][0])

    def open_sample(self) -> None:
        """Open what every link leads to, of the first and the last granule of each kind."""
        kinds = self.query(
            "SELECT MIN(granule_uid) AS low, MAX(granule_uid) AS high FROM {table}"
            " GROUP BY granule_gid"
        )
        for uid in sorted({str(uid) for row in kinds for uid in row}):
            self.open_links(uid)

    def counterparts(self, uid: str) -> list[str]:
        """Name the other granules of the same observation."""
        urls = [
            str(each["access_url"])
            for each in self.links(uid)
            if each["semantics"] == "#counterpart"
        ]
        return sorted(url.split("=")[1] for url in urls)

    def check_rules(self) -> None:
        """Judge the table as it is served by the rules of EPN-TAP, recommendations too."""
        report = check(self.tap, f"{self.name}.epn_core", rows=None)
        assert not report.broken(strict=True), report.to_json()

    def find_registry_record(self) -> bytes:
        """Fetch its record from the registry interface."""
        answer = requests.get(
            f"{self.base}/oai.xml",
            timeout=60,
            params={
                "verb": "GetRecord",
                "metadataPrefix": "ivo_vor",
                "identifier": f"ivo://epnkit.example/{self.name}/q/epn_core",
            },
        )
        answer.raise_for_status()
        return answer.content

    def check_record(self) -> None:
        """Judge its registry record by DaCHS's schemas of it; what searches ask for is in it."""
        record = self.find_registry_record()
        assert re.search(rb"<temporal>[\d.]+ [\d.]+</temporal>", record)
        assert re.search(rb"<spectral>\S+ \S+</spectral>", record)
        for word in (b"subject", b"creator", b"facility", b"instrument", b"referenceURL"):
            assert b"<" + word + b">" in record, word
        # Each author is one, not all of them together.
        assert not re.search(rb"<creator>\s*<name>[^<]*; ", record)
        judge = (
            "import sys; from gavo.helpers import testtricks as t; print(t.getXSDErrors("
            "sys.stdin.buffer.read()) or 'valid')"
        )
        done = subprocess.run(
            [sys.executable, "-c", judge],
            input=record,
            env=self.dachs.environment,
            capture_output=True,
            check=False,
        )
        assert done.stdout.strip() == b"valid", (done.stdout, done.stderr[-500:])

    def check_itself(self) -> None:
        """Let DaCHS run the service's own regression tests, all that its RD has."""
        rd = (self.dachs.inputs / self.name / "q.rd").read_text(encoding="utf-8")
        tests = rd.count("<regTest ") + rd.count('<FEED source="epnkit/q#unknown"')
        said = self.dachs.run("test", f"{self.name}/q").stdout
        assert tests > 0
        assert f"0 of {tests} bad" in said, said


@contextmanager
def bring_up_service(dachs: PrivateDachs, base: str, name: str, **sources: Any) -> Iterator[Served]:
    """Fill a service's replica; lay, import, validate and publish the service, as long as it lasts.

    Parameters
    ----------
    dachs : Dachs
        The DaCHS that is to serve it.
    base : str
        The URL where that DaCHS serves.
    name : str
        The service.
    **sources
        As for :class:`epnkit.replicas.sources.Sources`.
    """
    folder = ROOT / "resources" / name
    with ReplicaSources(dachs, ROOT, **sources) as filled:
        filled.fill(folder)
        rd = inputs.install(dachs, folder)
        dachs.run("imp", rd)
        # Before the server has read the RD, since it does so once.
        dachs.run("limits", rd)
        dachs.run("val", rd)
        dachs.run("pub", rd)
        yield Served(name, dachs, base)


class Acceptance:
    """What is asked of every service; a module of tests takes it over, with its own ``served``."""

    def test_its_own_tests_pass(self, served: Served) -> None:
        served.check_itself()

    def test_its_table_obeys_the_rules(self, served: Served) -> None:
        served.check_rules()

    def test_its_registry_record_is_valid(self, served: Served) -> None:
        served.check_record()

    def test_what_its_links_lead_to_opens(self, served: Served) -> None:
        served.open_sample()

    def test_its_form_finds_what_tap_finds(self, served: Served) -> None:
        served.search_by_form()
