"""Every rule that rows decide: a case that breaks it alone, and one that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from epnkit.epncore import columns, rules
from epnkit.epncore.rulebook import RULES

Change = dict[str, Any]
Table = Callable[..., pl.DataFrame]

SKY: Change = {
    "spatial_frame_type": "celestial",
    "s_region": "{(10d,15d),(20d,15d),(20d,5d),(10d,5d)}",
}
EVENT: Change = {"dataproduct_type": "ev", "access_format": "application/x-voevent+xml"}
MAP: Change = {
    "dataproduct_type": "ma",
    "map_projection": "CAR",
    "spatial_coordinate_description": "IAU2009:1000",
}
ASTEROID: Change = {"target_class": "asteroid"}
COMET: Change = {"target_class": "comet"}
SIMULATED: Change = {"measurement_type": "phot.radiance;em.opt;meta.modelled"}
INCHIKEY = "XLYOFNOQVPJJNP-UHFFFAOYSA-N"
BARE: Change = {"c1min": None, "c1max": None, "c2min": None, "c2max": None, "s_region": None}

#: rule, changes that keep it, changes that break it alone.
CASES: list[tuple[int, Change, Change]] = [
    (12, {}, {"time_max": None}),
    (12, {"spectral_range_min": None, "spectral_range_max": None}, {"c2min": None}),
    (13, {"time_exp_min": 1.5}, {"time_min": 2459689.0}),
    (13, {**BARE, "c3min": 5.0, "c3max": 6.0}, {**BARE, "c3min": 6.0, "c3max": 5.0}),
    (15, {"filter": "h-alpha"}, {"filter": "H-alpha"}),
    (15, {"obs_mode": "scan"}, {"obs_mode": "Scan"}),
    (16, {"instrument_host_name": "Solar Orbiter"}, {"instrument_host_name": "SDO "}),
    (16, {}, {"access_url": " https://example.org/a.fits"}),
    (17, {"publisher": "Observatoire de Paris"}, {"publisher": 'the "observatory"'}),
    (17, {"feature_name": "AR 12345"}, {"granule_uid": "it's"}),
    (17, {"access_url": "https://example.org/a#b"}, {"granule_gid": "a#b"}),
    (18, {"instrument_name": "a#b"}, {"instrument_name": "a##b"}),
    (18, {"alt_target_name": "Sol#Helios"}, {"alt_target_name": "#Sol"}),
    (18, {"dataproduct_type": "im#sp"}, {"dataproduct_type": "im#"}),
    *((20, {}, {c.name: ""}) for c in columns.COLUMNS.values() if c.required),
    (31, {"granule_uid": "ar 1"}, {"granule_uid": "ar#1"}),
    (31, {}, {"granule_uid": "nançay_1"}),
    (36, {"dataproduct_type": "sp#im"}, {"dataproduct_type": "catalogue_item"}),
    (37, {"dataproduct_type": "ca#sp"}, {"dataproduct_type": "ca"}),
    (
        38,
        {
            "dataproduct_type": "ci",
            "access_url": None,
            "access_format": None,
            "access_estsize": None,
        },
        {"access_url": None, "access_format": None, "access_estsize": None},
    ),
    (39, MAP, {"map_projection": "CAR"}),
    (
        40,
        {**MAP, "spatial_coordinate_description": "IAU2009:1000"},
        {**MAP, "map_projection": None},
    ),
    (41, {"measurement_type": "phys.temperature"}, {"measurement_type": "phys.flux.density"}),
    (41, {}, {"measurement_type": "phys.magField#em.wvl"}),
    (41, {}, {"measurement_type": "obs.image"}),
    (
        42,
        {**SIMULATED, "instrument_host_name": "simulation#Juno"},
        {"instrument_host_name": "simulation#Juno"},
    ),
    (43, {"processing_level": 6}, {"processing_level": 7}),
    (43, {"processing_level": None}, {"processing_level": 4}),
    (44, {"target_name": "HD 1"}, {"target_name": "sun"}),
    (44, {}, {"target_name": "JUPITER#Io", "target_class": "planet#satellite"}),
    (45, {"target_name": "Sun#Earth"}, {"target_name": "Vesta#vesta", **ASTEROID}),
    (47, {**ASTEROID, "target_name": "Vesta"}, {**ASTEROID, "target_name": "4 Vesta"}),
    (47, {**ASTEROID, "target_name": "1999 TC36"}, {**ASTEROID, "target_name": "(4) Vesta"}),
    (47, {**COMET, "target_name": "1P"}, {**COMET, "target_name": "1P/Halley"}),
    (47, {**COMET, "target_name": "C/2022 E3"}, {**COMET, "target_name": "C/2022 E3 (ZTF)"}),
    (48, {"target_class": "star#planet"}, {"target_class": "star#UNKNOWN"}),
    (48, {}, {"target_class": "ring", "target_name": "Saturn"}),
    (50, {}, {"target_class": "sky"}),
    (
        50,
        {"target_name": "Saturn", "target_class": "planet", "target_region": "ring"},
        {"target_name": "Saturn rings", "target_class": "planet"},
    ),
    (
        51,
        {"target_class": "sample", "target_name": "olivine"},
        {"target_class": "sample", "target_name": None},
    ),
    (52, {"time_min": 2086001.0}, {"time_min": 59688.1, "time_max": 59688.2}),
    (53, {}, {"time_min": None, "time_max": None}),
    (55, {"time_scale": "UTC"}, {"time_scale": "ET"}),
    (55, {}, {"time_scale": "TDB"}),
    (56, {"time_refposition": "TOPOCENTER"}, {"time_refposition": "somewhere"}),
    (56, {"time_refposition": "sdo"}, {"time_refposition": "topocenter"}),
    (57, {"time_exp_min": 0.0}, {"time_exp_min": -1.0}),
    (57, {}, {"time_exp_min": 4.0, "time_exp_max": 4.0}),
    (
        58,
        {"target_time_min": "2016-01-01T00:00", "target_time_max": "2016-12-31T23:59:60"},
        {"target_time_min": "2459000.5", "target_time_max": "2459000.5"},
    ),
    (
        59,
        {"local_time_min": 23.0, "local_time_max": 1.0},
        {"local_time_min": 1, "local_time_max": 25},
    ),
    (60, {"creation_date": "2020-01-01"}, {"creation_date": "2020-1-1"}),
    (60, {}, {"release_date": "2021-02-29"}),
    (60, {}, {"release_date": "2020-01-01T23:59:60"}),
    (60, {"release_date": "2020-01-01T10:00"}, {"release_date": "2020-01-01T24:00"}),
    (60, {"release_date": "2016-12-31T23:59:60Z"}, {"release_date": "2020-01-01 10:00:00"}),
    (62, {"modification_date": "2022-04-20T10:00:00"}, {"modification_date": "2022-04-19"}),
    (63, {"spectral_range_min": 0.0}, {"spectral_range_min": -1.0}),
    (63, {}, {"spectral_sampling_step_max": float("inf")}),
    (64, {}, {"spectral_range_min": 4.7e14}),
    (65, {"spectral_resolution_min": 1.0}, {"spectral_resolution_min": 0.0}),
    (65, {}, {"spectral_resolution_min": 1e12, "spectral_resolution_max": 1e12}),
    (66, {"filter": "v"}, {"filter": "v", "spectral_range_min": None, "spectral_range_max": None}),
    (68, {**BARE, "spatial_frame_type": "none"}, {**BARE, "spatial_frame_type": "healpix"}),
    (73, {**BARE, "c1min": 350.0, "c1max": 5.0}, {**BARE, "c1min": -10.0, "c1max": 5.0}),
    (73, {**BARE, "c2min": -90.0, "c2max": 90.0}, {**BARE, "c2min": -91.0, "c2max": 0.0}),
    (73, {"ra": 360.0}, {"ra": 361.0}),
    (73, {"dec": -90.0}, {"dec": 91.0}),
    (
        73,
        {"solar_longitude_min": 350.0, "solar_longitude_max": 10.0},
        {"solar_longitude_min": -90.0, "solar_longitude_max": 10.0},
    ),
    (
        73,
        {"subsolar_longitude_min": 350.0, "subsolar_longitude_max": 1.0},
        {"subsolar_longitude_min": -180.0, "subsolar_longitude_max": 1.0},
    ),
    (75, {}, {"c1min": 20.0, "c1max": 10.0}),
    (
        75,
        {"c1min": 350.0, "c1max": 10.0, "s_region": "{(350d,5d),(10d,5d),(10d,15d),(350d,15d)}"},
        {"c1min": 10.0, "c1max": 350.0, "s_region": "{(350d,5d),(10d,5d),(10d,15d),(350d,15d)}"},
    ),
    (76, {"c2min": 15.0}, {"c2min": 16.0}),
    (
        79,
        {**BARE, "spatial_frame_type": "spherical", "c1min": 1.0, "c1max": 2.0},
        {**BARE, "spatial_frame_type": "spherical", "c1min": -1.0, "c1max": 2.0},
    ),
    (
        79,
        {**BARE, "spatial_frame_type": "spherical", "c2min": 0.0, "c2max": 180.0},
        {**BARE, "spatial_frame_type": "spherical", "c2min": 0.0, "c2max": 181.0},
    ),
    (
        80,
        {**BARE, "c1min": 0.0, "c1max": 360.0, "c2min": -90.0, "c2max": 90.0, "coverage": "0/0-11"},
        {
            **BARE,
            "c1min": 90.0,
            "c1max": 270.0,
            "c2min": -90.0,
            "c2max": 90.0,
            "coverage": "0/0-11",
        },
    ),
    (81, {"s_region": None, "coverage": "3/4 5"}, {"s_region": None}),
    (83, SKY, {**SKY, "s_region": "{(10d,5d),(20d,5d),(20d,15d),(10d,15d)}"}),
    (83, {}, {"s_region": SKY["s_region"]}),
    (
        83,
        {"s_region": "{ (10d, 5d), (20d, 5d),\t(20d, 15d), (10d, 15d) }"},
        {"s_region": "{ (10d, 15d), (20d, 15d),\t(20d, 5d), (10d, 5d) }"},
    ),
    (
        83,
        {"s_region": "{(+1e1d,5.d),(20d,.5E1d),(20d,15d),(10d,15d)}"},
        {"s_region": "{(10d,5d),(20d,5d)}"},
    ),
    (83, {}, {"s_region": "{(10d,5d),(20d,5d),(20d,15dd),(10d,15d)}"}),
    (
        83,
        {"s_region": "Polygon UNKNOWNFrame 10 5 20 5 20 15 10 15"},
        {"s_region": "Polygon 10 5 20 5"},
    ),
    (83, {"s_region": "Circle UNKNOWNFrame 10 5 1"}, {"s_region": "10 5 20 5 20 15"}),
    (
        83,
        {"s_region": [10.0, 5.0, 20.0, 5.0, 20.0, 15.0]},
        {"s_region": [10.0, 5.0, 20.0, 5.0, 9.0]},
    ),
    (83, {"s_region": [15.0, 10.0, 1.0]}, {"s_region": [10.0, 5.0, 20.0, 15.0, 20.0, 5.0]}),
    (83, {}, {"s_region": "{(10d,5d),(20d,5d),(20d,95d),(10d,95d)}"}),
    (84, {"s_region": None, "coverage": "3/4-5 7\n4/"}, {"s_region": None, "coverage": "a MOC"}),
    (84, {"coverage": "0/0-11"}, {"coverage": "6/1"}),
    (
        85,
        {"spatial_coordinate_description": "IAU2000:49900"},
        {"spatial_coordinate_description": "IAU2000:49901"},
    ),
    (
        86,
        {"subobserver_latitude_min": 1.0, "subobserver_latitude_max": 1.0},
        {"subobserver_longitude_min": 1.0, "subobserver_longitude_max": None},
    ),
    (88, {"emergence_min": 0.0}, {"emergence_max": 91.0}),
    (88, {"phase_max": 40.0}, {"phase_min": 41.0, "phase_max": 41.0}),
    (
        89,
        {"target_distance_min": 1.5e8, "target_distance_max": 1.5e8},
        {"sun_distance_min": 1.0, "sun_distance_max": 1.0},
    ),
    (
        89,
        {"earth_distance_min": 0.0, "earth_distance_max": 1.0},
        {"earth_distance_min": -1.0, "earth_distance_max": 1.0},
    ),
    (
        92,
        {**SIMULATED, "instrument_host_name": "simulation#Juno"},
        {**SIMULATED, "instrument_host_name": "Juno#simulation"},
    ),
    (93, {}, {"service_title": "SPOTS"}),
    (95, {}, {"access_estsize": None}),
    (95, {}, {"access_format": ""}),
    (95, {}, {"dataproduct_type": "ci", "access_url": None}),
    (96, {"access_url": "ftp://example.org/a.fits"}, {"access_url": "data/a.fits"}),
    (
        97,
        {"access_format": "application/x-votable+xml;content=datalink"},
        {"access_format": "FITS"},
    ),
    (97, {"access_format": "image/png"}, {"access_format": "image/PNG"}),
    (97, {"access_format": "text/csv; charset=utf-8"}, {"access_format": "text/csv, text/plain"}),
    (98, {"access_estsize": 0}, {"access_estsize": -1}),
    (99, {"thumbnail_url": "https://example.org/a.png"}, {"thumbnail_url": "a.png"}),
    (
        99,
        {"thumbnail_url": "https://example.org/preview?id=1"},
        {"thumbnail_url": "https://example.org/a.fits"},
    ),
    (100, {"file_name": "a.tar.gz"}, {"file_name": "data/a.fits"}),
    (100, {}, {"file_name": None}),
    (101, {"access_md5": "d41d8cd98f00b204e9800998ecf8427e"}, {"access_md5": "d41d8cd9"}),
    (
        103,
        {"external_link": "https://example.org/page"},
        {"external_link": "https://example.org/a https://example.org/b"},
    ),
    (105, {"species": "H2O#CO2"}, {"species": "water"}),
    (106, {"messenger": "Radio"}, {"messenger": "radio"}),
    (107, {"target_region": "active region"}, {"target_region": "heliopshere"}),
    (107, {"target_region": "atmosphere#surface"}, {"target_region": "somewhere"}),
    (108, {"bib_reference": "2012SoPh..275..207S"}, {"bib_reference": "Scherrer et al. 2012"}),
    (108, {"bib_reference": "10.1007/s11207-011-9834-2"}, {"bib_reference": "in press"}),
    (108, {"bib_reference": "arXiv:1603.05990"}, {"bib_reference": "1603"}),
    (109, {"particle_spectral_type": "mass/charge"}, {"particle_spectral_type": "speed"}),
    (110, {"species_inchikey": INCHIKEY}, {"species_inchikey": INCHIKEY.lower()}),
    (111, {"geometry_type": "direct#specular"}, {"geometry_type": "sideways"}),
    (112, EVENT, {**EVENT, "access_format": "application/json"}),
    (112, {**EVENT, "event_status": "prediction"}, {**EVENT, "event_status": "perhaps"}),
    (112, {**EVENT, "event_cite": "followup"}, {"event_cite": "followup"}),
    (113, {**MAP, "map_projection": "+proj=eqc"}, {**MAP, "map_projection": "nice"}),
    (113, {"map_scale": "1:50000"}, {"map_scale": "50000"}),
    (114, {"observer_country": "FR"}, {"observer_country": "France"}),
    (
        115,
        {**ASTEROID, "target_name": "Vesta", "dynamical_class": "MBA"},
        {"dynamical_class": "belt"},
    ),
    (118, {"access_url": "https://example.org/a?b#c"}, {"access_url": "s3://bucket/a.fits"}),
    (118, {"access_url": "https://[::1]:80/a"}, {"access_url": "sftp://example.org/a.fits"}),
    (119, {"instrument_name": "a\u200bb"}, {"instrument_name": "a\ufffeb"}),
]

#: Rules of complete addresses: what breaks them is no link either (rule 118).
OF_ADDRESSES = {96, 99, 103}


@pytest.mark.parametrize(("rule", "keeps", "breaks"), CASES)
def test_rule_is_kept_and_broken(rule: int, keeps: Change, breaks: Change, judged: Table) -> None:
    assert judged(keeps).is_empty(), judged(keeps)
    found = set(judged(breaks)["rule"])
    assert found - ({118} if rule in OF_ADDRESSES else set()) == {rule}, judged(breaks)


@pytest.mark.parametrize(("rule", "keeps", "breaks"), CASES)
def test_values_that_many_rows_share_are_checked_as_others(
    rule: int, keeps: Change, breaks: Change, judged: Table
) -> None:
    alone = judged(breaks).drop("row").rows()
    found = judged(*[keeps, breaks] * 16)
    for row in range(32):
        of_row = found.filter(pl.col("row") == row).drop("row").rows()
        assert of_row == (alone if row % 2 else [])


def test_every_rule_that_rows_decide_has_a_case() -> None:
    tested = {rule for rule, _, _ in CASES} | {25}  # the errors of own columns, below
    assert tested == {rule.number for rule in RULES.values() if "row" in rule.judged_by}


def test_errors_of_own_columns_are_not_negative(judged: Table) -> None:
    extra = {"flow_error": columns.free_column("flow_error", "float", ucd="stat.error;phys.veloc")}
    assert judged({"flow_error": 0.5}, extra=extra).is_empty()
    assert judged({"flow_error": -0.5}, extra=extra)["rule"].to_list() == [25]


def test_findings_name_row_value_and_level(judged: Table) -> None:
    found = judged({}, {"processing_level": 4}, {"c2min": 16.0}).to_dicts()
    assert found == [
        {
            "row": 1,
            "rule": 43,
            "level": "SHOULD",
            "column": "processing_level",
            "value": "4",
            "message": "is CODMAC's; EPN-TAP says 5",
        },
        {
            "row": 2,
            "rule": 76,
            "level": "MUST",
            "column": "c2min",
            "value": "c2min=16.0, c2max=15.0",
            "message": "the minimum exceeds the maximum",
        },
    ]


def test_no_rows_break_nothing(table: Table) -> None:
    empty = table({}).clear()
    assert rules.check_rows(empty, service="spots", frame="body").schema == rules.FINDINGS
    assert rules.check_rows(empty, service="spots", frame="body").is_empty()


def test_frame_of_the_service_counts_where_rows_say_none(table: Table) -> None:
    rows = table({"c2min": 16.0}).drop("spatial_frame_type")
    found = {
        frame: rules.check_rows(rows, service="spots", frame=frame)
        for frame in ("body", "cartesian")
    }
    assert {frame: set(f["rule"]) for frame, f in found.items()} == {
        "body": {76},
        "cartesian": {13},
    }


def test_hard_rules_are_must_rules_on_rows() -> None:
    hard = [RULES[number] for number in rules.ENFORCED]
    assert all(rule.level == "MUST" and "row" in rule.judged_by for rule in hard)
