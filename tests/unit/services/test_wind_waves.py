"""Wind/Waves: what names and catalogue facts become, and what maser4py says of the same files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support import maser_values
from tests.support.granules import granule, reasons

AKR = {
    "file_name": "wi_wa_rad1_l3-akr_19990101_v01.cdf",
    "file_size": 163 * 1024,
    "url": "https://wind.example/a.cdf",
    "epoch_first": "1999-01-01T00:00:52.604899",
    "epoch_last": "1999-01-01T23:56:25.677931",
}

L2 = {
    "file_name": "wi_wa_rad1_l2_19941110_v01.dat",
    "file_size": 1428 * 1024,
    "url": "https://wind.example/a.dat",
}


@pytest.mark.shared
def test_a_cdf_file_is_as_maser4py_has_it(samples: Path) -> None:
    # The uid without ":", x-cdf, a region of the UAT, lower case and the receiver: see README.md.
    differing = {
        "granule_uid",
        "access_format",
        "target_region",
        "instrument_host_name",
        "instrument_name",
    }
    expected = maser_values.row(samples, "wi_wa_rad1_l3-akr_19990101_v01.cdf")
    maser_values.compare(expected, granule("wind_waves", **AKR), differing)


@pytest.mark.shared
def test_a_binary_file_is_as_maser4py_has_it(samples: Path) -> None:
    # And the times of the whole day, since the file is not opened; its steps are in it too.
    differing = {
        "granule_uid",
        "target_region",
        "instrument_name",
        "time_min",
        "time_max",
        "time_sampling_step_min",
        "time_sampling_step_max",
    }
    expected = maser_values.row(samples, "wi_wa_rad1_l2_19941110_v01.dat")
    made = granule("wind_waves", **L2)
    maser_values.compare(expected, made, differing)
    assert made["time_min"] <= float(expected["time_min"])  # type: ignore[operator]
    assert made["time_max"] >= float(expected["time_max"])  # type: ignore[operator]
    assert made["target_region"] == "planetary-magnetosphere#heliosphere"


@pytest.mark.parametrize(
    ("name", "gid", "obs"),
    [
        ("wi_wa_rad2_l2_60s_19941114_v01.dat", "cdpp_wi_wa_rad2_l2_60s_v2", "wi_wa_rad2_19941114"),
        ("WI_WA_TNR_L3_BQT_19941114_1MN.DAT", "cdpp_wi_wa_tnr_l3_bqt_1mn", "wi_wa_tnr_19941114"),
        ("WIN_RAD1_60S_19941114.B3E", "cdpp_wi_wa_rad1_l2_60s_v1", "wi_wa_rad1_19941114"),
        ("wind_waves_rad1_20050501.R1", "wind_waves_rad1_idl_binary", "wi_wa_rad1_20050501"),
        ("wi_wa_rad1_l3_df_19950119_v02.cdf", "wi_wav_rad1_l3_df_v02", "wi_wa_rad1_19950119"),
    ],
)
def test_a_name_tells_data_set_receiver_and_day(name: str, gid: str, obs: str) -> None:
    row = granule("wind_waves", **{**L2, "file_name": name})
    assert (row["granule_gid"], row["obs_id"]) == (gid, obs)
    assert row["granule_uid"] == name.rpartition(".")[0]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"file_name": "wi_wa_rad1_l9_20010228_v01.dat"}, "is a file of no data set"),
        ({"file_name": "wi_wa_rad1_l2_20010229_v01.dat"}, "is not a name with a time"),
        ({"file_name": "readme.txt"}, "is not the name of a day's file"),
        ({"epoch_first": "1994-11-12T00:00:00"}, "has content of another time"),
    ],
)
def test_a_wrong_file_is_refused(changes: dict[str, str], why: str) -> None:
    found = reasons("wind_waves", **{**L2, **changes})
    assert any(why in reason for reason in found), found
