"""BASS2000: what two real headers say becomes the right granule; what contradicts is refused."""

from __future__ import annotations

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit import service as services
from epnkit.mapping.declare import MappingResult

#: The header medn_halph_fl_20050501_074655 of sunpy's test data, as a record.
REAL = {
    "id_image": 1,
    "filename": "mh050501.074655.fits",
    "file_size": 4020480,
    "date_obs": "2005-05-01T07:46:55.000",
    "date_end": "2005-05-01T07:46:55.000",
    "wavelnth": 656.280,
    "waveunit": -9,
    "passband": None,
    "origin": "Meudon Observatory",
    "instrume": "Spectroheliograph",
    "obs_mode": "SCAN",
    "naxis": 2,
    "seq_ind": 1,
    "longtrc": 227.924,
    "latirc": -4.13011,
    "url": "ftp://archive.example/mh050501.074655.fits",
    "quicklook_url": "ftp://archive.example/mh050501.gif",
    "updated": "2005-05-01T10:24:17",
}

#: What mq130812.084253 says otherwise.
REAL_2013 = {
    "filename": "mq130812.084253.fits",
    "date_obs": "2013-08-12T08:42:53.000",
    "wavelnth": 6563.0,
    "date_end": "2013-08-12T08:42:53.000",
    "waveunit": -10,
    "longtrc": 258.780,
    "latirc": 6.50107,
}


def map_record(**changes: object) -> MappingResult:
    service = services.read_service(ROOT / "resources" / "bass2000")
    return service.mapping.apply(pl.DataFrame([{**REAL, **changes}]))


def granule(**changes: object) -> dict[str, object]:
    found = map_record(**changes)
    assert found.refusals.rows() == []
    return found.granules.row(0, named=True)


def test_the_real_header_of_2005() -> None:
    row = granule()
    assert row["time_min"] == pytest.approx(2453491.824247685, abs=1e-9)
    assert row["time_max"] == pytest.approx(2453491.824247685, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(4.568057201e14, rel=1e-9)
    assert row["spectral_range_max"] == pytest.approx(4.568057201e14, rel=1e-9)
    assert row["granule_uid"] == "mh_20050501_074655"
    assert row["subobserver_longitude_min"] == pytest.approx(227.924)
    assert row["subobserver_latitude_max"] == pytest.approx(-4.13011)
    assert row["instrument_host_name"] == "Meudon Observatory"
    assert row["dataproduct_type"] == "im"
    assert row["access_estsize"] == 3927  # 4020480 bytes are 3926.25 times 1024


def test_the_real_header_of_2013_counts_in_other_units() -> None:
    row = granule(**REAL_2013)
    assert row["time_min"] == pytest.approx(2456516.863113426, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(4.568e14, rel=5e-5)
    assert row["granule_uid"] == "mq_20130812_084253"
    assert row["granule_gid"] == "H-alpha"


@pytest.mark.parametrize(
    ("name", "uid", "line"),
    [
        ("mk120701.081500.fits", "mk_20120701_081500", "Ca II K1v"),
        ("mK120701.081500.fits", "mK_20120701_081500", "Ca II K3"),
        ("mp120701.081500.fits", "mp_20120701_081500", "Ca II K3 prominences"),
        ("spectro_obspm_ha_20120701_081500.fits.gz", "spectro_obspm_ha_20120701_081500", "H-alpha"),
        (
            "spectro_obspm_Cak_20120701_081500_subtract_processed.fits",
            "spectro_obspm_Cak_20120701_081500_subtract_processed",
            "Ca II K processed",
        ),
        (
            "spectro_obspm_fullprofile_Cak_3D_20120701_081500.fits.gz",
            "spectro_obspm_fullprofile_Cak_3D_20120701_081500",
            "Ca II K profiles",
        ),
    ],
)
def test_names_tell_line_and_identifier(name: str, uid: str, line: str) -> None:
    row = granule(filename=name, date_obs="2012-07-01T08:15:00")
    assert (row["granule_uid"], row["granule_gid"]) == (uid, line)


def test_two_figures_of_a_year_stand_for_either_century() -> None:
    old = granule(filename="mh120701.081500.fits", date_obs="1912-07-01T08:15:00")
    new = granule(filename="mh120701.081500.fits", date_obs="2012-07-01T08:15:00")
    assert old["granule_uid"] == "mh_19120701_081500"
    assert new["granule_uid"] == "mh_20120701_081500"


def test_images_of_one_session_share_their_observation() -> None:
    one = granule(filename="mh120701.081500.fits", date_obs="2012-07-01T08:15:00")
    two = granule(filename="mK120701.082100.fits", date_obs="2012-07-01T08:21:00")
    assert one["obs_id"] == two["obs_id"] == "meudon_20120701_1"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"filename": "mh050502.074655.fits"}, "names no image taken at its DATE_OBS"),
        ({"filename": "MH050501.074655.fits"}, "names no image taken at its DATE_OBS"),
        ({"date_obs": None}, "names no image taken at its DATE_OBS"),
        ({"waveunit": 42}, "is not a unit of wavelength"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, object], reason: str) -> None:
    found = map_record(**changes)
    assert len(found.granules) == 0
    assert any(reason in each for each in found.refusals["reason"])


def test_a_profile_is_a_cube_over_its_passband() -> None:
    row = granule(naxis=3, wavelnth=3934.0, waveunit=-10, passband=4.0)
    assert row["dataproduct_type"] == "sc"
    # c / 393.6 nm and c / 393.2 nm
    assert row["spectral_range_min"] == pytest.approx(299792458 / 3936e-10, rel=1e-9)
    assert row["spectral_range_max"] == pytest.approx(299792458 / 3932e-10, rel=1e-9)


def test_a_gif_is_no_thumbnail() -> None:
    assert granule()["thumbnail_url"] is None
    url = "https://archive.example/mh.jpg"
    assert granule(quicklook_url=url)["thumbnail_url"] == url
