"""DKIST through real ASDF files and DaCHS: its rows, its links, and the files of a part."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from astropy.table import Table

from epnkit.client.download import download
from epnkit.client.parts import list_part
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT
from tests.support.dkist_api import serve_inventories
from tests.support.environments import make_environment
from tests.support.link_followers import read_files
from tests.support.services import Acceptance, Served

SERVICE = "dkist"


class TestAcceptance(Acceptance):
    """As of every service."""


def list_files(served: Served, **query: str) -> Table:
    return read_files(f"{served.base}/dkist/q/files", **query)


def refuse(served: Served, **query: str) -> str:
    answer = requests.get(f"{served.base}/dkist/q/files", query, timeout=60)
    assert answer.status_code in {400, 404, 422}, answer.text
    return answer.text


def test_every_data_set_is_a_granule_or_refused(served: Served) -> None:
    # In lists, with world coordinates, odd ones less one, with an embargo, an inversion, a table.
    assert served.count_granules() == 1000 + 5 + 7 + 3 + 1 + 1
    assert served.count_refused() == ["inventories/broken.json|1", "inventories/old.json|7"]


def test_footprints_say_what_they_are_drawn_of(served: Served) -> None:
    kinds = served.query(
        "SELECT footprint_origin, COUNT(*) AS n FROM {table} GROUP BY footprint_origin"
    )
    assert {str(kind): n for kind, n in kinds.iterrows()} == {"wcs": 6, "bounding_box": 1010, "": 1}


def test_a_mosaic_covers_its_tiles_but_the_missing_one(served: Served) -> None:
    inside = "SELECT COUNT(*) AS n FROM {table} WHERE granule_uid = 'AMOSC' AND 1 = CONTAINS("
    # Carrington coordinates of the middle of the tile below left, and of the missing one.
    assert served.query(inside + "POINT(136.2, -4.6), s_region)")["n"][0] == 1
    assert served.query(inside + "POINT(141.4, 0.8), s_region)")["n"][0] == 0


@pytest.mark.parametrize(
    ("part", "indices"),
    [
        ("0,50", [f"0,50,{k}" for k in range(19)]),
        ("0,50,...,3", [f"0,50,{k}" for k in range(19)]),
        ("-1,-1,18", ["3,127,18"]),
        ("0:4:3,5,0:2", ["0,5,0", "0,5,1", "3,5,0", "3,5,1"]),
        ("::2,3,1,100:200,:", ["0,3,1", "2,3,1"]),
        ("0,50,3:3", []),
        ("0,50,:,7:7", []),
        ("..., 0, 0", None),
    ],
)
def test_a_part_needs_these_files(served: Served, part: str, indices: list[str] | None) -> None:
    found = list_files(served, ID="ALRGE", slice=part)
    expected = np.arange(9728).reshape(4, 128, 19)
    if indices is None:
        assert len(found) == 9728
        indices = [",".join(map(str, index)) for index in np.ndindex(expected.shape)]
    assert list(found["array_index"]) == indices
    numbers = [int(expected[tuple(map(int, index.split(",")))]) for index in indices]
    names = [f"VISP_2024_03_01T17_{k // 3600:02d}_{k % 3600:04d}_ALRGE_L1.fits" for k in numbers]
    assert list(found["file_name"]) == names
    assert all(
        str(url).endswith(f"/data/pid_0_1/ALRGE/{name}")
        for url, name in zip(found["access_url"], names, strict=True)
    )


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"ID": "ALRGE", "slice": "4"}, "not on axis 0"),
        ({"ID": "ALRGE", "slice": "0,x"}, "neither a number"),
        ({"ID": "ALRGE", "slice": "0::0"}, "step of 0"),
        ({"ID": "ALRGE", "slice": "0,0,0,0,0,0"}, "6 entries"),
        ({"ID": "ALRGE", "slice": "...,..."}, "more than once"),
        ({"ID": "ALRGE", "slice": "0," * 200}, "longer than"),
        ({"ID": "ALRGE", "slice": "0", "tile": "0,0"}, "not accepted by this service: tile"),
        ({"ID": "B0500"}, "list of files"),
        ({"ID": "AEMBG"}, "list of files"),
        ({"ID": "nothing", "slice": "0"}, "nothing"),
    ],
)
def test_what_is_no_part_is_refused(served: Served, query: dict[str, str], why: str) -> None:
    assert why in refuse(served, **query)


def test_tiles_of_a_mosaic_are_chosen(served: Served) -> None:
    assert len(list_files(served, ID="AMOSC")) == 16
    found = list_files(served, ID="AMOSC", tile="2", slice="1,100:200")
    assert [(row["tile"], row["array_index"]) for row in found] == [("2,0", "1"), ("2,1", "1")]


def test_the_list_of_files_is_hidden_from_tap(served: Served) -> None:
    (row,) = served.query("SELECT * FROM {table} WHERE granule_uid = 'ALRGE'")
    assert "file_array" not in row.colnames
    with pytest.raises(Exception, match="file_array"):
        served.query("SELECT file_array FROM {table}")


def test_an_embargo_withholds_files_and_links(served: Served) -> None:
    rows = served.query(
        "SELECT granule_uid, access_url FROM {table} WHERE granule_uid IN"
        " ('AEMBG', 'ANODT', 'AOPEN') ORDER BY granule_uid"
    )
    assert [bool(str(row["access_url"]).startswith("http")) for row in rows] == [False, False, True]
    assert {link["semantics"] for link in served.links("AEMBG")} == {"#documentation"}


def test_datalink_describes_the_service_of_files(served: Served) -> None:
    text = requests.get(served.datalink("AMOSC"), timeout=60).text
    assert 'name="slice"' in text
    assert 'name="tile"' in text
    assert 'name="slice"' not in requests.get(served.datalink("B0500"), timeout=60).text
    assert sorted(served.open_links("ASMLL")) == ["#auxiliary", "#preview", "#this"]


#: The package with which users of DKIST open its data sets, and one that makes such data sets.
PACKAGES = ("dkist==1.18.1", "dkist-data-simulator==5.10.0")


def ask_dkist(path: Path, *words: str) -> dict[str, Any]:
    """Open an ASDF file with the dkist package, and slice it."""
    python = make_environment("dkist", *PACKAGES)
    judge = ROOT / "tests" / "support" / "judges" / "with_dkist.py"
    done = subprocess.run(
        [python, "-W", "ignore", judge, path, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def read_inventories(directory: Path) -> list[dict[str, Any]]:
    """Read the inventories of the replica that have an identifier of their own."""
    found: list[dict[str, Any]] = []
    for path in sorted((directory / "inventories").glob("*.json")):
        if path.name != "broken.json":
            content = json.loads(path.read_bytes())
            found += content if isinstance(content, list) else [content]
    return [each for each in found if each.get("datasetId")]


def test_the_search_of_the_data_centre_gives_the_same_granules(
    served: Served, scratch: PrivateDachs, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ROOT / "resources" / SERVICE, tmp_path / SERVICE))
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(folder)
        credential = (scratch.root / "credentials" / SERVICE).read_text()
        directory = Path(re.findall(r"directory=([^;]*)", credential)[0])
        with serve_inventories(read_inventories(directory)) as (address, asked):
            choose_search(folder, address, directory)
            inputs.install(scratch, folder)
            scratch.run("imp", f"{SERVICE}/q")
    assert len(asked) > 3
    query = (
        "SELECT granule_uid, obs_id, dataproduct_type, footprint_origin, file_name"
        " FROM dkist.epn_core WHERE granule_uid NOT LIKE 'inv.%' ORDER BY granule_uid"
    )
    rows = []
    for dachs in (served.dachs, scratch):
        with dachs.cluster.connect() as connection, connection.cursor() as cursor:
            cursor.execute(query)
            rows.append(cursor.fetchall())
    by_directory, by_search = rows
    # A table in ECSV is in the directory only.
    assert len(by_search) == len(by_directory) - 1
    assert set(by_search) <= set(by_directory)


def choose_search(folder: Path, address: str, directory: Path) -> None:
    """Change the service as its README says, to read the data centre's search."""
    for name, changes in {
        "service.py": {
            'key=(*FILE_KEY, "line"),': 'key=("datasetId",),',
            "cursor=FILE_CURSOR,": 'source="api.toml",',
        },
        "q.rd": {"source.toml": "api.toml", "../grammars/files": "../grammars/records"},
        "api.toml": {
            "https://api.dkistdc.nso.edu": address,
            "/var/lib/dkist": str(directory),
            "page = 300": "page = 200",
        },
    }.items():
        text = (folder / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.all
@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("ALRGE", ("0,50",)),
        ("ALRGE", ("1:3,127,4:9,0,10:20",)),
        ("BRMQY", ("0,50",)),
        ("BKEWK", (":,3:5",)),
        ("AMOSC", ("1", "0,2")),
    ],
)
def test_the_dkist_package_needs_the_same_files(
    served: Served, tmp_path: Path, identifier: str, words: tuple[str, ...]
) -> None:
    (this,) = [link for link in served.links(identifier) if link["semantics"] == "#this"]
    path = tmp_path / "one.asdf"
    path.write_bytes(requests.get(this["access_url"], timeout=60).content)
    query = dict(zip(("slice", "tile"), words, strict=False))
    found = list_files(served, ID=identifier, **query)
    known = ask_dkist(path, *words)
    assert list(found["file_name"]) == known["names"]
    (row,) = served.query(
        "SELECT array_shape FROM {table} WHERE granule_uid = '" + identifier + "'"
    )
    assert [int(length) for length in str(row["array_shape"]).split("#")] == known["shape"]


@pytest.mark.all
def test_the_dkist_package_opens_what_was_fetched(served: Served, tmp_path: Path) -> None:
    found = list_part(f"{served.base}/dkist/q/files", "ASMLL", "2,5:8")
    assert (len(found.files), found.total) == (3, 48)
    assert [each.state for each in download(found.files, tmp_path)] == ["fetched"] * 3
    (this,) = [link for link in served.links("ASMLL") if link["semantics"] == "#this"]
    (tmp_path / "one.asdf").write_bytes(requests.get(this["access_url"], timeout=60).content)
    # The numbers in a file tell which it is: the third of four times twelve, and the sixth on.
    assert ask_dkist(tmp_path / "one.asdf", "2,5:8")["numbers"] == [29.0, 30.0, 31.0]
