"""How fast sources read, and in how much memory, beside the usual way in the same run.

``python -m benchmarks.sources`` starts its own servers. Runs alternate, after one to warm up; the
figure is the median.
"""

from __future__ import annotations

import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scripts.servers import search
from scripts.servers.processes import free_port

from epnkit.sources.base import Order
from epnkit.sources.credentials import Secret
from epnkit.sources.search import SearchSource
from epnkit.sources.search_file import SearchSettings
from epnkit.sources.sql import SqlSettings, SqlSource

#: How many documents or rows are read for speed.
COUNT = 200_000

#: Documents a page, the same for both.
PAGE = 5_000

_KINDS = {"unique_id": "keyword", "hdeb": "date", "hfin": "date", "frq": "integer",
          "file": "keyword", "itg": "float"}  # fmt: skip


def main(words: list[str]) -> None:
    """Run all, or with ``memory N`` read N rows and tell the peak of memory in KiB."""
    with tempfile.TemporaryDirectory(prefix="epnkit-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        if words[:1] == ["memory"]:
            read_rows(directory, int(words[1]))
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            return
        sql(directory)
        memory()
        elastic(directory)


def alternate(ours: Callable[[], int], usual: Callable[[], int], runs: int = 3) -> None:
    """Time both in turns and print the median rates."""
    times: dict[str, list[float]] = {"ours": [], "usual": []}
    for run in range(runs + 1):
        for name, action in (("ours", ours), ("usual", usual)):
            began = time.perf_counter()
            assert action() == COUNT
            if run:
                times[name].append(time.perf_counter() - began)
    mine, theirs = (statistics.median(times[name]) for name in ("ours", "usual"))
    print(f"  ours {COUNT / mine:,.0f}/s, usual {COUNT / theirs:,.0f}/s, ratio {theirs / mine:.2f}")


def elastic(directory: Path) -> None:
    """Compare with the bare ``helpers.scan``."""
    from elasticsearch import Elasticsearch, helpers

    server = search.start("es8", free_port(), directory / "es8", search.cache_directory())
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
        "_index": "nrh", "_id": str(number), "unique_id": f"u{number:07d}",
        "hdeb": "2007-12-21T11:44:13.005Z", "hfin": "2007-12-21T14:35:44.089Z",
        "frq": [2280, 3270, 4080, number % 5000], "file": f"2d{number}", "itg": number / 7,
    }  # fmt: skip


def sql(directory: Path) -> None:
    """Compare with what DaCHS's odbcGrammar does: fetch row by row, make dictionaries."""
    import pyodbc

    text = fill(directory, COUNT)

    def usual() -> int:
        with pyodbc.connect(text) as link:
            cursor = link.execute("SELECT * FROM obs")
            names = [described[0] for described in cursor.description]
            return sum(1 for _ in (dict(zip(names, row, strict=True)) for row in cursor))

    source = SqlSource(Secret("bench", text), SqlSettings("SELECT * FROM obs", Order("t", ("id",))))
    print(f"SQLite by ODBC, {COUNT} rows, with cursor and key: odbcGrammar's loop")
    alternate(lambda: sum(batch.height for batch in source.batches()), usual)


def fill(directory: Path, count: int) -> str:
    """Make a table of observations; give its connection string."""
    path = directory / f"obs{count}.db"
    link = sqlite3.connect(path)
    link.execute(
        "CREATE TABLE obs (id INTEGER PRIMARY KEY, t TEXT, x REAL, y REAL, name TEXT, chain TEXT)"
    )
    rows = ((n, "2022-04-19T03:55:33", n / 3, n / 7, f"ar_{n}", "0123" * 40) for n in range(count))
    link.executemany("INSERT INTO obs VALUES (?, ?, ?, ?, ?, ?)", rows)
    link.execute("CREATE INDEX obs_t ON obs (t, id)")
    link.commit()
    link.close()
    return f"Driver=SQLite3;Database={path}"


def read_rows(directory: Path, count: int) -> None:
    """Read a table as an import would."""
    settings = SqlSettings("SELECT * FROM obs", Order("t", ("id",)))
    source = SqlSource(Secret("bench", fill(directory, count)), settings)
    assert sum(batch.height for batch in source.batches()) == count


def memory() -> None:
    """Compare the peaks of memory for 10⁵ and 10⁶ rows, each in a process of its own."""
    peaks = [
        int(subprocess.run([sys.executable, "-m", "benchmarks.sources", "memory", str(count)],
                           check=True, capture_output=True, text=True).stdout)
        for count in (100_000, 1_000_000)
    ]  # fmt: skip
    print(f"Memory: {peaks[0]} KiB for 10^5 rows, {peaks[1]} for 10^6: {peaks[1] / peaks[0]:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
