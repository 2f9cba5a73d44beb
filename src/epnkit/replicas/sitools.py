"""A server in the manner of SiTools2, for the data sets of a replica.

``python -m epnkit.replicas.sitools MAKE.PY [ADDRESS]`` serves on a free port, which it prints.  The
module's ``datasets()`` gives the data sets.  What is served is what the published client
pysitools2 asks for: the description of a data set with its columns, its resources, records in pages
of 300 at most, and their count, with the filters and the order that it sends.  The client does not
read 350,000 records or more by one query, and this server gives none beyond that number.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from epnkit.modules import run_file
from epnkit.replicas.answering import ReplicaHandler, make_replica_server
from epnkit.replicas.archive import replace_host

#: How many records a page has at most, and how many a query must not select.
LARGEST_PAGE, MOST = 300, 350_000

Record = Mapping[str, Any]


@dataclass(frozen=True)
class SitoolsColumn:
    """A column of a data set.

    Parameters
    ----------
    alias : str
        The name by which records have it.
    kind : str
        Its type in the database: ``int4``, ``float8``, ``varchar`` or ``timestamp``.
    key : bool
        Whether it is the primary key.
    """

    alias: str
    kind: str
    key: bool = False

    def describe(self) -> dict[str, Any]:
        """Describe it as the service does."""
        return {
            "columnAlias": self.alias,
            "dataIndex": self.alias,
            "sqlColumnType": self.kind,
            "filter": True,
            "sortable": True,
            "primaryKey": self.key,
            "columnRenderer": {"behavior": "noClientAccess" if self.key else "localization"},
        }


@dataclass(frozen=True)
class SitoolsDataset:
    """A data set.

    Parameters
    ----------
    name : str
        Its name in addresses: ``webs_GAIA-DEM_dataset``.
    columns : tuple of Column
        Its columns.
    records : sequence of mapping
        Its records, each with all columns.
    most : int
        Beyond how many records a query gives no page.
    """

    name: str
    columns: tuple[SitoolsColumn, ...]
    records: Sequence[Record]
    most: int = MOST

    def describe(self) -> dict[str, Any]:
        """Describe it, as ``?media=json`` does."""
        columns = [each.describe() for each in self.columns]
        described = {"name": self.name, "description": f"Synthetic {self.name}"}
        return {"success": True, "dataset": {**described, "columnModel": columns}}

    def select(self, asked: Mapping[str, str]) -> list[Record]:
        """Select the records that a request's filters let through, in its order.

        Records that the order does not tell apart come in another order with each page, as a
        database may give them.
        """
        held: Iterable[Record] = self.records
        for name, value in asked.items():
            if re.fullmatch(r"p\[\d+\]", name):
                held = _filter(held, value)
        found = list(held)
        if "sort" in asked:
            random.Random(asked.get("start", "0")).shuffle(found)  # noqa: S311 - no secret
            for each in reversed(json.loads(asked["sort"])["ordersList"]):
                order = partial(_sort_value, name=each["field"])
                found.sort(key=order, reverse=each["direction"] == "DESC")
        return found

    def answer(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Answer a request for a page."""
        found = self.select(asked)
        start, limit = int(asked.get("start", 0)), int(asked.get("limit", LARGEST_PAGE))
        if min(start + limit, len(found)) > self.most:
            return {"success": False, "message": f"a query gives fewer than {self.most} records"}
        page = found[start : start + min(limit, LARGEST_PAGE)]
        names = [name.strip() for name in asked.get("colModel", "").strip('"').split(",") if name]
        chosen = [{name: each[name] for name in names} for each in page] if names else page
        return {"success": True, "data": chosen, "total": len(found)}


def _sort_value(record: Record, name: str) -> tuple[bool, Any]:
    """Return by what a record is sorted: those without a value come last."""
    return record[name] is None, record[name]


def _filter(records: Iterable[Record], value: str) -> list[Record]:
    """Filter records as a parameter ``p[n]`` says: ``DATE_BETWEEN|date_obs|from|to``."""
    operation, name, *values = value.split("|")
    if operation == "LISTBOXMULTIPLE":
        return [each for each in records if str(each[name]) in values]
    if operation == "CADENCE":
        return [each for each in records if values[0] in str(each[name]).split("|")]
    low, high = values
    if operation == "NUMERIC_BETWEEN":
        return [each for each in records if float(low) <= each[name] <= float(high)]
    if operation == "DATE_BETWEEN":
        return [each for each in records if each[name] and low <= each[name] <= high]
    return []


class _SitoolsHandler(ReplicaHandler):
    """Answers for the data sets of a server."""

    datasets: Mapping[str, SitoolsDataset]

    def do_GET(self) -> None:  # noqa: N802 - a name of http.server
        """Answer a request."""
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        name, _, what = parts.path.strip("/").partition("/")
        dataset = self.datasets.get(name)
        if (name, what) == ("sitools", "portal"):
            self._send({"success": True})
        elif dataset is None or what not in ("", "records", "count"):
            self._send({"success": False, "message": "there is no such resource"}, 404)
        elif asked.get("method") == "OPTIONS":
            self.send(_WADL, "application/vnd.sun.wadl+xml")
        elif what == "":
            self._send(dataset.describe())
        elif what == "count":
            self._send({"total": len(dataset.select(asked))})
        else:
            self._send(dataset.answer(asked))

    def _send(self, content: object, status: int = 200) -> None:
        self.send(json.dumps(content), "application/json", status)


_WADL = (
    '<?xml version="1.0"?><application xmlns="http://wadl.dev.java.net/2009/02"><resources>'
    '<resource path="records"/><resource path="count"/></resources></application>'
)


def make_server(datasets: Iterable[SitoolsDataset]) -> ThreadingHTTPServer:
    """Make a server of data sets on a free port of the loopback."""
    return make_replica_server(_SitoolsHandler, datasets={each.name: each for each in datasets})


def main(make: str, address: str = "") -> None:
    """Serve the data sets of a replica until the process is ended."""
    path = Path(make)
    name = path.parts[-3]
    given = run_file(path, f"replica_{name}_make").datasets()
    served = [
        SitoolsDataset(
            each.name, each.columns, replace_host(list(each.records), name, address or None)
        )
        for each in given
    ]
    server = make_server(served)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
