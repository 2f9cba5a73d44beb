"""Tables written as files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from astropy.table import MaskedColumn, Table

from epnkit.client.output import write_table

_WRITE = """
from pathlib import Path
from astropy.table import Table
from epnkit.client.output import write_table

write_table(Table({"text": ["x" * length for length in range(2, 1200)]}), Path(r"%s"))
"""


def test_rows_of_every_length_fit_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "rows.vot"
    # Python's debug allocator ends the process if a byte was written beyond what was asked for.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _WRITE % path],
        env={**os.environ, "PYTHONMALLOC": "debug"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[:1000]
    assert len(Table.read(path, format="votable")) == 1198


@pytest.mark.parametrize("form", ["vot", "xml", "ecsv"])
def test_what_is_written_is_read_again(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows.{form}"
    masked = [False, True]
    table = Table(
        {
            "granule_uid": ["a", "Nançay <&>"],
            "time_min": [2453491.8242476853, 2450428.5],
            "processing_level": MaskedColumn([3, 0], mask=masked),
            "target_name": MaskedColumn(["Sun", ""], mask=masked),
            "c1min": MaskedColumn([1.5, 0.0], mask=masked),
        }
    )
    write_table(table, path)
    read = Table.read(path, format="votable" if form != "ecsv" else "ascii.ecsv")
    assert read["granule_uid"].tolist() == ["a", "Nançay <&>"]
    assert read["time_min"].tolist() == [2453491.8242476853, 2450428.5]
    for name in ("processing_level", "c1min"):
        assert read[name].mask.tolist() == masked
    assert str(read["target_name"][0]) == "Sun"
    assert not read["target_name"][1]
