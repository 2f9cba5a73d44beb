"""A service's granules as a file: what TAP serves, and what the ledger says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyvo
from astropy.table import Table

from epnkit.dachs.private import PrivateDachs
from tests.support.commands import Ended, run_epnkit


def export(dachs: PrivateDachs, service: str, path: Path) -> Ended:
    return run_epnkit("export", service, "-o", str(path), "--dachs", str(dachs.root))


def test_a_file_holds_what_tap_serves(dachs: PrivateDachs, hfc1ar: str, tmp_path: Path) -> None:
    done = export(dachs, "hfc1ar", tmp_path / "x.parquet")
    assert done.exit_code == 0, done.output
    found = pl.read_parquet(tmp_path / "x.parquet")
    query = "SELECT granule_uid, time_min, s_region FROM hfc1ar.epn_core ORDER BY granule_uid"
    served = pyvo.dal.TAPService(hfc1ar).run_sync(query, maxrec=100_000).to_table()
    assert found["granule_uid"].to_list() == list(served["granule_uid"])
    assert found["time_min"].to_list() == list(served["time_min"])
    for text, polygon in zip(found["s_region"], served["s_region"], strict=True):
        if text is not None:
            numbers = np.array([float(each) for each in text.split()])
            # DaCHS writes STC-S: Polygon, the frame, numbers.
            wanted = [float(each) for each in str(polygon).split()[2:]]
            np.testing.assert_allclose(numbers, wanted, atol=1e-6)
    told = pl.read_parquet_metadata(tmp_path / "x.parquet")
    assert told["granules"] == told["tracked"] == str(found.height)
    assert told["last_run_state"] == "done"
    assert found["record_key"].null_count() == 0


def test_every_form_has_all_rows(dachs: PrivateDachs, hfc1ar: str, tmp_path: Path) -> None:
    heights = set()
    for ending, form in (("vot", "votable"), ("csv", "ascii.csv"), ("ecsv", "ascii.ecsv")):
        path = tmp_path / f"x.{ending}"
        assert str(path) in export(dachs, "hfc1ar", path).output
        table = Table.read(path, format=form)
        heights.add(len(table))
        assert "record_key" in table.colnames
    assert len(heights) == 1


def test_a_service_that_is_not_there_is_named(
    dachs: PrivateDachs, hfc1ar: str, tmp_path: Path
) -> None:
    done = export(dachs, "nosuch", tmp_path / "x.csv")
    assert done.exit_code != 0
    assert "nosuch.epn_core" in done.output
    assert not (tmp_path / "x.csv").exists()
