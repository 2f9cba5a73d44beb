"""Positions of which a part is there, or whose names say more: one axis, prefixes, x, y and z."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.support.draft_judge import judge_draft

from epnkit.drafts.inspect.sample import Declared, Sample
from epnkit.drafts.propose.alternatives import take_unit
from epnkit.drafts.propose.draft import propose
from epnkit.mapping.declare import evaluate

COUNT = 24


def sample(declared: Declared | None = None, /, **columns: Any) -> Sample:
    """Make records; a number grows by a tenth from record to record."""
    base = {
        "event_id": [f"e{n}" for n in range(COUNT)],
        "start_time": [f"2001-01-{n + 1:02}T00:00:00" for n in range(COUNT)],
    }
    given = {
        k: [v + n / 10 for n in range(COUNT)] if isinstance(v, float) else [v] * COUNT
        for k, v in columns.items()
    }
    return Sample("sql", pl.DataFrame({**base, **given}), COUNT, declared or Declared())


@pytest.mark.parametrize(
    ("columns", "expected", "frame"),
    [
        ({"planetographic_lat": -40.0}, {"c1min": None, "c2min": -40.0, "c2max": -40.0}, "body"),
        ({"lat_min": -10.0, "lat_max": 5.0}, {"c2min": -10.0, "c2max": 5.0}, "body"),
        ({"carrington_longitude": 21.0}, {"c1min": 21.0, "c1max": 21.0, "c2min": None}, "body"),
        ({"dec_j2000": 12.0}, {"c2min": 12.0, "c1min": None}, "celestial"),
        ({"Sel_Lat_deg": 12.5, "Sel_Lon_deg": -29.5}, {"c1min": 330.5, "c2min": 12.5}, "body"),
        ({"impact_lat_N": -4.6, "impact_lon_E": 13.4}, {"c1min": 13.4, "c2max": -4.6}, "body"),
        ({"centerLatN": -4.6, "centerLonE": 13.4}, {"c1min": 13.4, "c2max": -4.6}, "body"),
        ({"spot_lat": 2.0, "spot_lon_W": 30.0}, {"c1min": 330.0, "c2min": 2.0}, "body"),
        ({"subsolar_lat": 2.0, "subsolar_lon": 30.0}, {"c1min": None, "c2min": None}, "none"),
        ({"sc_lat": 2.0, "sc_lon": 30.0}, {"c1min": None, "c2min": None}, "none"),
        ({"site_lat": 2.0}, {"c2min": None}, "none"),
    ],
)
def test_one_axis_and_prefixes_are_known(
    columns: dict[str, float], expected: dict[str, Any], frame: str
) -> None:
    records = sample(target="Mars", **columns)
    assert judge_draft(records, "x", expected).wrong == []
    assert propose(records, "x").frame == frame


def test_what_is_below_the_sun_and_the_spacecraft_is_no_footprint() -> None:
    records = sample(target="Mars", subsolar_lat=2.0, subsolar_lon=30.0, SC_lat=5.0, SC_lon=7.0)
    expected = {
        "subsolar_latitude_min": 2.0,
        "subsolar_longitude_max": 30.0,
        "subobserver_latitude_min": 5.0,
        "subobserver_longitude_max": 7.0,
        "c1min": None,
    }
    assert judge_draft(records, "x", expected).wrong == []


@pytest.mark.parametrize(("body", "longitude"), [("Sun", 30.0), ("Mars", 330.0)])
def test_west_of_the_central_meridian_grows_on_the_sun(body: str, longitude: float) -> None:
    records = sample(target=body, lat=12.0, ns="S", lon=30.0, ew="W")
    assert judge_draft(records, "x", {"c1min": longitude, "c2min": -12.0}).wrong == []


@pytest.mark.parametrize(
    ("names", "units", "body", "kilometres"),
    [
        (("pos_x_mso_km", "pos_y_mso_km", "pos_z_mso_km"), "", "Mars", 2.0),
        (("xgse", "ygse", "zgse"), "R_E", "Earth", 2 * 6378.1),
        (("X_GSM_RE", "Y_GSM_RE", "Z_GSM_RE"), "", "Earth", 2 * 6378.1),
        (("X_KSO_Rs", "Y_KSO_Rs", "Z_KSO_Rs"), "", "Saturn", 2 * 60268.0),
        (("x_hci", "y_hci", "z_hci"), "AU", "Sun", 2 * 1.495978707e8),
        (("x_r_s", "y_r_s", "z_r_s"), "", "Sun", 2 * 695700.0),
    ],
)
def test_positions_on_axes_are_in_kilometres(
    names: tuple[str, ...], units: str, body: str, kilometres: float
) -> None:
    declared = Declared(units=dict.fromkeys(names, units) if units else {})
    records = sample(declared, target=body, **dict(zip(names, (2.0, -1.0, 0.5), strict=True)))
    expected = {"c1min": kilometres, "c1max": kilometres, "c3min": kilometres / 4}
    judged = judge_draft(records, "x", expected)
    assert judged.wrong == []
    assert propose(records, "x").frame == "cartesian"


@pytest.mark.parametrize(
    "names",
    [
        ("bx_mso", "by_mso", "bz_mso"),
        ("vx_gse", "vy_gse", "vz_gse"),
        ("x_arcsec", "y_arcsec", "z"),
        ("x_pixel_km", "y_pixel_km", "z_pixel_km"),
    ],
)
def test_other_vectors_are_no_positions(names: tuple[str, ...]) -> None:
    records = sample(target="Mars", **dict.fromkeys(names, 2.0))
    assert propose(records, "x").frame == "none"


def test_a_position_whose_unit_nothing_says_is_to_be_decided() -> None:
    records = sample(target="Mars", x_mso=2.0, y_mso=1.0, z_mso=1.0)
    made = propose(records, "x").of("c1min")
    assert made is not None
    assert made.confidence < 0.8
    chosen = evaluate(take_unit(records, made, "Rmars").value.value, records.records)
    assert isinstance(chosen, pl.Series)
    assert chosen[0] == pytest.approx(2 * 3396.19)
