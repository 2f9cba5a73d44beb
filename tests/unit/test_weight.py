"""What is imported for what: nobody waits for a library that the work at hand does not need."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT

import epnkit.cli
from epnkit.dachs.private import PrivateDachs

VERBS = sorted(f"epnkit.cli.{each.name}" for each in pkgutil.iter_modules(epnkit.cli.__path__))

#: What a look at DaCHS and at the books does not need: records, rules, geometry, the network.
HEAVY = {"polars", "numpy", "astropy", "gavo", "numba", "shapely", "requests", "sqlalchemy"}

#: What no service needs before a record asks for it.
RARE = {"matplotlib", "mocpy", "sunpy", "pyvo", "cdflib", "jinja2", "rich", "pandas"}


def find_imported(code: str, directory: Path, dachs: PrivateDachs | None = None) -> set[str]:
    """Run code in a Python of its own, and name the packages that it brings in.

    DaCHS 2.11 asks its database while it is imported, and needs one that runs.
    """
    environment = dict(os.environ) if dachs is None else dachs.environment
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=directory,
        env={"GAVOSETTINGS": str(directory / "gavo.rc"), **environment},
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("modules", "unneeded"),
    [
        pytest.param(VERBS, HEAVY | RARE | {"psycopg2"}, id="help and completion"),
        pytest.param(
            [
                "epnkit.api",
                "epnkit.dachs.instance",
                "epnkit.deploy.folder",
                "epnkit.deploy.imports",
                "epnkit.deploy.notify",
                "epnkit.loading.request",
                "epnkit.loading.state.embargoes",
                "epnkit.loading.state.lock_holder",
            ],
            HEAVY | RARE,
            id="load, before DaCHS",
        ),
        pytest.param(
            ["epnkit.dachs.instance", "epnkit.loading.state.status"], HEAVY | RARE, id="status"
        ),
        pytest.param(
            ["epnkit.loading.state.schema", "epnkit.loading.state.quarantine"],
            HEAVY | RARE,
            id="quarantine",
        ),
        pytest.param(
            ["epnkit.deploy.schedule", "epnkit.sources.config.credentials"],
            HEAVY | RARE,
            id="schedule",
        ),
        pytest.param(["epnkit.check.report"], {"pyvo", "requests"}, id="check of a file"),
    ],
)
def test_a_verb_imports_what_it_needs(
    modules: list[str], unneeded: set[str], tmp_path: Path
) -> None:
    brought = find_imported(f"import {', '.join(modules)}", tmp_path)
    assert "epnkit" in brought
    assert not brought & unneeded


@pytest.mark.parametrize(
    ("service", "kind", "needed", "unneeded"),
    [
        ("bass2000", "sql", {"polars"}, RARE | {"numba", "shapely", "sqlalchemy"}),
        ("hfc1ar", "sql", {"polars", "numba"}, RARE | {"sqlalchemy"}),
        ("orfees", "search", {"polars", "requests"}, RARE | {"numba", "shapely", "sqlalchemy"}),
        ("nda", "files", {"polars"}, RARE | {"numba", "shapely", "sqlalchemy"}),
        ("lofar_sun", "files", {"polars"}, RARE | {"numba", "shapely", "sqlalchemy"}),
    ],
)
def test_an_import_of_nothing_new_brings_in_no_more_than_the_service_names(
    service: str,
    kind: str,
    needed: set[str],
    unneeded: set[str],
    dachs: PrivateDachs,
    tmp_path: Path,
) -> None:
    folder = ROOT / "resources" / service
    by_dachs = find_imported("import gavo.api, gavo.user.importing, gavo.user.cli", tmp_path, dachs)
    brought = find_imported(
        "import gavo.api, gavo.user.importing, gavo.user.cli, pathlib\n"
        f"import epnkit.loading.grammar.bulk_import, epnkit.sources.{kind}.source, epnkit.service\n"
        f"epnkit.service.read_service(pathlib.Path({str(folder)!r}))",
        tmp_path,
        dachs,
    )
    assert brought >= needed
    assert not (brought - by_dachs) & unneeded
