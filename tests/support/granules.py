"""Granules of single records, for tests of services."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from epnkit import service as services
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.mapping.declare import MappingResult
from epnkit.service import Service
from epnkit.sources import open_source
from epnkit.sources.base import ALL
from epnkit.sources.config.settings import read_settings
from epnkit.sources.config.types import take_types
from tests.conftest import ROOT


def load_resource(name: str) -> Service:
    """Load a service of the repository."""
    return services.read_service(ROOT / "resources" / name)


def map_records(name: str, **record: object) -> MappingResult:
    """Map one record of a service; fields that it does not name are null."""
    service = load_resource(name)
    types = take_types(read_settings(service.source_file))
    absent = {
        name: types.get(name, _kind(name)) for name in service.fields if record.get(name) is None
    }
    told = {name: value for name, value in record.items() if value is not None}
    return service.mapping.apply(
        pl.DataFrame([told]).with_columns(
            pl.lit(None, kind).alias(name) for name, kind in sorted(absent.items())
        )
    )


def granule(name: str, **record: object) -> dict[str, object]:
    """Give the only granule of one record."""
    made = map_records(name, **record)
    assert made.refusals.is_empty(), made.refusals
    return made.granules.row(0, named=True)


def reasons(name: str, **record: object) -> list[str]:
    """Give why a record is refused."""
    return map_records(name, **record).refusals["reason"].to_list()


def _kind(name: str) -> pl.DataType:
    return pl.Int64() if name.endswith("size") else pl.String()


def of_folder(name: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> PreparedBatch:
    """Read the files of a directory as those of a service, and prepare them for its table."""
    folder = directory / "credentials"
    folder.mkdir()
    path = folder / name
    path.write_text(f"directory={directory};address=https://archive.example/", encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(folder))
    service = load_resource(name)
    (made,) = Preparation(service).batches(open_source(service.source_file, service.order), ALL)
    return made
