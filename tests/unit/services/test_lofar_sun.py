"""LOFAR: what headers and names become, with a granule a sub-band and with one an image."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from astropy.io import fits
from tests.conftest import ROOT

from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.mapping.file_arrays import read_file_array
from epnkit.replicas.sources import load_replica
from epnkit.service import DataSet, read_service
from epnkit.sources import open_source
from epnkit.sources.base import ALL, Window
from epnkit.sources.files.cards import CardsReader
from epnkit.sources.files.fits import FitsReader

FOLDER = ROOT / "resources" / "lofar_sun"


def make_image(directory: Path, name: str, **more: Any) -> Path:
    """Write an image of the replica."""
    replica = load_replica(FOLDER / "replica" / "make.py")
    told = {
        "taken": datetime(2019, 4, 13, 13, 29, 23, 700000),
        "band": 58,
        "observation": "L701913",
    }
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(replica.image_header(replica.Image(**{**told, **more})))
    return path


def prepare(
    directory: Path, form: str, monkeypatch: pytest.MonkeyPatch, window: Window = ALL
) -> list[PreparedBatch]:
    """Read a directory as the service does, with another choice of granules."""
    folder = directory.with_name(f"{directory.name}-{form}") / "lofar_sun"
    if not folder.exists():
        shutil.copytree(FOLDER, folder)
        (folder / "granule.json").write_text(json.dumps({"images": form}))
        (folder.parent / "credentials").mkdir()
    credential = folder.parent / "credentials" / "lofar_sun"
    credential.write_text(f"directory={directory};address=https://archive.example/")
    credential.chmod(0o600)
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(credential.parent))
    service = read_service(folder)
    source = open_source(service.source_file, service.order)
    return list(Preparation(service).batches(source, window))


def rows(made: list[PreparedBatch]) -> list[dict[str, Any]]:
    assert all(each.refusals.is_empty() for each in made)
    return [row for each in made for row in each.granules.to_dicts()]


def assert_public_header(row: dict[str, Any]) -> None:
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (
        78802490.234375,
        78997802.734375,
    )
    assert row["time_min"] == pytest.approx(2458587.062079861, abs=1e-9)
    assert row["time_max"] == pytest.approx(2458587.062079861 + 1 / 86400, abs=1e-9)
    # OBJECT is the name of a beam.
    assert (row["target_name"], row["target_class"]) == ("Sun", "star")
    assert (row["obs_id"], row["dataproduct_type"]) == ("L701913", "im")
    # A public header of the same image in sunpy's coordinates says 71.448 and 1.419.
    assert row["offset_x"] == pytest.approx(71.448, abs=0.1)
    assert row["offset_y"] == pytest.approx(1.419, abs=0.1)
    assert row["subobserver_latitude_min"] == pytest.approx(-5.7594, abs=0.002)
    assert row["platesc"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("form", "uid"), [("band", "L701913_SB058"), ("image", "L701913_SB058_t0032")]
)
def test_an_image_of_the_public_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, uid: str
) -> None:
    make_image(tmp_path / "in", "SB058-t0032-image.fits")
    (row,) = rows(prepare(tmp_path / "in", form, monkeypatch))
    assert row["granule_uid"] == uid
    assert_public_header(row)


@pytest.mark.shared
def test_the_public_header_itself(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (samples / "lofar" / "SB058-t0032-image.wsclean.header").read_text()
    cards = "".join(line.ljust(80) for line in text.splitlines()) + "END".ljust(80)
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "SB058-t0032-image.fits"
    path.write_bytes(cards.ljust(-(-len(cards) // 2880) * 2880).encode())
    (row,) = rows(prepare(tmp_path / "in", "image", monkeypatch))
    assert_public_header(row)


def make_bands(directory: Path) -> None:
    for band in (58, 60):
        for step in range(5):
            taken = datetime(2019, 4, 13, 13, 29, step)
            make_image(
                directory, f"L701913/SB{band:03d}-t{step:04d}-image.fits", band=band, taken=taken
            )


def test_the_operator_chooses_between_images_and_bands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bands(tmp_path / "in")
    images = rows(prepare(tmp_path / "in", "image", monkeypatch))
    bands = rows(prepare(tmp_path / "in", "band", monkeypatch))
    assert len(images) == 10
    assert {row["file_array"] for row in images} == {None}
    assert [(row["granule_uid"], row["image_count"]) for row in bands] == [
        ("L701913_SB058", 5),
        ("L701913_SB060", 5),
    ]
    of_band = [row for row in images if row["sub_band"] == "SB060"]
    assert bands[1]["time_min"] == min(row["time_min"] for row in of_band)
    assert bands[1]["time_max"] == max(row["time_max"] for row in of_band)
    listed = read_file_array(bands[1]["file_array"])
    assert listed["url"] == "https://archive.example/L701913/"
    assert listed["parts"][0]["names"] == [row["file_name"] for row in of_band]


def test_a_band_is_read_whole_when_an_image_comes_an_image_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bands(tmp_path / "in")
    before = datetime.now()
    for path in (tmp_path / "in").rglob("*.fits"):
        shutil.os.utime(path, (1e9, 1e9))  # type: ignore[attr-defined]
    make_image(tmp_path / "in", "L701913/SB060-t0005-image.fits", band=60)
    window = Window(before.replace(year=before.year - 1))
    (band,) = rows(prepare(tmp_path / "in", "band", monkeypatch, window))
    assert (band["granule_uid"], band["image_count"]) == ("L701913_SB060", 6)
    (image,) = rows(prepare(tmp_path / "in", "image", monkeypatch, window))
    assert image["granule_uid"] == "L701913_SB060_t0005"


def test_bands_are_compared_without_opening_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bands(tmp_path / "in")
    made = pl.concat([each.granules for each in prepare(tmp_path / "in", "band", monkeypatch)])
    service = read_service(tmp_path / "in-band" / "lofar_sun")
    source: Any = open_source(service.source_file, service.order)
    listed = source.keys(None, None)
    kept = made.select("epnkit_key", "epnkit_digest").unique().sort("epnkit_key")
    assert listed.rows() == kept.rows()
    (fetched,) = source.fetch(listed["record_key"].to_list()[:1])
    assert fetched["group"].unique().to_list() == ["L701913/SB058"]


def test_what_the_fast_reader_takes_is_what_the_other_reads(tmp_path: Path) -> None:
    path = make_image(tmp_path, "SB058-t0032-image.fits")
    names = ("DATE-OBS", "CRVAL1", "CRVAL3", "CDELT1", "NAXIS1", "EXTEND", "BUNIT", "TELESCOP")
    (fast,) = CardsReader((*names, "HISTORY"), r"(?P<band>SB\d+)")(path)
    (whole,) = FitsReader()(path)
    assert {name: fast[name] for name in names} == {name: whole[name] for name in names}
    assert "/MS/L701913_SAP000_SB058" in fast["HISTORY"]
    assert fast["band"] == "SB058"


@pytest.mark.parametrize(
    ("card", "value"),
    [
        ("KEY     = 'it''s / one'       / said", "it's / one"),
        ("KEY     =                 1.5D3 / number", 1500.0),
        ("KEY     = -12/no blank", -12),
        ("KEY     =                    F", False),
        ("KEY     =", None),
        ("KEY     = 'open", None),
        ("KEY     = 12,5", None),
        ("KEY     = (1.0, 2.0)", None),
    ],
)
def test_cards_are_read_as_the_standard_has_them(tmp_path: Path, card: str, value: object) -> None:
    path = tmp_path / "a.fits"
    text = f"{'SIMPLE  =                    T':<80}{card:<80}{'KEY     = 7':<80}{'END':<80}"
    path.write_bytes(text.ljust(2880).encode())
    (found,) = CardsReader(("KEY",))(path)
    assert found.get("KEY") == value or (value is None and found.get("KEY") in {None, 7})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin"),
        (b"\x1f\x8b" + bytes(2880), "compressed one is of format fits"),
        (b"SIMPLE  =                    T".ljust(2880), "no END"),
    ],
)
def test_what_is_no_header_is_said(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why):
        next(CardsReader(("KEY",))(path))


def test_a_calibrator_is_of_the_sky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_image(tmp_path / "in", "SB058-t0032-image.fits", ra=350.85, dec=58.815)
    (row,) = rows(prepare(tmp_path / "in", "image", monkeypatch))
    assert (row["target_name"], row["ra"], row["offset_x"]) == ("sky", 350.85, None)
    assert row["subobserver_longitude_min"] is None


def test_the_mapping_takes_any_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_bands(tmp_path / "in")
    rows(prepare(tmp_path / "in", "band", monkeypatch))
    service = read_service(tmp_path / "in-band" / "lofar_sun")
    source = open_source(service.source_file, service.order)
    small = list(Preparation(service).batches(source, ALL, size=3))
    merged = pl.concat([each.granules for each in small])
    assert merged["image_count"].to_list() == [5, 5]


@pytest.mark.parametrize("epoch", [0, 719163])
@pytest.mark.parametrize("turned", [False, True])
def test_dynamic_spectra_are_streamed(tmp_path: Path, epoch: int, turned: bool) -> None:
    values = np.arange(12, dtype=float).reshape(4, 3)
    days = 19095 + np.arange(4) * 0.25 / 86400
    units = [
        fits.PrimaryHDU(values.T if turned else values),
        fits.BinTableHDU.from_columns([fits.Column("FREQ", "E", array=[20.0, 50.0, 80.0])]),
        fits.BinTableHDU.from_columns([fits.Column("TIME", "D", array=days + epoch)]),
    ]
    path = tmp_path / "LOFAR_20220413_000000_LBA_OUTER.fits"
    fits.HDUList(units).writeto(path)
    (stream,) = read_service(FOLDER).streams
    assert isinstance(stream, DataSet)
    with stream.reader.open(path) as table:
        np.testing.assert_array_equal(table.read("intensity", 1, 3), values[1:3])
        np.testing.assert_array_equal(table.read_axis("frequency"), [20.0, 50.0, 80.0])
        # The sum of an epoch and a part of a day is good to some microseconds.
        start = np.datetime64("2022-04-13T00:00:00", "ns").astype(np.int64)
        np.testing.assert_allclose(table.times - start, np.arange(4) * 250_000_000, atol=20_000)
