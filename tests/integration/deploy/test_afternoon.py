"""An operator's afternoon, from a table that nobody mapped to a service that is gone again.

Each step is a command as it is typed, and what it prints is looked at.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from epnkit.dachs.private import PrivateDachs
from tests.support.commands import run_epnkit
from tests.support.sinks import serve_hook

#: A bad position, of which a first import has too many.
BAD = "over the limb"


class Afternoon:
    """What the operator has: a directory, a table and a DaCHS.

    Parameters
    ----------
    dachs : PrivateDachs
        The DaCHS.
    """

    def __init__(self, dachs: PrivateDachs) -> None:
        self.dachs = dachs
        self.directory = dachs.root / "afternoon"
        dachs.account.create_owned(self.directory)
        self.table = self.directory / "flares.sqlite"
        self.folder = self.directory / "resources" / "flares"

    def make_table(self) -> None:
        """Make a table of 20 flares, of which 6 have a position that is none."""
        with closing(sqlite3.connect(self.table)) as link, link:
            link.execute(
                "CREATE TABLE flares (event_no INTEGER PRIMARY KEY, jd REAL, jd_end REAL,"
                " location TEXT, observatory TEXT, updated TEXT)"
            )
            rows = (
                (n, 2459000.5 + n, 2459000.6 + n, f"N{n:02}W10" if n > 6 else BAD, "Kanzelhoehe")
                for n in range(1, 21)
            )
            link.executemany("INSERT INTO flares VALUES (?, ?, ?, ?, ?, '2024-01-01')", rows)

    def change_table(self, statement: str) -> None:
        """Change the source."""
        with closing(sqlite3.connect(self.table)) as link, link:
            link.execute(statement)

    def edit(self, name: str, old: str, new: str) -> None:
        """Edit a file of the service's folder."""
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def run(self, *words: str, status: int = 0) -> str:
        """Type a command; it ends with a status, and no line of it is a traceback."""
        done = run_epnkit(*words, env={"EPNKIT_DACHS": str(self.dachs.root)})
        assert done.exit_code == status, done.output
        assert "Traceback" not in done.output
        # The reports of DaCHS are broken into lines.
        return " ".join(done.output.split())


@pytest.fixture(scope="module")
def afternoon(scratch: PrivateDachs) -> Afternoon:
    """Give the operator a table and a DaCHS."""
    story = Afternoon(scratch)
    story.make_table()
    return story


def test_an_afternoon(afternoon: Afternoon) -> None:
    """Run the whole story; each step needs those before it."""
    draft(afternoon)
    fail_to_deploy(afternoon)
    deploy(afternoon)
    edit_and_rehearse(afternoon)
    load_beside_another(afternoon)
    quarantine_and_retry(afternoon)
    report_and_undeploy(afternoon)


def draft(story: Afternoon) -> None:
    said = story.run(
        "new", "flares", "--from", str(story.table), "--into", str(story.folder.parent), "--accept"
    )
    assert "20 records, 6 fields" in said
    assert "key: event_no cursor: updated; a load reads what changed since the last one" in said
    assert "time_min 0.93 jd" in said
    # A third of the positions is none: the draft does not take them.
    assert "c1min" not in said
    story.edit("service.py", '"granule_gid"', POSITIONS + '"granule_gid"')
    path = story.folder / "service.py"
    text = path.read_text().replace('frame="none"', 'frame="body"')
    added = "from epnkit.mapping import disc_position\nfrom epnkit.service"
    path.write_text(text.replace("from epnkit.service", added, 1))
    assert "rule 68: spatial_frame_type 'body' is the frame in service.py, and none in q.rd" in (
        story.run("preview", str(story.folder), status=1)
    )
    story.edit("q.rd", 'spatial_frame_type="none"', 'spatial_frame_type="body"')
    said = story.run("preview", str(story.folder), "-n", "9", status=1)
    assert f"refused 1: c1min: '{BAD}' is no position such as N15E30" in said
    assert "9 records read; 3 granules and 6 refused records shown" in said


#: What the operator adds to the draft.
POSITIONS = """("c1min", "c1max", "c2min", "c2max"): compute(disc_position, "location"),
        """


def fail_to_deploy(story: Afternoon) -> None:
    said = story.run("deploy", str(story.folder), status=1)
    assert re.search(r"\d things in it are not decided, and it would be published", said)
    assert "deploy with --no-publish, or as it is with --undecided" in said
    said = story.run("deploy", str(story.folder), "--no-publish", status=1)
    assert "6 of 20 records are refused, more than the share of 0.2" in said
    assert ".." not in said.replace("...", "").replace("/..", "")
    # What it refused outlives that it was undone, and the next step is named.
    assert said_count(story.run("quarantine", "list", "flares"), BAD) == 6
    said = story.run("status", "flares", status=1)
    assert "run 1 failed: flares: 6 of 20 records are refused" in said
    assert "6 records that it refused: epnkit quarantine list flares" in said
    assert "Deploy it first: epnkit deploy flares" in story.run("load", "flares", status=1)


def said_count(said: str, words: str) -> int:
    return said.count(f"'{words}'")


def deploy(story: Afternoon) -> None:
    story.change_table("UPDATE flares SET location = 'S01E01' WHERE event_no < 7")
    path = story.folder / "service.py"
    path.write_text(path.read_text().replace("# DECIDE ", "# "))
    story.edit("q.rd", "Not known yet", "Observer, A.")
    said = story.run("deploy", str(story.folder), "--no-publish")
    assert "flares: service.py and q.rd agree; nothing undecided" in said
    assert "20 read, 20 loaded" in said
    assert "Nothing of flares is in quarantine." in story.run("quarantine", "list", "flares")
    assert "20 read, 20 unchanged" in story.run("load", "flares")


def edit_and_rehearse(story: Afternoon) -> None:
    story.edit("service.py", '"granule_gid": "flares"', '"granule_gid": "H-alpha flares"')
    said = story.run("load", "flares")
    assert "flares: this loads what is deployed. service.py in" in said
    assert "changed since; to take that in: epnkit deploy" in said
    # What is deployed makes no difference yet.
    assert "would change 0" in story.run("load", "flares", "--full", "--dry-run")
    story.run("deploy", str(story.folder), "--no-publish")
    said = story.run("load", "flares", "--remap", "--dry-run")
    assert "nothing was written" in said
    assert "would change 0 " in said  # the import of the deployment has done it
    story.change_table(
        "UPDATE flares SET location = 'N20E20', updated = '2024-02-01' WHERE event_no = 9"
    )
    story.change_table(
        f"INSERT INTO flares VALUES (21, 2459100.5, 2459100.6, '{BAD}', 'Kanzelhoehe',"
        " '2024-02-01')"
    )
    story.change_table("DELETE FROM flares WHERE event_no = 20")
    said = story.run("load", "flares", "--full", "--dry-run", status=1)
    assert "20 records read; nothing was written" in said
    assert "would change 1 " in said
    assert "flares_9: 9 -> 20" in said
    assert "would delete 1 flares_20" in said
    assert f"21: '{BAD}' is no position such as N15E30" in said
    assert "flares: 20 granules, 20 in the ledger: they agree" in story.run("status", "flares")


def load_beside_another(story: Afternoon) -> None:
    with closing(story.dachs.cluster.connect()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('epnkit'), hashtext('flares'))")
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state, started)"
            " VALUES ('flares', 'remap', 'running', now() - interval '90 s') RETURNING run"
        )
        ((run,),) = cursor.fetchall()
        said = story.run("load", "flares", status=1)
        cursor.execute("DELETE FROM epnkit.runs WHERE run = %s", (run,))
    holder = rf"run {run} \(remap\) since [0-9:]+, \d+ s now, by user \S+ from this machine"
    assert re.search(f"flares: this waits for another import of it: {holder}", said)
    assert re.search(f"another import of it is running: {holder}", said)


def quarantine_and_retry(story: Afternoon) -> None:
    with serve_hook() as (url, kept):
        said = story.run("load", "flares", "--full", "--notify", url)
        assert "1 changed, 18 unchanged, 1 quarantined, 1 deleted" in said
    assert [each["text"] for each in kept] == [
        "flares: 1 more record is in quarantine, 1 in all. epnkit quarantine list flares says why."
    ]
    assert said_count(story.run("quarantine", "list", "flares"), BAD) == 1
    story.change_table("UPDATE flares SET location = 'N10W10' WHERE event_no = 21")
    assert "1 read, 1 loaded" in story.run("quarantine", "retry", "flares")
    assert "Nothing of flares is in quarantine." in story.run("quarantine", "list", "flares")


def report_and_undeploy(story: Afternoon) -> None:
    pages = story.directory / "pages"
    said = story.run("report", "--all", "-o", str(pages))
    assert "index.html" in said
    page = (pages / "flares.html").read_text()
    assert "All 20 positions of granules without a footprint" in page
    assert '<a href="flares.html">flares</a>' in (pages / "index.html").read_text()
    story.run("undeploy", "flares")
    assert "has no table" in story.run("status", "flares", status=1)
    assert "Deploy it first: epnkit deploy flares" in story.run("load", "flares", status=1)
