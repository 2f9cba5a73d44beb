from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner

from epnkit.cli.footprint import command

HEADER = "id,DATE_OBS,Cdelt1,CDELT2,CENTER_X,CENTER_Y,R_SUN,CC_X_PIX,CC_Y_PIX,CHAIN_CODE"
GOOD = "a,2010-01-01T00:00:00,2,2,512,512,480,500,500,444466660000" + "2222"
BAD = "b,2010-01-01T00:00:00,2,2,512,512,480,500,500,4498"


def test_regions_are_added_and_a_bad_row_passes_through(tmp_path: Path) -> None:
    table, out, picture = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "map.png"
    table.write_text("\n".join([HEADER, GOOD, BAD]) + "\n")
    done = CliRunner().invoke(command, [str(table), "-o", str(out), "--map", str(picture)])
    with out.open(newline="") as file:
        good, bad = csv.DictReader(file)
    assert done.exit_code == 1
    assert f"{table}:3: bad chain code" in done.output
    assert good["s_region"].startswith("Polygon ")
    assert float(good["c1min"]) < float(good["c1max"])
    assert (bad["id"], bad["s_region"], bad["c1min"], bad["flags"]) == ("b", "", "", "bad")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_good_table_ends_well(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("\n".join([HEADER, GOOD]) + "\n")
    done = CliRunner().invoke(command, [str(table), "--moc-order", "6"])
    assert done.exit_code == 0
    assert done.output.splitlines()[0].endswith("area_deg2,flags")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("date_obs,chain_code\n2010-01-01,0426\n")
    done = CliRunner().invoke(command, [str(table)])
    assert "cdelt1" in str(done.exception)
