"""How long many small files take, and in how much memory: all of them, then none that changed.

``python -m benchmarks.files`` makes 10,000 and 100,000 JSON files in one directory, and reads each
lot in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks import memory
from epnkit.sources.base import ALL, Window
from epnkit.sources.files.readers import read_json
from epnkit.sources.files.settings import FilesSettings
from epnkit.sources.files.source import FilesSource

#: How many files there are.
COUNTS = (10_000, 100_000)


def main(words: list[str]) -> None:
    """Measure, or with ``read DIRECTORY`` read the files of one."""
    if words[:1] == ["read"]:
        read(Path(words[1]))
        return
    with tempfile.TemporaryDirectory(prefix="epnkit-bench-") as name:
        peaks = [measure(Path(name) / str(count), count) for count in COUNTS]
    print(f"ten times the files in {peaks[1] / peaks[0]:.2f} times the memory")


def measure(directory: Path, count: int) -> int:
    """Make files, read them, and print how that went; give the peak of memory in KiB."""
    directory.mkdir()
    for number in range(count):
        (directory / f"obs_{number:06d}.json").write_text(json.dumps(document(number)))
    argv = [sys.executable, "-m", "benchmarks.files", "read", str(directory)]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    assert (told["first"], told["changed"], told["listed"]) == (count, 1, count)
    print(
        f"{count} files: read in {told['reading']:.1f} s; one of them changed, read again in "
        f"{told['again']:.1f} s; compared in {told['comparing']:.1f} s; peak {told['peak']} KiB"
    )
    return int(told["peak"])


def document(number: int) -> dict[str, object]:
    """Make what one file holds."""
    return {
        "id": number,
        "date": "2022-04-19T03:55:33",
        "target": "Sun",
        "exposure": number / 7,
        "axes": [1024, 1024, 8],
        "instrument": {"name": "NRH", "frequency": 150.9},
    }


def read(directory: Path) -> None:
    """Read all files, then those that changed since, then the list of them all."""
    source = FilesSource(FilesSettings(directory, read_json, ("*.json",)))
    began = time.perf_counter()
    first, last = read_window(source, ALL)
    told = {"first": first, "reading": time.perf_counter() - began}
    (directory / "obs_000007.json").write_text(json.dumps(document(8)))
    began = time.perf_counter()
    told["changed"], _ = read_window(source, Window(last, low_closed=False))
    told["again"] = time.perf_counter() - began
    began = time.perf_counter()
    told["listed"] = source.keys(None, None).height
    told["comparing"] = time.perf_counter() - began
    told["peak"] = memory.peak()
    print(json.dumps(told))


def read_window(source: FilesSource, window: Window) -> tuple[int, datetime | None]:
    """Read what a window holds; give the number of records, and the last change."""
    records, last = 0, None
    for batch in source.batches(window):
        newest = batch["modified"].max()
        assert isinstance(newest, datetime)
        last = newest if last is None else max(last, newest)
        records += batch.height
    return records, last


if __name__ == "__main__":
    main(sys.argv[1:])
