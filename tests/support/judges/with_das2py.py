"""Run by a Python that has das2py, numpy and nothing of epnkit: are streams what HAPI has?

Usage: with_das2py.py SERVER; prints how many records of each data set das2py read, as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import urllib.parse
import urllib.request
from typing import Any

import das2  # type: ignore[import-not-found]
import numpy as np

FILL = -1e31


def fetch(base: str, path: str, **query: str) -> bytes:
    """Fetch an answer."""
    address = f"{base}/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(address) as answer:
        return bytes(answer.read())


def read_stream(base: str, key: str, span: tuple[str, str], **more: str) -> list[Any]:
    """Let das2py read a stream."""
    query = {"server": "dataset", "dataset": key, "start_time": span[0], "end_time": span[1]}
    with tempfile.NamedTemporaryFile(suffix=".d2s") as file:
        file.write(fetch(base, "das/server", **query, **more))
        file.flush()
        return list(das2.read_file(file.name))


def read_times(dataset: Any) -> Any:
    """Read the times of a data set's records, to milliseconds: das2py computes them as floats."""
    times = np.asarray(dataset.dCoord["time"].vars["center"].array)
    return (times.reshape(len(times), -1)[:, 0] + np.timedelta64(1000, "ns")).astype("M8[ms]")


def fill(values: Any, number: float) -> Any:
    """Put a number for the values that are missing."""
    return np.where(getattr(values, "mask", False), number, np.asarray(values))


def read_rows(datasets: list[Any], name: str, role: str) -> dict[str, Any]:
    """Read the values of a parameter by their times; what is missing has HAPI's number."""
    rows = {}
    for dataset in datasets:
        values = fill(dataset.dData[name].vars[role].array, FILL)
        # Times are one a record, whatever the shape of its values.
        for time, row in zip(read_times(dataset), values, strict=True):
            rows[str(time)] = np.atleast_1d(row)
    return rows


def compare(base: str, key: str, info: dict[str, Any], span: tuple[str, str]) -> int:
    """Compare each parameter of the records with HAPI's."""
    datasets = read_stream(base, key, span)
    axes = {each["name"] for each in info["parameters"]}
    for parameter in info["parameters"][1:]:
        name = parameter["name"]
        if name not in datasets[0].dData:
            continue  # frequencies that vary, and scalars next to spectra
        centers = parameter.get("bins", [{}])[0].get("centers")
        asked = [centers, name] if isinstance(centers, str) and centers in axes else [name]
        query = {"dataset": key.rpartition("/")[2], "parameters": ",".join(asked), "format": "json"}
        answer = fetch(base, "hapi/data", **query, start=span[0], stop=span[1])
        known = json.loads(answer)["data"]
        found = read_rows(datasets, name, "center")
        assert len(found) == len(known) > 0, (key, name, len(found), len(known))
        for row in known:
            time = str(np.datetime64(row[0][:-1], "ms"))
            good = np.atleast_1d(row[1]) != FILL if len(asked) > 1 else slice(None)
            wanted = np.atleast_1d(np.array(row[-1], float))[good]
            wanted[wanted == -(2**31)] = FILL
            np.testing.assert_array_equal(found[time], wanted, f"{key} {name} {time}")
    return len(known)


def require_reduced(base: str, key: str, span: tuple[str, str]) -> None:
    """See that a view has averages that are not above their peaks."""
    for dataset in read_stream(base, key, span, resolution="3600"):
        for name, dimension in dataset.dData.items():
            mean, peak = (dimension.vars[role].array for role in ("mean", "max"))
            low = fill(mean - peak, 0.0)
            assert (low <= 1e-6 * np.abs(fill(peak, 1.0))).all(), (key, name)
            assert len(mean) > 0


def main(base: str) -> None:
    """Read each data set that the server lists."""
    lines = fetch(base, "das/server", server="list").decode().splitlines()
    keys = [key for key, _, _ in (line.partition("|") for line in lines) if not key.endswith("/")]
    compared = {}
    for key in keys:
        dataset = key.rpartition("/")[2]
        info = json.loads(fetch(base, "hapi/info", dataset=dataset))
        span = info["sampleStartDate"], info["sampleStopDate"]
        compared[dataset] = compare(base, key, info, span)
        require_reduced(base, key, span)
        texts = read_stream(base, key, span, ascii="1")
        assert sum(len(read_times(each)) for each in texts) == compared[dataset]
    print(json.dumps(compared))


if __name__ == "__main__":
    main(sys.argv[1])
