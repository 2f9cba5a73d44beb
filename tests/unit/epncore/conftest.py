"""A granule that keeps every rule, to be broken one rule at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from epnkit.epncore import rules
from epnkit.epncore.columns import COLUMNS, Column, polars_type

SERVICE = "spots"

#: A region counter-clockwise as seen from outside, as a body wants it.
REGION = "{(10d,5d),(20d,5d),(20d,15d),(10d,15d)}"

GOOD: dict[str, Any] = {
    "granule_uid": "ar_20220419_035533_808_2610",
    "granule_gid": "active_region",
    "obs_id": "20220419_035533",
    "dataproduct_type": "im",
    "measurement_type": "phot.radiance;em.opt#phys.magField",
    "processing_level": 5,
    "target_name": "Sun",
    "target_class": "star",
    "time_min": 2459688.66,
    "time_max": 2459688.67,
    "time_exp_min": 1.0,
    "time_exp_max": 2.0,
    "time_sampling_step_min": 2.0,
    "time_sampling_step_max": 3.0,
    "spectral_range_min": 4.5e14,
    "spectral_range_max": 4.6e14,
    "spectral_sampling_step_min": 1e12,
    "spectral_sampling_step_max": 1e12,
    "spectral_resolution_min": 300.0,
    "spectral_resolution_max": 300.0,
    "c1min": 10.0,
    "c1max": 20.0,
    "c2min": 5.0,
    "c2max": 15.0,
    "s_region": REGION,
    "spatial_frame_type": "body",
    "incidence_min": 10.0,
    "incidence_max": 20.0,
    "emergence_min": 10.0,
    "emergence_max": 20.0,
    "phase_min": 5.0,
    "phase_max": 30.0,
    "instrument_host_name": "SDO",
    "instrument_name": "Helioseismic and Magnetic Imager#HMI",
    "service_title": SERVICE,
    "creation_date": "2022-04-20T10:00:00",
    "modification_date": "2022-04-21T10:00:00.5Z",
    "release_date": "2022-04-20",
    "access_url": "https://example.org/data/a.fits#1",
    "access_format": "application/fits",
    "access_estsize": 1024,
    "file_name": "a.fits",
}


Change = dict[str, Any]
Table = Callable[..., pl.DataFrame]


def _table(*changes: Change) -> pl.DataFrame:
    """Make rows of the good granule, each with its changes; columns in the standard's types."""
    rows = [{**GOOD, **change} for change in changes]
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame({name: _series(name, rows) for name in names})


def _series(name: str, rows: list[Change]) -> pl.Series:
    values = [row.get(name) for row in rows]
    as_given = any(isinstance(value, str | list) or _broken_number(value) for value in values)
    if name not in COLUMNS or as_given:
        return pl.Series(name, values)
    return pl.Series(name, values, dtype=polars_type(name), strict=False)


def _broken_number(value: object) -> bool:
    return isinstance(value, float) and value == value and not value.is_integer()


@pytest.fixture
def table() -> Table:
    """Give a function that makes rows of the good granule, each with its changes."""
    return _table


@pytest.fixture
def judged() -> Table:
    """Give a function that judges rows of the good granule, each with its changes."""

    def judge(*changes: Change, extra: dict[str, Column] | None = None) -> pl.DataFrame:
        return rules.check_rows(_table(*changes), service=SERVICE, frame="body", extra=extra or {})

    return judge
