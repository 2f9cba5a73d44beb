"""A small TAP server in the manner of ESA's archives, for the tables of a replica.

``python -m epnkit.replicas.tap MAKE.PY [ADDRESS]`` serves on a free port, which it prints.  The
module's ``tap_tables()`` gives the tables, and its ``read_product(item)`` the file of a data item,
if it has them.  What is served is what the published client sunpy-soar and epnkit's own source ask
for: synchronous queries, as VOTable (TAP 1.1) or as the JSON of ESA's service, and files by
``data?data_item_id=…``.  Queries are run by SQLite, to which ADQL of joins and conditions is plain
SQL but for ``TOP``; times, texts such as ``2022-03-05 07:25:22.000``, are compared as a database
compares timestamps, however a query writes them.  Long answers are cut without a word, as users of
the real service have seen.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

from epnkit.modules import run_file
from epnkit.replicas.answering import ReplicaHandler, make_replica_server
from epnkit.replicas.archive import replace_host

#: How many rows an answer has at most, whatever is asked for.
MOST = 400

#: Where the service is below the server's address, as ESA's is.
PATH = "/soar-sl-tap/tap"

_TOP = re.compile(r"^\s*SELECT\s+TOP\s+(\d+)\s", re.IGNORECASE)
_TIME = re.compile(r"'(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)'")

#: The types of columns: SQLite's, and VOTable's with the size of an array.
_TYPES = {
    "text": ("TEXT", ("char", "*")),
    "timestamp": ("TEXT", ("char", "*")),
    "integer": ("INTEGER", ("long", None)),
    "double": ("REAL", ("double", None)),
}

_BEGIN = '<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'

Row = Sequence[Any]


@dataclass(frozen=True)
class TapTable:
    """A table.

    Parameters
    ----------
    name : str
        Its name, without a schema.
    columns : mapping of str to str
        Its columns, each ``text``, ``timestamp``, ``integer`` or ``double``.
    rows : sequence
        Its rows, the values in the order of the columns.
    """

    name: str
    columns: Mapping[str, str]
    rows: Sequence[Row]


class TapDatabase:
    """The tables, in memory.

    Parameters
    ----------
    tables : sequence of TapTable
        The tables.
    schema : str
        The schema that may stand before their names in queries.
    """

    def __init__(self, tables: Sequence[TapTable], schema: str = "soar") -> None:
        self._schema = re.compile(rf"\b{schema}\.(?=\w)", re.IGNORECASE)
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._lock = Lock()
        self.types = {name: kind for table in tables for name, kind in table.columns.items()}
        for table in tables:
            self._create(table)
        self._connection.execute("PRAGMA query_only = 1")

    def close(self) -> None:
        """Forget the tables."""
        self._connection.close()

    def _create(self, table: TapTable) -> None:
        columns = ", ".join(f"{name} {_TYPES[kind][0]}" for name, kind in table.columns.items())
        self._connection.execute(f"CREATE TABLE {table.name} ({columns})")
        marks = ", ".join("?" * len(table.columns))
        insert = f"INSERT INTO {table.name} VALUES ({marks})"  # noqa: S608 - the replica's names
        self._connection.executemany(insert, table.rows)

    def run(self, query: str, most: int) -> tuple[list[str], list[Row]]:
        """Run a query; give the names of its columns, and at most so many rows.

        Raises
        ------
        sqlite3.Error
            If it is none.
        """
        top = _TOP.match(query)
        plain = _TOP.sub("SELECT ", query)
        plain = _TIME.sub(_write_time, self._schema.sub("", plain))
        least = min(int(top[1]), most) if top else most
        with self._lock:
            cursor = self._connection.execute(plain)
            names = [str(column[0]) for column in cursor.description]
            return names, cursor.fetchmany(least)


def _write_time(found: re.Match[str]) -> str:
    """Write a time of a query as the tables have them, as texts: to the millisecond."""
    day, clock = found.groups()
    time = datetime.fromisoformat(f"{day} {clock:0<15}" if "." in clock else f"{day} {clock}")
    return f"'{time.isoformat(' ', 'milliseconds')}'"


def write_votable(
    names: Sequence[str], rows: Sequence[Row], types: Mapping[str, str]
) -> Iterator[str]:
    """Write an answer as VOTable 1.3, as TAP wants it (DALI, section 4.4)."""
    yield _BEGIN
    yield '<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/><TABLE>'
    for number, name in enumerate(names):
        kind, size = _field_type(types.get(name.lower()), [row[number] for row in rows])
        array = "" if size is None else f' arraysize="{size}"'
        yield f'<FIELD name={quoteattr(name)} datatype="{kind}"{array}/>'
    yield "<DATA><TABLEDATA>"
    for row in rows:
        cells = (f"<TD>{'' if each is None else escape(str(each))}</TD>" for each in row)
        yield f"<TR>{''.join(cells)}</TR>"
    yield "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"


def _field_type(declared: str | None, values: Sequence[Any]) -> tuple[str, str | None]:
    if declared is not None:
        return _TYPES[declared][1]
    known = next((value for value in values if value is not None), None)
    return _TYPES["integer" if isinstance(known, int) else "text"][1]


def write_error(reason: str) -> str:
    """Write a refusal as TAP does."""
    return (
        f'{_BEGIN}<RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">'
        f"{escape(reason)}</INFO></RESOURCE></VOTABLE>"
    )


class _TapHandler(ReplicaHandler):
    """Answers queries, and requests for files."""

    database: TapDatabase
    read_product: Callable[[str], tuple[str, bytes] | None]

    def do_GET(self) -> None:  # noqa: N802 - a name of http.server
        """Answer a request; as a proxy it is sent the whole address."""
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:  # noqa: N802 - a name of http.server
        """Answer a query that was sent as a form."""
        length = int(self.headers.get("Content-Length", 0))
        self._answer(self.rfile.read(length).decode())

    def _answer(self, given: str) -> None:
        asked = {name.upper(): values[0] for name, values in parse_qs(given).items()}
        path = urlsplit(self.path).path
        if path.endswith("/tap/sync") and "QUERY" in asked:
            self._query(asked)
        elif path.endswith("/data") and "DATA_ITEM_ID" in asked:
            self._send_product(asked["DATA_ITEM_ID"])
        else:
            self.send("there is no such resource", "text/plain", 404)

    def _query(self, asked: Mapping[str, str]) -> None:
        most = min(MOST, int(asked.get("MAXREC", MOST)))
        try:
            names, rows = self.database.run(asked["QUERY"], most)
        except sqlite3.Error as error:
            self.send(write_error(str(error)), "application/x-votable+xml", 400)
            return
        if asked.get("FORMAT", "").lower() == "json":
            described = [{"name": name} for name in names]
            self.send(json.dumps({"metadata": described, "data": rows}), "application/json")
        else:
            votable = "".join(write_votable(names, rows, self.database.types))
            self.send(votable, "application/x-votable+xml")

    def _send_product(self, item: str) -> None:
        found = self.read_product(item)
        if found is None:
            self.send("there is no such data item", "text/plain", 404)
            return
        name, content = found
        named = {"Content-Disposition": f'attachment;filename="{name}"'}
        self.send(content, "application/octet-stream", more=named)


def make_server(
    tables: Sequence[TapTable],
    read_product: Callable[[str], tuple[str, bytes] | None] = lambda _: None,
) -> ThreadingHTTPServer:
    """Make a server of tables on a free port of the loopback.

    Parameters
    ----------
    tables : sequence of TapTable
        The tables.
    read_product : callable
        Gives the name and the content of a data item's file; None if there is no such item.
    """
    found = TapDatabase(tables)
    server = make_replica_server(
        _TapHandler, database=found, read_product=staticmethod(read_product)
    )
    weakref.finalize(server, found.close)
    return server


def main(make: str, address: str = "") -> None:
    """Serve the tables of a replica until the process is ended."""
    path = Path(make)
    name = path.parts[-3]
    module = run_file(path, f"replica_{name}_make")
    served = [
        TapTable(each.name, each.columns, replace_host(list(each.rows), name, address or None))
        for each in module.tap_tables()
    ]
    products = {"read_product": module.read_product} if hasattr(module, "read_product") else {}
    server = make_server(served, **products)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
