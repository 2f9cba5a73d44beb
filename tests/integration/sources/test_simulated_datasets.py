"""ASDF files as DKIST's own simulator writes them, read as DKIST's own package opens them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epnkit.sources.asdf.datasets import read_dataset
from tests.conftest import ROOT
from tests.support.environments import make_environment

PACKAGES = ("dkist==1.18.1", "dkist-data-simulator==5.10.0", "dkist-inventory==1.11.9")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Make data sets, and describe them by the package."""
    python = make_environment("dkist-simulator", *PACKAGES)
    judge = ROOT / "tests" / "support" / "judges" / "simulate_dkist.py"
    directory = tmp_path_factory.mktemp("simulated") / "new"
    done = subprocess.run(
        [python, "-W", "ignore", judge, directory], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return directory, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.all
@pytest.mark.parametrize(("name", "kind"), [("visp", "dataset"), ("vbi", "mosaic")])
def test_simulated_data_sets_are_read_as_the_package_reads_them(
    simulated: tuple[Path, dict[str, Any]], name: str, kind: str
) -> None:
    directory, described = simulated
    known = described[name]
    (found,) = read_dataset(directory / name / "one.asdf")
    assert (found["kind"], found["shape"]) == (kind, known["shape"])
    assert [part["names"] for part in json.loads(found["files"])] == known["names"]
    outline = np.array(found["outline"]).reshape(-1, 2)
    corners = np.array(known["corners"])
    np.testing.assert_allclose(outline.min(axis=0), corners.min(axis=0), atol=2e-3)
    np.testing.assert_allclose(outline.max(axis=0), corners.max(axis=0), atol=2e-3)
