"""The packaged table of columns."""

from __future__ import annotations

import polars as pl
import pytest
from astropy import units

from epnkit.epncore import columns, ucd
from epnkit.epncore.columns import COLUMNS
from epnkit.errors import ConfigurationError

FRAMES = ("celestial", "body", "cartesian", "spherical", "cylindrical", "none")
#: The spelling of the standard that astropy does not read.
PARTICLE_UNITS = {"amu": "u", "amu/qe": "u"}


def _kinds(column: columns.Column) -> tuple[str, ...]:
    return FRAMES if column.by_kind == "frame" else ("energy", "mass", "mass/charge")


def test_numbers_of_the_standard() -> None:
    assert len(COLUMNS) == 174
    assert sum(column.mandatory for column in COLUMNS.values()) == 46
    assert sum(column.required for column in COLUMNS.values()) == 10
    assert columns.FRAMES == FRAMES


def test_every_ucd_is_valid_in_every_frame() -> None:
    ucds = {c.ucd_in(kind) for c in COLUMNS.values() for kind in _kinds(c)} - {""}
    assert len(ucds) > 100
    assert {text: ucd.find_fault(text) for text in ucds if ucd.find_fault(text)} == {}


def test_every_unit_is_read_by_astropy() -> None:
    found = {c.unit_in(kind) for c in COLUMNS.values() for kind in _kinds(c)}
    for unit in found:
        assert units.Unit(PARTICLE_UNITS.get(unit, unit), parse_strict="raise") is not None


@pytest.mark.parametrize(
    ("name", "frame", "unit", "word"),
    [
        ("c1min", "body", "deg", "pos.bodyrc.lon;stat.min"),
        ("c1max", "spherical", "m", "pos.spherical.r;stat.max"),
        ("c3max", "celestial", "AU", "pos.distance;stat.max"),
        ("c2_resol_min", "cylindrical", "deg", "pos.angResolution;stat.min"),
        ("c1min", "none", "", ""),
        ("time_min", "body", "d", "time.start;obs"),
    ],
)
def test_unit_and_ucd_by_frame(name: str, frame: str, unit: str, word: str) -> None:
    assert COLUMNS[name].unit_in(frame) == unit
    assert COLUMNS[name].ucd_in(frame) == word


def test_unknown_frame_and_column_are_told() -> None:
    with pytest.raises(ConfigurationError, match="healpix"):
        COLUMNS["c1min"].unit_in("healpix")
    with pytest.raises(ConfigurationError, match="Did you mean time_min"):
        columns.polars_type("time_mim")


def test_polars_types() -> None:
    names = ("time_min", "access_estsize", "creation_date", "s_region")
    kinds = [columns.polars_type(name) for name in names]
    assert kinds == [pl.Float64(), pl.Int64(), pl.Datetime("us"), pl.String()]


def test_pairs_of_the_standard() -> None:
    found = columns.find_pairs(COLUMNS)
    assert ("c1min", "c1max") in found
    assert ("c1_resol_min", "c1_resol_max") in found
    assert len(found) == sum(column.limit == "max" for column in COLUMNS.values())


def test_free_columns_are_not_of_the_standard() -> None:
    assert columns.free_column("noaa_number", "integer").dachs_type == "bigint"
    with pytest.raises(ConfigurationError, match="column of EPNcore"):
        columns.free_column("ra", "float")
