"""GRIS: the values of the one public example, its products, and what is not published."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from tests.conftest import ROOT
from tests.support.granules import load_resource

from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.sources.base import UNREADABLE
from epnkit.sources.config.settings import read_settings
from epnkit.sources.config.types import take_types
from epnkit.sources.rucio.files import FILE_FIELDS

pytestmark = pytest.mark.filterwarnings("ignore:leap-second")

SERVICE = load_resource("gris")
TYPES = {
    **take_types(read_settings(ROOT / "resources/gris/observations.toml")),
    **{f"files.{prefix}{n}": kind for n, kind in FILE_FIELDS.items() for prefix in ("", "older_")},
}

RECORD: dict[str, Any] = {
    "name": "gris_20170929_011",
    "updated": datetime(2017, 10, 1),
    "description.DATE-BEG": "2017-09-29T09:12:31.000",
    "description.DATE-END": "2017-09-29T09:22:31.000",
    "description.OBSRVTRY": "Observatorio del Teide",
    "description.TELESCOP": "GREGOR",
    "description.INSTRUME": "GRIS",
    "description.WAVELNTH": 1083.39,
    "description.WAVEUNIT": -9.0,
    "description.XPOSURE": 1.0,
    "description.ACCUMULA": 10,
    "description.STEPS": 250,
    "description.STEPSIZE": 0.135,
    "description.STATES": 4,
    "description.THETA": 20.369,
    "description.MU": 0.937,
    "description.XCEN": 235.9,
    "description.YCEN": 235.9,
    "description.FOVX": 65.0,
    "description.FOVY": 46.0,
    "rucio": "gris:gris_20170929_011",
    "doi": "10.18727/kis-synthetic/1",
    "licence": "https://licence.example/",
    "package.url": "https://a.example/all.zip",
    "package.size": 3072,
    "inversion.url": "https://a.example/inversion.fits",
    "inversion.size": 2048,
    "log.url": "https://a.example/log.txt",
    "calibration.url": "https://a.example/flat.fits",
    "previews.urls": ["https://a.example/p/one/binary", "https://a.example/p/two/binary"],
    "files.names": ["a_v02.fits", "b_v01.fits"],
    "files.urls": ["https://a.example/a_v02.fits", "https://a.example/b_v01.fits"],
    "files.sizes": [2880, 5760],
    "files.older_names": ["a_v01.fits"],
    "files.older_urls": ["https://a.example/a_v01.fits"],
    "files.older_sizes": [2880],
}


def prepare(**changes: Any) -> PreparedBatch:
    record = {**RECORD, **{name.replace("__", "."): value for name, value in changes.items()}}
    extra = {UNREADABLE: pl.String()} if UNREADABLE in record else {}
    records = pl.DataFrame([record], schema={**TYPES, **extra})
    return Preparation(SERVICE, "https://d.example/?ID=", datetime(2026, 6, 1)).prepare(records)


def make_granules(**changes: Any) -> dict[str, dict[str, Any]]:
    made = prepare(**changes)
    assert made.refusals.is_empty(), made.refusals.rows()
    return {row["granule_gid"]: row for row in made.granules.rows(named=True)}


def list_links(granule: dict[str, Any]) -> list[tuple[str, str]]:
    return [(link["semantics"], link["url"]) for link in json.loads(granule["epnkit_links"])]


def test_the_example_has_its_values() -> None:
    row = make_granules()["level 1"]
    assert row["granule_uid"] == "gris_20170929_011"
    # 2017-09-29 began at JD 2458025.5; c / 1083.39 nm.
    assert row["time_min"] == pytest.approx(2458025.5 + (9 * 3600 + 751) / 86400, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(299792458 / 1083.39e-9, rel=1e-12)
    assert (row["theta"], row["mu"], row["theta_origin"]) == (20.369, 0.937, "given")
    assert math.cos(math.radians(row["theta"])) == pytest.approx(row["mu"], abs=0.0005)
    assert (row["time_exp_min"], row["accumulations"], row["step_size"]) == (1.0, 10, 0.135)
    assert row["instrument_host_name"] == "Observatorio del Teide#GREGOR"
    assert row["dataproduct_type"] == "sc"
    assert row["measurement_type"] == "phys.polarization.stokes;em.IR.NIR"
    assert row["access_url"] == "https://a.example/all.zip"
    assert row["access_estsize"] == 3
    assert row["bib_reference"] == "doi:10.18727/kis-synthetic/1"
    # 65 by 46 arcseconds: some four degrees of longitude and three of latitude.
    assert 2.5 < row["c2max"] - row["c2min"] < 4
    assert row["s_region"].startswith("{(")


def test_the_inversion_is_a_granule_of_its_own() -> None:
    rows = make_granules()
    assert sorted(rows) == ["inversion", "level 1"]
    inversion = rows["inversion"]
    assert inversion["granule_uid"] == "gris_20170929_011_inversion"
    assert inversion["obs_id"] == rows["level 1"]["obs_id"]
    assert (inversion["processing_level"], inversion["measurement_type"]) == (
        5,
        "phys.magField#phys.veloc",
    )
    assert ("#progenitor", "https://a.example/a_v02.fits") in list_links(inversion)
    assert ("#this", "https://a.example/inversion.fits") in list_links(inversion)
    assert ("#derivation", "https://a.example/inversion.fits") in list_links(rows["level 1"])


def test_each_file_and_preview_is_a_link_and_older_versions_are_told() -> None:
    links = list_links(make_granules()["level 1"])
    assert [url[-10:] for kind, url in links if kind == "#this"] == ["a_v02.fits", "b_v01.fits"]
    assert [url for kind, url in links if kind == "#counterpart"] == [
        "https://a.example/a_v01.fits"
    ]
    assert [kind for kind, _ in links].count("#preview") == 2
    assert ("#auxiliary", "https://helioviewer.org/?date=2017-09-29T09:12:31Z") in links


def test_a_slit_that_stood_still_gives_spectra() -> None:
    row = make_granules(description__STEPS=1, description__STATES=1)["level 1"]
    assert (row["dataproduct_type"], row["measurement_type"]) == ("sp", "phot.radiance;em.IR.NIR")


def test_an_observation_without_package_is_its_first_file() -> None:
    row = make_granules(package__url=None, package__size=None)["level 1"]
    assert row["access_url"] == "https://a.example/a_v02.fits"
    assert row["access_estsize"] == 3


@pytest.mark.parametrize(
    "closed", [{"embargo__until": datetime(2030, 1, 1)}, {"embargo__held": True}]
)
def test_an_embargo_leaves_no_address_of_the_archive(closed: dict[str, Any]) -> None:
    for row in make_granules(**closed).values():
        assert row["release_date"] > datetime(2026, 6, 1)
        assert row["data_set"] is None
        told = " ".join(str(value) for value in row.values())
        assert "a.example" not in told
        kinds = {kind for kind, _ in list_links(row)}
        assert kinds == {"#auxiliary", "#documentation"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"description__WAVEUNIT": 4.8e-38}, "is not a unit of wavelength"),
        ({"description__DATE-END": "020-09-06T10:21:12.000"}, "is not a time"),
        ({"description__MU": 0.5}, "is no angle whose cosine is mu 0.5"),
        ({"name": "gris_20180929_011"}, "names another day than its begin"),
        ({"name": "gris_11"}, "is not the name of an observation"),
        ({UNREADABLE: "files.urls: Rucio knows no file of gris:x"}, "Rucio knows no file"),
    ],
)
def test_a_broken_header_is_quarantined(changes: dict[str, Any], reason: str) -> None:
    made = prepare(**changes)
    assert made.granules.is_empty()
    assert any(reason in told for told in made.refusals["reason"])


def test_a_pointing_beyond_the_limb_has_no_footprint() -> None:
    row = make_granules(description__XCEN=1100.0, description__THETA=None, description__MU=None)[
        "level 1"
    ]
    assert row["footprint_flags"] == "off_limb"
    assert (row["s_region"], row["theta"], row["c1min"]) == (None, None, None)
