"""TFCat catalogues: the published examples as granules, and the replica's traps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.conftest import ROOT
from tests.support.granules import load_resource, of_folder

from epnkit.loading.prepare.preparation import PreparedBatch
from epnkit.replicas.sources import load_replica
from epnkit.streaming.declare import Events

NAME = "tfcat_catalogues"


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> PreparedBatch:
    directory = tmp_path_factory.mktemp("replica")
    load_replica(ROOT / "resources" / NAME / "replica" / "make.py").files(directory)
    with pytest.MonkeyPatch.context() as patch:
        return of_folder(NAME, directory, patch)


def find(batch: PreparedBatch, uid: str) -> dict[str, Any]:
    return batch.granules.row(by_predicate=pl.col("granule_uid") == uid, named=True)


def restore(document: str) -> Any:
    return json.loads(document.replace("%22", '"').replace("%5C", "\\"))


@pytest.mark.shared
def test_the_published_contour_of_jupiter(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nancay").mkdir()
    content = (samples / "tfcat" / "jupiter-obs.tfcat").read_bytes()
    (tmp_path / "nancay" / "jupiter_dam_1978.tfcat").write_bytes(content)
    row = find(of_folder(NAME, tmp_path, monkeypatch), "nancay-jupiter_dam_1978_1")
    # 1978-01-03T19:30:00 TT, when TT was 49.184 s ahead of UTC.
    assert row["time_min"] == pytest.approx(2443512.3119307407, abs=1e-9)
    assert row["time_max"] == pytest.approx(2443512.4994307407, abs=1e-9)
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (1e7, 5e7)
    assert (row["target_name"], row["target_class"]) == ("Jupiter", "planet")
    assert (row["dataproduct_type"], row["event_status"]) == ("ev#ci", "observation")
    assert (row["feature_shape"], row["reference_position"]) == ("Polygon", "GEOCENTER")
    assert row["access_url"] is None
    (ring,) = restore(row["tfcat_document"])["features"][0]["geometry"]["coordinates"]
    assert ring[0] == [252703800.0, 10.0]


@pytest.mark.shared
def test_the_published_patches_once_their_comma_is_out(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cassini").mkdir()
    text = (samples / "tfcat" / "doc-example.tfcat").read_text(encoding="utf-8")
    path = tmp_path / "cassini" / "faraday_rotation_2006.tfcat"
    path.write_text(text.replace('patches",', 'patches"'), encoding="utf-8")
    batch = of_folder(NAME, tmp_path, monkeypatch)
    whole = find(batch, "cassini-faraday_rotation_2006_catalogue")
    point, line = (find(batch, f"cassini-faraday_rotation_2006_{number}") for number in (0, 1))
    # 2006-09-12T09:04:18 and the 24 s after it.
    assert whole["time_min"] == point["time_min"] == pytest.approx(2453990.8779861112, abs=1e-9)
    assert whole["time_max"] == line["time_max"]
    assert (line["time_max"] - point["time_min"]) * 86400 == pytest.approx(24, abs=1e-4)
    assert (whole["spectral_range_min"], whole["spectral_range_max"]) == (22770.0, 34130.0)
    assert (whole["granule_gid"], whole["dataproduct_type"]) == ("catalogue", "ca#ci")
    assert (whole["feature_count"], whole["event_status"]) == (2, None)
    assert whole["access_url"] == "https://archive.example/cassini/faraday_rotation_2006.tfcat"
    assert whole["access_format"] == "application/x-tfcat+json"
    assert line["catalogue_title"] == "Faraday Rotation (FR) patches"
    assert (point["target_name"], point["instrument_name"]) == ("Saturn", "rpws")


def test_all_catalogues_of_the_replica(replica: PreparedBatch) -> None:
    counts = dict(replica.granules["granule_gid"].value_counts().iter_rows())
    assert counts == {
        "cassini_faraday_rotation": 300,
        "jupiter_decametric": 401,
        "wind_type_iii": 350,
        "earth_akr": 60,
        "catalogue": 5,
    }
    assert replica.granules["obs_id"].n_unique() == 1116


def test_wavelengths_become_frequencies(replica: PreparedBatch) -> None:
    row = find(replica, "earth-akr_akr0")
    assert row["spectral_range_min"] == pytest.approx(299792458 / 1500)
    assert row["spectral_range_max"] == pytest.approx(299792458 / 600)
    # The feature's own name counts before that of its catalogue.
    assert row["feature_name"] == "AKR"
    assert (
        find(replica, "earth-akr_catalogue")["feature_name"] == "AKR#auroral kilometric radiation"
    )


def test_tt2000_is_counted_from_midnight(replica: PreparedBatch) -> None:
    row = find(replica, "wind-type_iii_2000_1")
    assert row["time_min"] == pytest.approx(2451544.5, abs=1e-9)
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (2e4, 1.3825e7)
    assert row["feature_shape"] == "GeometryCollection"


def test_texts_survive_in_the_table(replica: PreparedBatch) -> None:
    row = find(replica, "nancay-jupiter_dam_2000_dam-000")
    own = restore(row["tfcat_document"])["features"][0]["properties"]
    assert own["note"] == 'it\'s "Io-B" — see a%22b'
    assert row["tfcat_document"].isascii()
    assert row["access_format"] is None
    catalogue = find(replica, "nancay-jupiter_dam_2000_catalogue")
    assert catalogue["access_format"] == "application/x-gzip"


def test_refusals_say_file_line_and_cure(replica: PreparedBatch) -> None:
    reasons = replica.refusals["reason"].to_list()
    assert len(reasons) == 10
    comma = (
        "cassini/faraday_rotation_2007.tfcat, line 5: a comma stands before }, take the comma out"
    )
    assert comma in reasons
    for part in (
        "cassini/faraday_rotation_2008.tfcat, line",
        "feature open_ring: a ring is not closed, end it with its first position",
        "feature milliseconds: 9.46685e+14 s since 1970-01-01T00:00:00 is in no year",
        "no field describes the property 'flux', add it to the document's fields",
        "there is no CRS with properties, add one to the document",
        "is a file of no data set that is served",
    ):
        assert any(part in reason for reason in reasons), part


def test_each_catalogue_is_a_stream_of_events() -> None:
    streams = load_resource(NAME).streams
    assert all(isinstance(stream, Events) for stream in streams)
    assert [(stream.dataset, stream.where) for stream in streams][1] == (
        "tfcat_jupiter_decametric",
        {"granule_gid": "^jupiter_decametric$"},
    )
    assert len(streams) == 4
