"""Granules of single records, for tests of services."""

from __future__ import annotations

import polars as pl

from epnkit import service as services
from epnkit.mapping.declare import Mapped
from epnkit.service import Service
from tests.conftest import ROOT


def load(name: str) -> Service:
    """Load a service of the repository."""
    return services.load(ROOT / "resources" / name)


def mapped(name: str, **record: object) -> Mapped:
    """Map one record of a service; fields that it does not name are null."""
    service = load(name)
    absent = {name: _kind(name) for name in service.fields if record.get(name) is None}
    told = {name: value for name, value in record.items() if value is not None}
    return service.mapping.apply(
        pl.DataFrame([told]).with_columns(
            pl.lit(None, kind).alias(name) for name, kind in sorted(absent.items())
        )
    )


def granule(name: str, **record: object) -> dict[str, object]:
    """Give the only granule of one record."""
    made = mapped(name, **record)
    assert made.refusals.is_empty(), made.refusals
    return made.granules.row(0, named=True)


def reasons(name: str, **record: object) -> list[str]:
    """Give why a record is refused."""
    return mapped(name, **record).refusals["reason"].to_list()


def _kind(name: str) -> type[pl.DataType]:
    return pl.Int64 if name.endswith("size") else pl.String
