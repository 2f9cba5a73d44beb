"""Run by a Python that has hapiclient, numpy and nothing of epnkit: CSV = binary = JSON?

Usage: with_hapiclient.py SERVER; prints a line for each parameter, fails at the first difference.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import urllib.parse
import urllib.request
from typing import Any

import numpy as np
from hapiclient import hapi  # type: ignore[import-not-found]


def read_records(server: str, dataset: str, name: str, start: str, stop: str) -> list[list[Any]]:
    """Read JSON, which hapiclient does not."""
    query = {"dataset": dataset, "parameters": name, "start": start, "stop": stop, "format": "json"}
    address = f"{server}/data?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(address) as answer:
        return list(json.loads(answer.read())["data"])


def compare(server: str, dataset: str, name: str, start: str, stop: str) -> int:
    """Compare the formats of one parameter; give the number of records."""
    made = {}
    for form in ("csv", "binary"):
        cache = tempfile.mkdtemp()
        options = {"format": form, "usecache": False, "cachedir": cache, "logging": False}
        made[form], _ = hapi(server, dataset, name, start, stop, **options)
        shutil.rmtree(cache)
    rows = read_records(server, dataset, name, start, stop)
    csv, binary = made["csv"], made["binary"]
    assert csv.dtype.names == binary.dtype.names == ("Time", name)
    assert len(csv) == len(binary) == len(rows) > 0
    for number, field in enumerate(csv.dtype.names):
        json_values = np.array([row[number] for row in rows])
        np.testing.assert_array_equal(csv[field], binary[field])
        # Times are bytes to hapiclient, other texts are not.
        found = binary[field].astype(str) if json_values.dtype.kind == "U" else binary[field]
        np.testing.assert_array_equal(found, json_values)
    return len(rows)


def main(server: str) -> None:
    """Compare each parameter of each data set, in its sample."""
    count = 0
    catalog = hapi(server)
    for each in catalog["catalog"]:
        info = hapi(server, each["id"])
        start, stop = info["sampleStartDate"], info["sampleStopDate"]
        for parameter in info["parameters"][1:]:
            records = compare(server, each["id"], parameter["name"], start, stop)
            print(f"{each['id']} {parameter['name']}: {records} records")
            count += 1
    print(f"{count} parameters are the same in each format")


if __name__ == "__main__":
    main(sys.argv[1])
