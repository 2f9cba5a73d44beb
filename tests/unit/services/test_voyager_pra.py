"""Voyager/PRA: what labels become; a real Voyager label among them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.support.granules import granule, of_folder, reasons

NAME = "VG1-J-PRA-4-SUMM-BROWSE-48SEC-V1.0"

RECORD = {
    "file_name": "T790306.LBL",
    "url": "https://pra.example/T790306.LBL",
    "DATA_SET_ID": NAME,
    "START_TIME": "1979-03-06T00:00:00.000Z",
    "STOP_TIME": "1979-03-06T23:59:59.996Z",
    "series.url": "https://pra.example/T790306.DAT",
    "series.size": 2000,
}


def test_a_day_is_a_granule() -> None:
    row = granule("voyager_pra", **RECORD)
    assert row["granule_uid"] == f"{NAME}_T790306"
    assert row["granule_gid"] == NAME
    # 1979-03-06 began at JD 2443938.5.
    assert row["time_min"] == 2443938.5
    assert row["time_max"] == pytest.approx(2443939.5 - 0.004 / 86400, abs=1e-9)
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (1200.0, 1326000.0)
    assert (row["access_estsize"], row["file_name"]) == (2, "T790306.DAT")


@pytest.mark.parametrize(
    ("data_set", "host", "target", "step", "level"),
    [
        ("VG1-J-PRA-3-RDR-LOWBAND-6SEC-V1.0", "voyager-1", "Jupiter", 6, 3),
        ("VG1-S-PRA-3-RDR-LOWBAND-6SEC-V1.0", "voyager-1", "Saturn", 6, 3),
        ("VG2-U-PRA-4-SUMM-BROWSE-48SEC-V1.0", "voyager-2", "Uranus", 48, 5),
        ("VG2-N-PRA-3-RDR-LOWBAND-6SEC-V1.0", "voyager-2", "Neptune", 6, 3),
    ],
)
def test_the_data_set_tells_spacecraft_planet_and_step(
    data_set: str, host: str, target: str, step: int, level: int
) -> None:
    row = granule("voyager_pra", **{**RECORD, "DATA_SET_ID": data_set})
    assert (row["instrument_host_name"], row["target_name"]) == (host, target)
    assert (row["time_sampling_step_min"], row["processing_level"]) == (step, level)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"START_TIME": "UNK"}, "is not a time"),
        (
            {"START_TIME": "1979-03-07T00:00:00Z", "STOP_TIME": "1979-03-08T00:00:00Z"},
            "has content of another time",
        ),
        ({"DATA_SET_ID": "VG2-N-PRA-2-RDR-HIGHRATE-60MS-V1.0"}, "is not the name of a data set"),
        ({"unreadable": "ValueError: cut"}, "it cannot be read"),
    ],
)
def test_a_wrong_label_is_refused(changes: dict[str, str], why: str) -> None:
    found = reasons("voyager_pra", **{**RECORD, **changes})
    assert any(why in reason for reason in found), found


@pytest.mark.shared
def test_a_real_label_of_another_instrument_is_read_and_refused(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (samples / "das2" / "vgr_pws").glob("*.[LD]*"):
        shutil.copy(path, tmp_path)
    made = of_folder("voyager_pra", tmp_path, monkeypatch)
    (refusal,) = made.refusals.to_dicts()
    assert (
        "'VG1-J/S/SS-PWS-1-EDR-WFRM-60MS-V1.0' is not the name of a data set" in refusal["reason"]
    )
    assert '"START_TIME": "1979-03-01T12:26:11.956000+00:00"' in refusal["record"]
    # The pointer is a place within a file.
    assert '"series.path": "VG1_1979-03-01_12-26-11-956.DAT"' in refusal["record"]
    assert '"series.size": 820224' in refusal["record"]


@pytest.mark.shared
def test_the_real_label_has_its_times(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (samples / "das2" / "vgr_pws" / "PDSFORMAT.LBL").read_text(encoding="ascii")
    named = text.replace("VG1-J/S/SS-PWS-1-EDR-WFRM-60MS-V1.0", NAME)
    (tmp_path / "PDSFORMAT.LBL").write_text(named, encoding="ascii")
    row = of_folder("voyager_pra", tmp_path, monkeypatch).granules.row(0, named=True)
    # 1979-03-01 began at JD 2443933.5; 12:26:11.956 and 12:26:59.956.
    assert row["time_min"] == pytest.approx(2443933.5 + 44771.956 / 86400, abs=1e-9)
    assert row["time_max"] == pytest.approx(2443933.5 + 44819.956 / 86400, abs=1e-9)
    assert row["obs_id"] == "VG1-J_19790301_122611"
