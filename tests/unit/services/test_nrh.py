"""NRH: the one public example and a real header become what the dossier says."""

from __future__ import annotations

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit import service as services
from epnkit.mapping.spectral import hertz
from epnkit.mapping.times import julian_date

#: The public example; unique_id and plots are inferred.
EXAMPLE = {
    "unique_id": "nrh_20071221_114413_01Z",
    "frq": [2280, 3270, 4080, 1509, 4320, 0, 0, 0, 0, 0],
    "hdeb": "2007-12-21T11:44:13.005000+00:00",
    "hfin": "2007-12-21T14:35:44.089000+00:00",
    "@timestamp": "2007-12-21T11:44:13.005000+00:00",
    "file": "2d071221.01Z",
    "plots": "https://archive.example/2007/12",
}


def granule(**changes: object) -> dict[str, object]:
    service = services.read_service(ROOT / "resources" / "nrh")
    found = service.mapping.apply(pl.DataFrame([{**EXAMPLE, **changes}]))
    assert found.refusals.rows() == []
    return found.granules.row(0, named=True)


def test_the_public_example() -> None:
    row = granule()
    assert row["time_min"] == pytest.approx(2454455.98903941, abs=5e-9)
    assert row["time_max"] == pytest.approx(2454456.10814918, abs=5e-9)
    assert row["spectral_range_min"] == pytest.approx(1.509e8, rel=1e-12)
    assert row["spectral_range_max"] == pytest.approx(4.320e8, rel=1e-12)
    assert row["frequencies"] == "150.9#228.0#327.0#408.0#432.0"
    assert row["thumbnail_url"] == "https://archive.example/2007/12/nrh21122007_4320.gif"
    assert row["dataproduct_type"] == "mo"


def test_names_of_movies_have_the_day_first() -> None:
    row = granule(hdeb="2006-09-01T08:00:00+00:00", hfin="2006-09-01T09:00:00+00:00", frq=[3270, 0])
    assert str(row["thumbnail_url"]).endswith("/nrh01092006_3270.gif")


def test_the_thumbnail_is_of_no_noisy_frequency() -> None:
    assert str(granule(frq=[1509, 4450, 4320])["thumbnail_url"]).endswith("_4320.gif")
    assert granule(frq=[4450, 1732, 0])["thumbnail_url"] is None


def test_no_frequency_at_all_is_no_range() -> None:
    row = granule(frq=[0] * 10)
    assert (row["spectral_range_min"], row["frequencies"], row["thumbnail_url"]) == (None,) * 3


def test_compressions_of_a_file_are_one_observation() -> None:
    files = ("2d071221.01", "2d071221.01Z", "2d071221.01ZZ")
    assert {granule(file=name)["obs_id"] for name in files} == {"nrh_20071221_01"}


def test_the_real_header_tells_one_frequency_twice() -> None:
    # na120701.091058: FREQ 150.900 & FREQUNIT 6, WAVELNTH 1.98669 & WAVEUNIT 0, and a Z.
    time = julian_date(pl.Series(["2012-07-01T09:10:58.200Z"])).values[0]
    assert time == pytest.approx(2456109.882618056, abs=1e-9)
    frequency = hertz(pl.Series([150.900]), 6, power_of="Hz").values[0]
    assert frequency == pytest.approx(1.509e8, rel=1e-12)
    # The wavelength is cut after six figures: one of the last is 5e-6.
    assert hertz(pl.Series([1.98669]), 0).values[0] == pytest.approx(frequency, rel=5.1e-6)
