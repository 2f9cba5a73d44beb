"""Defects of published services and of real sources, created anew: each is found by its rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from epnkit.epncore import schemarules
from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.published import OLD_UTYPE, UTYPE, DeclaredField, DeclaredTable

Judged = Callable[..., pl.DataFrame]

ROWS: list[tuple[str, int, dict[str, Any]]] = [
    ("service title in capitals (CRISM, BDIP)", 93, {"service_title": "CRISM"}),
    ("service title of a trial (Mars_craters_dev)", 93, {"service_title": "spots_dev"}),
    ("date without leading zeros (planmap, crism)", 60, {"creation_date": "2020-1-1"}),
    ("body polygon as ICRS (crism)", 81, {"s_region": "Polygon ICRS 10 5 20 5 20 15 10 15"}),
    ("em.wvl (spectro_planets)", 41, {"measurement_type": "phys.temperature;em.wvl"}),
    ("obs.image first (bdip)", 41, {"measurement_type": "obs.image"}),
    ("phys.flux.density (MASER, NDA)", 41, {"measurement_type": "phys.flux.density;em.radio"}),
    (
        "swapped spectral limits (cpstasm)",
        64,
        {"spectral_range_min": 4000, "spectral_range_max": 8},
    ),
    ("swapped exposures (cpstasm)", 13, {"time_exp_min": 2.0, "time_exp_max": 1.0}),
    ("CODMAC level 4 (cpstasm, NDA)", 43, {"processing_level": 4}),
    (
        "resolution in Hz (cpstasm)",
        65,
        {"spectral_resolution_min": 2e12, "spectral_resolution_max": 2e12},
    ),
    ("class UNKNOWN (DaCHS's default)", 48, {"target_class": "UNKNOWN", "target_name": None}),
    ("class ring (DaCHS's template)", 48, {"target_class": "ring", "target_name": "Saturn"}),
    ("catalogue_item before 2.0 (HFC)", 36, {"dataproduct_type": "catalogue_item"}),
    ("stray hashes (Kronos)", 18, {"instrument_host_name": "#cassini#"}),
    ("misspelt region (MASER)", 107, {"target_region": "magnetosphere#heliopshere"}),
    ("size in bytes / 1024, not rounded (irtf, NDA)", 98, {"access_estsize": 10.5}),
    ("MJD for JD", 52, {"time_min": 59688.1, "time_max": 59688.2}),
    ("negative Carrington longitude (SHARP)", 73, {"c1min": -27.39, "c1max": 20.0}),
    (
        "box of half the globe (irtf_orton)",
        80,
        {"c1min": 0.0, "c1max": 180.0, "c2min": -90.0, "c2max": 90.0},
    ),
]


@pytest.mark.parametrize(("rule", "change"), [case[1:] for case in ROWS], ids=[c[0] for c in ROWS])
def test_defect_of_rows(judged: Judged, rule: int, change: dict[str, Any]) -> None:
    assert set(judged(change)["rule"]) == {rule}


def _table(*more: DeclaredField, utype: str = UTYPE) -> DeclaredTable:
    named = {field.name for field in more}
    mandatory = [c for c in COLUMNS.values() if c.mandatory and c.name not in named]
    fields = [DeclaredField(c.name, "", "", c.unit_in("body"), c.ucd_in("body")) for c in mandatory]
    return DeclaredTable((*fields, *more), "craters.epn_core", utype)


def _as_text(name: str) -> DeclaredField:
    return DeclaredField(
        name, "char", "*", COLUMNS[name].unit_in("body"), COLUMNS[name].ucd_in("body")
    )


TABLES: list[tuple[str, int, DeclaredTable]] = [
    (
        "column declared twice (mars_craters)",
        22,
        _table(DeclaredField("type", "int"), DeclaredField("type", "char")),
    ),
    ("c1min as text (planmap)", 29, _table(_as_text("c1min"))),
    ("ra as text (irtf_orton)", 29, _table(_as_text("ra"))),
    ("time_min as text (planmap)", 19, _table(_as_text("time_min"))),
    ("access_url alone (planmap)", 94, _table(_as_text("access_url"))),
    ("old utype (illu67p)", 3, _table(utype=OLD_UTYPE)),
    (
        "unknown UCD of an own column",
        24,
        _table(DeclaredField("wavelength", "double", ucd="em.wvl")),
    ),
]


@pytest.mark.parametrize(("rule", "table"), [c[1:] for c in TABLES], ids=[c[0] for c in TABLES])
def test_defect_of_tables(rule: int, table: DeclaredTable) -> None:
    assert {finding.rule for finding in schemarules.check_declaration(table, "body")} == {rule}
