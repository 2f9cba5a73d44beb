"""Services of SiTools2 name an order that tells all records apart: pages lose and repeat none."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit.replicas.sitools import make_server
from epnkit.replicas.sources import load_replica
from epnkit.sources import open_source
from epnkit.sources.base import Order

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

RESOURCES = ROOT / "resources"


@pytest.mark.parametrize(
    ("service", "file"),
    [
        ("gaia_dem", "source.toml"),
        ("medoc_sdo", "aia.toml"),
        ("medoc_sdo", "hmi.toml"),
        ("medoc_synoptic", "source.toml"),
    ],
)
def test_each_record_comes_once(tmp_path: Path, keep: Keep, service: str, file: str) -> None:
    datasets = load_replica(RESOURCES / service / "replica" / "make.py").datasets()
    text = (RESOURCES / service / file).read_text()
    (count,) = (len(each.records) for each in datasets if f"/{each.name}/" in text)
    (tmp_path / file).write_text(text.replace("page = 300", "page = 50"))
    with make_server(datasets) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        keep(service, f"http://127.0.0.1:{server.server_address[1]}")
        read = pl.concat(open_source(tmp_path / file, Order()).batches(), how="diagonal")
        server.shutdown()
    assert len(read) == len(read.unique()) == count
