"""DKIST: what inventories and ASDF files become."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.conftest import ROOT
from tests.support.dkist_api import serve_inventories
from tests.support.granules import granule, load_resource, of_folder

from epnkit.loading.prepare.preparation import Preparation
from epnkit.mapping.file_arrays import read_file_array
from epnkit.sources import open_source
from epnkit.sources.base import ALL, BATCH_SIZE, Order, Source, Window

#: Of the public record BRMQY.
BRMQY: dict[str, Any] = {
    "asdfObjectKey": "pid_2_67/BRMQY/VISP_L1_20230828T203650_BRMQY.asdf",
    "averageDatasetSpectralSampling": 0.001046311530480141,
    "averageDatasetTemporalSampling": 79.86088999999663,
    "boundingBox": "(0.64,-3.28),(-237.69,-20.61)",
    "browseMovieObjectKey": "pid_2_67/BRMQY/BRMQY.mp4",
    "bucket": "data",
    "contributingExperimentIds": ["eid_2_67"],
    "contributingProposalIds": ["pid_2_67"],
    "datasetId": "BRMQY",
    "datasetSize": 0.0,
    "endTime": "2023-08-28T20:39:30.631000",
    "exposureTime": 120.00180281690142,
    "frameCount": 400,
    "hasAllStokes": True,
    "hasSpectralAxis": True,
    "hasTemporalAxis": True,
    "instrumentName": "VISP",
    "observingProgramExecutionId": "eid_2_67_opeCrnOU_R001.130652.5687392",
    "primaryExperimentId": "eid_2_67",
    "primaryProposalId": "pid_2_67",
    "startTime": "2023-08-28T20:36:50.909000",
    "stokesParameters": ["IQUV"],
    "targetTypes": ["sunspot"],
    "wavelengthMax": 393.9221094537096,
    "wavelengthMin": 392.89672415383905,
}

#: What is the same however a public record is read.
ROWS: dict[str, dict[str, Any]] = {
    "BRMQY": {
        "granule_gid": "VISP 393 nm level 1",
        "obs_id": "eid_2_67_opeCrnOU_R001.130652.5687392",
        "dataproduct_type": "sc",
        "time_min": 2460185.358922558,
        "time_max": 2460185.360771192,
        "time_exp_min": 0.12000180281690142,
        "time_sampling_step_max": 79.86088999999663,
        "spectral_range_min": 7.610450157665726e14,
        "spectral_range_max": 7.630311976910655e14,
        "c1min": 63.260,
        "c1max": 77.830,
        "c2min": 5.660,
        "c2max": 6.927,
        "feature_name": "sunspot",
        "target_region": "solar-photosphere",
        "proposal_id": "pid_2_67",
        "experiment_id": "eid_2_67",
        "stokes_parameters": "I#Q#U#V",
        "measurement_type": "phot.radiance;em.opt#phys.polarization.stokes",
        "processing_level": 3,
        "frame_count": 400,
        "dataset_size": None,
        "workflow": "l0_to_l1_visp 2.7.2",
        "footprint_origin": "bounding_box",
    },
    "BKEWK": {
        "dataproduct_type": "sc",
        "time_min": 2459877.290111499,
        "time_max": 2459877.3148942706,
        "time_exp_max": 0.04800811267605634,
        "spectral_range_min": 4.744850642192562e14,
        "spectral_range_max": 4.756779630582294e14,
        "feature_name": None,
        "c1min": 156.057,
        "c2max": 18.915,
        "dataset_size": 5.36870912,
    },
    "BMPNP": {
        # The context imager of CRYO-NIRSP takes images, beyond the limb.
        "dataproduct_type": "mo",
        "time_exp_min": 0.725,
        "spectral_range_min": 276816674053554.94,
        "measurement_type": "phot.radiance;em.IR#phys.polarization.stokes",
        "s_region": None,
        "c1min": None,
        "footprint_flags": "off_limb",
    },
    "G6qg8": {
        "dataproduct_type": "mo",
        "stokes_parameters": "I",
        "measurement_type": "phot.radiance;em.opt",
        "c1min": 21.098,
        "c2max": 1.374,
        "bib_reference": None,
    },
    "YVl4O": {"dataproduct_type": "sc", "c1min": 118.0857, "c1max": 118.0875},
    # A box that goes once around the Sun is one of 0.06".
    "qVXjk": {"time_min": 2467689.8492444605, "c2min": -7.16153, "c2max": -7.157983},
}


def assert_row(row: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        near = pytest.approx(value, rel=1e-12, abs=1e-3 if name[0] == "c" else 1e-9)
        assert row[name] == (near if isinstance(value, float) else value), name


def test_a_public_record_is_a_whole_row() -> None:
    row = granule("dkist", **BRMQY, workflowName="l0_to_l1_visp", workflowVersion="2.7.2")
    assert_row(row, ROWS["BRMQY"])
    # Without a mirror, it is the data centre that gives out files.
    assert row["access_url"] == "https://api.dkistdc.nso.edu/download/asdf?datasetId=BRMQY"
    assert row["file_name"] == "VISP_L1_20230828T203650_BRMQY.asdf"
    assert row["file_array"] is None


@pytest.mark.shared
@pytest.mark.parametrize("identifier", sorted(ROWS))
def test_real_inventories_are_whole_rows(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identifier: str
) -> None:
    shutil.copy(samples / "dkist" / f"inventory_{identifier}.json", tmp_path)
    made = of_folder("dkist", tmp_path, monkeypatch)
    assert made.refusals.is_empty()
    row = made.granules.row(0, named=True)
    assert row["granule_uid"] == identifier
    assert_row(row, ROWS[identifier])
    assert row["access_url"].startswith("https://archive.example/data/")


#: ASDF files beside the inventories, and where the python package dkist says that they lie.
ASDF_FILES = {
    "BKEWK": ("croppable_visp.asdf.gz", "wcs", "4#688#976#2555", 2752),
    "BRMQY": ("test_old_wcs_BRMQY.asdf", "bounding_box#wcs_differs", "4#100#981#2555", 400),
    "BMPNP": ("croppable_cryo.asdf.gz", "wcs", "4#3#3#1888#1751", 36),
    "G6qg8": ("test_tiled_dataset-1.3.0_dataset-1.2.0.asdf", "wcs", "2#2#2", 18),
    "YVl4O": ("large_visp.asdf.gz", "wcs", "4#20#50#128", 80),
}


@pytest.mark.shared
@pytest.mark.parametrize("identifier", sorted(ASDF_FILES))
def test_real_asdf_files_give_outlines_and_files(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identifier: str
) -> None:
    name, origin, shape, count = ASDF_FILES[identifier]
    known = samples / "dkist" / f"inventory_{identifier}.json"
    inventory = json.loads(known.read_text())
    place = tmp_path / "data" / inventory["asdfObjectKey"]
    place.parent.mkdir(parents=True)
    content = (samples / "dkist" / name).read_bytes()
    place.write_bytes(gzip.decompress(content) if name.endswith(".gz") else content)
    (tmp_path / "one.json").write_text(json.dumps(inventory))
    made = of_folder("dkist", tmp_path, monkeypatch)
    row = made.granules.row(0, named=True)
    assert (row["footprint_origin"], row["array_shape"]) == (origin, shape)
    listed = read_file_array(row["file_array"])
    assert sum(len(part["names"]) for part in listed["parts"]) == count
    assert row["access_estsize"] == -(-place.stat().st_size // 1024)


def test_lists_and_texts_are_one() -> None:
    box = {"boundingBox": "[[0.64, -3.28], [-237.69, -20.61]]"}
    old = granule("dkist", **{**BRMQY, **box, "stokesParameters": ["I", "Q", "U", "V"]})
    new = granule("dkist", **BRMQY)
    assert [old[n] for n in ("s_region", "stokes_parameters")] == [
        new[n] for n in ("s_region", "stokes_parameters")
    ]


@pytest.mark.parametrize(
    ("change", "product"),
    [
        ({"instrumentName": "VBI", "hasSpectralAxis": False}, "mo"),
        ({"instrumentName": "VBI", "hasSpectralAxis": False, "hasTemporalAxis": False}, "im"),
        ({"instrumentName": "DL-NIRSP"}, "sc"),
        ({"instrumentName": "VTF", "hasSpectralAxis": None}, "sc"),
        (
            {"instrumentName": "VBI", "hasSpectralAxis": None, "wavelengthMin": 393.9221094537096},
            "mo",
        ),
    ],
)
def test_product_types(change: dict[str, Any], product: str) -> None:
    assert granule("dkist", **{**BRMQY, **change})["dataproduct_type"] == product


def test_an_inversion_refers_to_its_data_sets() -> None:
    row = granule(
        "dkist",
        inversionId="inv.PUYATW",
        proposalId="pid_2_114",
        canonicalDataset="BXPJD",
        datasetIds=["BXPJD", "BVNED", "BWRGZ"],
        wavelengths=[854.209, 589.899, 630.15],
        frameCount=424,
        **{"asdf.begin": "2024-04-17T20:25:26.704000", "asdf.end": "2024-04-17T20:45:21.454000"},
    )
    assert (row["granule_uid"], row["processing_level"]) == ("inv.PUYATW", 5)
    assert row["internal_reference"] == "BXPJD#BVNED#BWRGZ"
    assert row["time_min"] == pytest.approx(2460418.351003518, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(299792458 / 854.209e-9, rel=1e-12)


def test_the_data_centre_is_read_page_by_page(tmp_path: Path) -> None:
    inventories = [
        {**BRMQY, "datasetId": f"A{n:04d}", "stokesParameters": "IQUV"} for n in range(7)
    ]
    with serve_inventories(inventories) as (address, asked):
        text = (ROOT / "resources" / "dkist" / "api.toml").read_text()
        text = text.replace("https://api.dkistdc.nso.edu", address).replace(
            "page = 300", "page = 3"
        )
        path = tmp_path / "api.toml"
        path.write_text(text.replace("/var/lib/dkist", str(tmp_path)))
        source = open_source(path, Order(None, ("datasetId",)))
        made = list(Preparation(load_resource("dkist")).batches(Numbered(source), ALL))
    uids = [uid for each in made for uid in each.granules["granule_uid"]]
    assert uids == [f"A{n:04d}" for n in range(7)]
    assert asked[-1]["pageNumber"] == ["3"]
    assert asked[-1]["status"] == ["ACTIVE"]


class Numbered:
    """A source whose records have the fields of files, by which the service as it stands keys."""

    def __init__(self, source: Source) -> None:
        self.label, self._source = source.label, source

    def schema(self) -> dict[str, str]:
        return self._source.schema()

    def count(self, window: Window = ALL) -> int:
        return self._source.count(window)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        for batch in self._source.batches(window, size):
            yield batch.with_columns(
                pl.col("datasetId").alias("path"),
                line=pl.lit(1),
                modified=pl.lit(None, pl.Datetime),
            )
