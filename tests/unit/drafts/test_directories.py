"""``epnkit new`` on a directory of each format: each file becomes a granule of the draft."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import asdf
import cdflib.cdfwrite
import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner

from epnkit.cli.new import command
from epnkit.loading.prepare.preview import preview
from epnkit.service import read_service
from epnkit.sources import open_source

COUNT = 5


def start(number: int) -> str:
    return f"2022-03-0{number + 1}T06:00:00"


def write_fits(path: Path, number: int) -> None:
    unit = fits.PrimaryHDU(np.zeros((2, 2), dtype=np.int16))
    unit.header["DATE-OBS"] = start(number)
    unit.header["OBJECT"] = "Saturn"
    unit.writeto(path)


def write_cdf(path: Path, number: int) -> None:
    with cdflib.cdfwrite.CDF(path) as cdf:
        cdf.write_globalattrs({"VESPA_target_name": {0: "Saturn"}, "Logical_source": {0: "hill"}})
        epochs = cdflib.cdfepoch.compute_epoch(
            [[2022, 3, number + 1, hour, 0, 0, 0] for hour in (6, 7)]
        )
        spec = {
            "Variable": "Epoch",
            "Data_Type": 31,
            "Num_Elements": 1,
            "Rec_Vary": True,
            "Dim_Sizes": [],
        }
        cdf.write_var(spec, var_data=np.array(epochs))


def write_asdf(path: Path, number: int) -> None:
    asdf.AsdfFile({"meta": {"date_obs": start(number), "target": "Saturn"}}).write_to(path)


def write_json(path: Path, number: int) -> None:
    path.write_text(json.dumps({"startTime": start(number), "target": "Saturn"}))


def write_csv(path: Path, number: int) -> None:
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerows([("date_obs", "target"), (start(number), "Saturn")])


def write_label(path: Path, number: int) -> None:
    lines = [
        "PDS_VERSION_ID = PDS3",
        f"START_TIME = {start(number)}Z",
        f"STOP_TIME = {start(number)}Z",
        'TARGET_NAME = "SATURN"',
        "END",
    ]
    path.write_text("\r\n".join(lines) + "\r\n")


WRITERS: dict[str, Callable[[Path, int], None]] = {
    ".fits": write_fits,
    ".cdf": write_cdf,
    ".asdf": write_asdf,
    ".json": write_json,
    ".csv": write_csv,
    ".LBL": write_label,
}


# sunpy 4.1 has a plugin for asdf that needs what is not here.
@pytest.mark.filterwarnings("ignore:asdf.extensions plugin:asdf.exceptions.AsdfWarning")
@pytest.mark.parametrize("ending", WRITERS)
def test_each_file_becomes_a_granule(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    data = tmp_path / "data"
    data.mkdir()
    for number in range(COUNT):
        WRITERS[ending](data / f"hill_{number}{ending}", number)
    (data / "notes.txt").write_text("no data")
    done = CliRunner().invoke(command, ["hill", "--from", str(data), "--into", str(tmp_path / "r")])
    assert done.exit_code == 0, (done.output, done.exception)
    service = read_service(tmp_path / "r" / "hill")
    made = preview(service, open_source(service.source_file, service.order), 20)
    assert made.granules["granule_uid"].to_list() == [f"hill_{n}" for n in range(COUNT)]
    assert made.granules["time_min"].to_list() == [2459639.75 + n for n in range(COUNT)]
    assert set(made.granules["target_name"]) == {"Saturn"}
    assert len(made.refusals) == 0
