"""How fast sources read, and in how much memory, beside the usual way in the same run.

``python -m benchmarks.sources`` starts its own servers. Runs alternate, after one to warm up; the
figure is the best of five. ``python -m benchmarks.sources sql`` or ``elastic`` measures only those.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scripts.servers import databases, search

from benchmarks import memory
from epnkit.dachs.ports import free_port
from epnkit.sources.base import Order
from epnkit.sources.config.credentials import Secret
from epnkit.sources.search.settings import SearchSettings
from epnkit.sources.search.source import SearchSource
from epnkit.sources.sql.source import SqlSettings, SqlSource

#: How many documents or rows are read for speed.
COUNT = 200_000

#: Documents a page, the same for both.
PAGE = 5_000

_KINDS = {
    "unique_id": "keyword",
    "hdeb": "date",
    "hfin": "date",
    "frq": "integer",
    "file": "keyword",
    "itg": "float",
}


def main(words: list[str]) -> None:
    """Run all or some, or with ``memory N`` read N rows of the database that stdin names."""
    if words[:1] == ["memory"]:
        read_rows(sys.stdin.read(), int(words[1]))
        print(memory.peak())
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", nargs="?", choices=["sql", "elastic"], help="measure only this one")
    kind = parser.parse_args(words).kind
    with tempfile.TemporaryDirectory(prefix="epnkit-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        for measure in (sql, elastic):
            if kind in (None, measure.__name__):
                measure(directory)


def alternate(ours: Callable[[], int], usual: Callable[[], int], runs: int = 5) -> None:
    """Time both in turns and print the best rates."""
    times: dict[str, list[float]] = {"ours": [], "usual": []}
    for run in range(runs + 1):
        for name, action in (("ours", ours), ("usual", usual)):
            began = time.perf_counter()
            assert action() == COUNT
            if run:
                times[name].append(time.perf_counter() - began)
    mine, theirs = (min(times[name]) for name in ("ours", "usual"))
    print(f"  ours {COUNT / mine:,.0f}/s, usual {COUNT / theirs:,.0f}/s, ratio {theirs / mine:.2f}")


def elastic(directory: Path) -> None:
    """Compare with the bare ``helpers.scan``."""
    from elasticsearch import Elasticsearch, helpers

    server = search.start("es8", free_port(), directory / "es8", search.find_cache_directory())
    try:
        client = Elasticsearch(server.url, request_timeout=60)
        properties = {name: {"type": kind} for name, kind in _KINDS.items()}
        client.indices.create(index="nrh", mappings={"properties": properties})
        helpers.bulk(client, map(_document, range(COUNT)), chunk_size=5000)
        client.indices.refresh(index="nrh")
        settings = SearchSettings("nrh", {"match_all": {}}, order=Order(None, ("unique_id",)))
        plain = SearchSettings("nrh", {"match_all": {}})
        for title, chosen in (("sorted by key", settings), ("unsorted", plain)):
            print(f"Elasticsearch 8, {COUNT} documents, page {PAGE}, {title}: helpers.scan")
            source = SearchSource(Secret("bench", server.url), chosen)
            alternate(
                lambda source=source: sum(b.height for b in source.batches(size=PAGE)),  # type: ignore[misc]
                lambda: sum(1 for _ in helpers.scan(client, index="nrh", size=PAGE)),
            )
        client.close()
    finally:
        server.stop()


def _document(number: int) -> dict[str, object]:
    return {
        "_index": "nrh",
        "_id": str(number),
        "unique_id": f"u{number:07d}",
        "hdeb": "2007-12-21T11:44:13.005Z",
        "hfin": "2007-12-21T14:35:44.089Z",
        "frq": [2280, 3270, 4080, number % 5000],
        "file": f"2d{number}",
        "itg": number / 7,
    }


#: How each database makes rows out of whole numbers from 1 on, called n.
_NUMBERS = {
    "SQLite3": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {0}) "
    "INSERT INTO obs SELECT {1} FROM r",
    "MariaDB Unicode": "INSERT INTO obs SELECT {1} FROM (SELECT seq AS n FROM seq_1_to_{0}) AS r",
    "PostgreSQL Unicode": "INSERT INTO obs SELECT {1} FROM generate_series(1, {0}) AS n",
}

#: What follows the number in a row of each: ten have the same value in the cursor.
_ROW = {
    "SQLite3": "'run ' || substr('00000' || n / 10, -6), n / 3.0, n / 7.0, 'ar_' || n",
    "MariaDB Unicode": "CONCAT('run ', LPAD(n DIV 10, 6, '0')), n / 3.0, n / 7.0, CONCAT('ar_', n)",
    "PostgreSQL Unicode": "'run ' || lpad((n / 10)::text, 6, '0'), n / 3.0, n / 7.0, 'ar_' || n",
}


def sql(directory: Path) -> None:
    """Compare with DaCHS's own odbcGrammar, and 10⁶ rows with 10⁵, for each database."""
    for driver, start in (
        ("SQLite3", None),
        ("MariaDB Unicode", databases.start_mariadb),
        ("PostgreSQL Unicode", databases.start_postgresql),
    ):
        where, server = f"Database={directory}/obs.db", None
        if start is not None:
            server = start(free_port(), directory / driver.split()[0])
            where = (
                f"Server=127.0.0.1;Port={server.port};Database={databases.DATABASE};"
                f"UID={databases.USER};PWD={databases.PASSWORD}"
            )
        try:
            of_database(directory, driver, f"Driver={driver};{where}")
        finally:
            if server is not None:
                server.stop()


def of_database(directory: Path, driver: str, text: str) -> None:
    """Measure one database."""
    from gavo import base
    from gavo.grammars.odbcgrammar import ODBCGrammar

    connection = directory / "driver.txt"
    connection.write_text(text)
    element = "<odbcGrammar><query>SELECT * FROM obs</query></odbcGrammar>"
    grammar = base.parseFromString(ODBCGrammar, element)
    fill(text, driver, COUNT)
    settings = SqlSettings("SELECT * FROM obs", Order("t", ("id",)))
    print(f"{driver} by ODBC, {COUNT} rows, with cursor and key: odbcGrammar")
    alternate(
        lambda: sum(b.height for b in SqlSource(Secret("bench", text), settings).batches()),
        lambda: sum(1 for _ in grammar.parse(str(connection), None)),
    )
    peaks = []
    for count in (100_000, 1_000_000):
        fill(text, driver, count)
        peaks.append(peak(text, count))
    print(f"  memory {peaks[0]} KiB for 10^5 rows, {peaks[1]} for 10^6: {peaks[1] / peaks[0]:.2f}")


def fill(text: str, driver: str, count: int) -> None:
    """Make a table of observations."""
    import pyodbc

    with pyodbc.connect(text, autocommit=True) as link:
        link.execute("DROP TABLE IF EXISTS obs")
        link.execute(
            "CREATE TABLE obs (id INTEGER PRIMARY KEY, t VARCHAR(30), x DOUBLE PRECISION, "
            "y DOUBLE PRECISION, name VARCHAR(30), chain VARCHAR(200))"
        )
        row = f"n, {_ROW[driver]}, '{'0123' * 40}'"
        link.execute(_NUMBERS[driver].format(count, row))
        link.execute("CREATE INDEX obs_t ON obs (t, id)")


def peak(text: str, count: int) -> int:
    """Read a table in a process of its own; give its peak of memory in KiB."""
    argv = [sys.executable, "-m", "benchmarks.sources", "memory", str(count)]
    told = subprocess.run(argv, check=True, capture_output=True, text=True, input=text)
    return int(told.stdout)


def read_rows(text: str, count: int) -> None:
    """Read a table as an import would."""
    settings = SqlSettings("SELECT * FROM obs", Order("t", ("id",)))
    assert (
        sum(batch.height for batch in SqlSource(Secret("bench", text), settings).batches()) == count
    )


if __name__ == "__main__":
    main(sys.argv[1:])
