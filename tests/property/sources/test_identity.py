"""Key, digest and content hash of a record are the same in every process, seed, locale, driver."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.property.sources.databases import CONNECTIONS, Database
from tests.property.sources.test_file_fuzz import MAKERS

pytest_plugins = ["tests.support.servers"]

ROOT = Path(__file__).resolve().parents[3]

#: Hash seeds, and locales (as far as a machine has them), with a time zone each.
ENVIRONMENTS = [
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu"},
]


def print_identities(*words: str) -> set[str]:
    """Run the program in every environment; give what it prints."""

    def run(environment: dict[str, str]) -> str:
        argv = [sys.executable, str(Path(__file__).with_name("identity.py")), *words]
        path = f"{ROOT / 'src'}:{ROOT}"
        done = subprocess.run(
            argv,
            env={**os.environ, **environment, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    with ThreadPoolExecutor(2) as pool:
        return set(pool.map(run, ENVIRONMENTS))


@pytest.mark.parametrize(
    "form",
    ["fits", "pds3", *(pytest.param(f, marks=pytest.mark.all) for f in ("json", "csv", "asdf"))],
)
def test_files_are_the_same_in_every_process(tmp_path: Path, form: str) -> None:
    rng = random.Random(7)
    for number in range(6):
        (tmp_path / f"é{number}").write_bytes(MAKERS[form](rng))
    if form == "pds3":
        (tmp_path / "set.lbl").write_text('PDS_VERSION_ID = PDS3\nT = {"C", "A", "B"}\nEND\n')
    assert len(print_identities(str(tmp_path), form)) == 1


_TABLES = {
    "mariadb": (
        "CREATE TABLE identity (a VARCHAR(20) CHARACTER SET utf8mb4, b INT, x DOUBLE, f FLOAT,"
        " n DECIMAL(12,3), d DATE, t DATETIME(3), s TEXT CHARACTER SET utf8mb4, c CHAR(5))",
        "INSERT INTO identity VALUES ('é|1', 1, 0.1, 676.8, 1.5, '2001-02-03',"
        " '2001-02-03 04:05:06.789', 'µ', 'a'), ('', -2, 1e300, 1, NULL, NULL, NULL, NULL, NULL),"
        " ('\\\\x', 3, 1e-7, 0.1, 2, '0001-01-01', '9999-12-31', '', 'b')",
    ),
    "postgresql": (
        "CREATE TABLE identity (a VARCHAR(20), b INT, x FLOAT8, f REAL, n NUMERIC, d DATE,"
        " t TIMESTAMPTZ, s TEXT, c CHAR(5), l TEXT[], j JSONB, u UUID, o BOOLEAN)",
        "INSERT INTO identity VALUES ('é|1', 1, 0.1, 676.8, 1.5, '2001-02-03',"
        " '2001-02-03 04:05:06.789+02', 'µ', 'a', '{A,b}', '{\"b\": 1, \"a\": 2}',"
        " 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', true), ('', -2, 1e300, 1, NULL, NULL,"
        " NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        " ('\\x', 3, 1e-7, 0.1, 2, '0001-01-01', 'infinity', '', 'b', NULL, NULL,"
        " NULL, false)",
    ),
    "sqlite": (
        "CREATE TABLE identity (a TEXT, b INTEGER, x REAL, f FLOAT, n NUMERIC, d DATE, m)",
        "INSERT INTO identity VALUES ('é|1', 1, 2456783.797326388, 0.1, 1.5, '2001-02-03', 7),"
        " ('', -2, 1e300, 676.8, NULL, NULL, 'text'),"
        " ('\\x', 3, 0.12345678901234566, 1, 9223372036854775807, '', 2.5)",
    ),
}


@pytest.mark.parametrize("name", list(_TABLES))
def test_rows_are_the_same_in_every_process_and_by_every_driver(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    is_file = name == "sqlite"
    where = str(tmp_path / "identity.db") if is_file else request.getfixturevalue(name).port
    database = Database(name, where)
    database.execute("DROP TABLE IF EXISTS identity", *_TABLES[name])
    found = set[str]()
    for text in CONNECTIONS[name]:
        found |= print_identities(text.format(database.where))
    assert len(found) == 1, found
