"""``epnkit new`` on a source whose values and names are code: nothing of it is ever executed."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from tests.integration.drafts.test_new import draft_service, known, place
from tests.support.services import Served

__all__ = ["known", "place"]

#: Where all that is executed by mistake leaves a trace.
OWNED = Path("/tmp/owned-by-a-draft")

RUN = f'__import__("os").system("touch {OWNED}")'

VALUES = (
    r"\metaString{x}",
    rf"\quotedArg{{{RUN}}}",
    f'"""+{RUN}+"""',
    f"'+{RUN}+'",
    f"]]></code>{RUN}<code><![CDATA[",
    "%(x)s",
    "${HOME} $title",
    f"`touch {OWNED}`$(touch {OWNED})",
    f"a\n{RUN}\n",
    f"a\\\n{RUN}",
    "'; DROP TABLE hostile.epn_core; --",
    "Kanzelhöhe",
    "\u202eevil\u2066",
    "&lt;&#10;&amp;",
)

#: Names of fields, of which the words in front are understood.
NAMES = (
    r"instrument_name \metaString{x}",
    f'telescope_name """+{RUN}+"""',
    f"obs_title\n{RUN}",
    "note `|<script>alert(1)</script>| ]]> ${HOME} %(x)s",
)


#: The values of a table, three a table: each is asserted by a drafted test.
TABLES = tuple(zip(VALUES, VALUES[5:] + VALUES[:5], VALUES[10:] + VALUES[:10], strict=True))[:5]


@pytest.fixture(params=range(len(TABLES)))
def hostile(request: pytest.FixtureRequest, place: Path) -> Path:
    """A table of which the values, the names of fields and its own name are hostile."""
    value, second, third = TABLES[request.param]
    path = place / f"hostile{request.param}.sqlite"
    path.unlink(missing_ok=True)
    names = ["file_name", "target_name", "instrument_name", *NAMES]
    columns = ", ".join('"' + name.replace('"', '""') + '" TEXT' for name in names)
    table = '"observations; DROP TABLE x"'
    rows = (
        (i, f"2024-01-{1 + i:02}T00:00:00", f"{value}_{i}", second, third, *[value] * len(NAMES))
        for i in range(20)
    )
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, date_obs TEXT, {columns})")
        marks = ",".join("?" * (len(names) + 2))
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    return path


@pytest.mark.usefixtures("known")
def test_nothing_of_a_source_is_executed(
    dachs: PrivateDachs, serving: str, hostile: Path, tmp_path: Path
) -> None:
    OWNED.unlink(missing_ok=True)
    name = hostile.stem
    said = draft_service(name, "--from", str(hostile), "--title", VALUES[0], into=tmp_path)
    assert "\x1b" not in said
    assert "\u202e" not in said
    rd = inputs.install(dachs, tmp_path / name)
    dachs.run("imp", rd)
    done = dachs.run("val", rd)
    assert "-- OK" in done.stdout, done
    served = Served(name, dachs, serving)
    assert served.count_granules() == 20
    with closing(sqlite3.connect(hostile)) as database, database:
        query = 'SELECT DISTINCT instrument_name FROM "observations; DROP TABLE x"'
        ((instrument,),) = database.execute(query)
    # In lists, quotes and backslashes are underscores.
    plain = re.sub(r"[\"'`\\]", "_", instrument)
    assert {*served.query("SELECT instrument_name FROM {table}")["instrument_name"]} == {plain}
    served.check_itself()
    assert not OWNED.exists()


def test_the_words_would_leave_a_trace() -> None:
    subprocess.run(["/bin/sh", "-c", VALUES[7]], check=False, capture_output=True)
    assert OWNED.exists()
    OWNED.unlink()
    exec(VALUES[8].strip().splitlines()[1])  # noqa: S102
    assert OWNED.exists()
    OWNED.unlink()
