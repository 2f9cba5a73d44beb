"""Rules that a table's declaration, a VOTable or a registry record decides: broken and kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from epnkit.epncore import answerrules, registryrules, schemarules
from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.published import (
    OLD_UTYPE,
    UTYPE,
    DeclaredField,
    DeclaredTable,
    RegistryRecord,
    VotableMetadata,
)
from epnkit.epncore.rulebook import RULES

_DATATYPES = {"text": "char", "timestamp": "char", "integer": "int"}
_XTYPES = {"s_region": "adql:REGION", "coverage": "moc"}


def _field(name: str, frame: str = "body") -> DeclaredField:
    column = COLUMNS[name]
    kind = "energy" if column.by_kind == "particle" else frame
    xtype = "timestamp" if column.epn_type == "timestamp" else _XTYPES.get(name, "")
    datatype = _DATATYPES.get(column.epn_type, "double")
    return DeclaredField(name, datatype, "", column.unit_in(kind), column.ucd_in(kind), xtype)


def _table(*more: DeclaredField, frame: str = "body") -> DeclaredTable:
    mandatory = [_field(c.name, frame) for c in COLUMNS.values() if c.mandatory]
    return DeclaredTable((*mandatory, *more), "spots.epn_core", UTYPE)


def replace_field(table: DeclaredTable, name: str, **change: str) -> DeclaredTable:
    fields = (replace(f, **change) if f.name == name else f for f in table.fields)
    return replace(table, fields=tuple(fields))


def _without(table: DeclaredTable, name: str) -> DeclaredTable:
    return replace(table, fields=tuple(f for f in table.fields if f.name != name))


ACCESS = tuple(_field(n) for n in ("access_url", "access_format", "access_estsize"))
PARTICLES = tuple(_field(c.name) for c in COLUMNS.values() if "particle" in c.extension)
GOOD = _table()

BROKEN: list[tuple[int, DeclaredTable]] = [
    (1, replace(GOOD, name="spots.granules")),
    (1, replace(GOOD, siblings=("spots.other",))),
    (2, replace(GOOD, utype="")),
    (3, replace(GOOD, utype=OLD_UTYPE)),
    (4, _without(GOOD, "time_max")),
    (11, _table(DeclaredField("depth_min", "double"))),
    (11, _table(_field("local_time_min"))),
    (14, _table(DeclaredField("NOAA", "char"))),
    (14, _table(DeclaredField("noaa number", "char"))),
    (19, replace_field(GOOD, "time_min", datatype="float")),
    (22, _table(DeclaredField("timemin", "double"))),
    (22, _table(DeclaredField("type", "int"), DeclaredField("type", "char"))),
    (24, _table(DeclaredField("noaa", "char", ucd="meta.noaa"))),
    (25, _table(DeclaredField("flow_error", "double", ucd="phys.veloc"))),
    (25, _table(DeclaredField("flow_error_min", "double", ucd="stat.error;stat.min;phys.veloc"))),
    (27, _table(DeclaredField("accref", "char"))),
    (28, replace_field(GOOD, "time_min", unit="yr")),
    (28, replace_field(GOOD, "target_name", ucd="meta.id")),
    (29, replace_field(GOOD, "processing_level", datatype="double")),
    (29, replace_field(GOOD, "c2_resol_min", datatype="char")),
    (70, replace_field(GOOD, "c1min", unit="rad")),
    (71, replace_field(GOOD, "c2max", ucd="pos.eq.dec;stat.max")),
    (72, replace_field(GOOD, "c3_resol_max", unit="m")),
    (86, _table(_field("subsolar_longitude_max"))),
    (87, _table(DeclaredField("ra_min", "double"))),
    (94, _table(_field("access_url"), _field("access_format"))),
    (98, replace_field(_table(*ACCESS), "access_estsize", unit="kB")),
    (109, _without(_table(*PARTICLES), "particle_spectral_type")),
]

KEPT = [
    GOOD,
    _table(*ACCESS),
    _table(*PARTICLES),
    _table(_field("subsolar_longitude_min"), _field("subsolar_longitude_max")),
    _table(DeclaredField("flow_error", "double", ucd="stat.error;phys.veloc")),
    _table(DeclaredField("depth_min", "double"), DeclaredField("depth_max", "double")),
    _table(_field("ra"), _field("dec")),
    # bar is 1e5 Pa and a pixel is a pixel, however DaCHS spells them
    replace_field(_table(_field("pressure")), "pressure", unit="1e5Pa"),
    replace_field(_table(_field("map_width")), "map_width", unit="pixel"),
    replace(GOOD, utype="ivo://ivoa.net/std/EPNTAP#table-2.1"),
]


@pytest.mark.parametrize(("rule", "table"), BROKEN)
def test_a_broken_declaration_breaks_its_rule_alone(rule: int, table: DeclaredTable) -> None:
    assert {f.rule for f in schemarules.check_declaration(table, "body")} == {rule}


@pytest.mark.parametrize("table", KEPT)
def test_a_good_declaration_breaks_none(table: DeclaredTable) -> None:
    assert list(schemarules.check_declaration(table, "body")) == []


@pytest.mark.parametrize(
    "frame", ["celestial", "body", "cartesian", "spherical", "cylindrical", "none"]
)
def test_each_frame_has_units_and_ucds_of_its_own(frame: str) -> None:
    assert list(schemarules.check_declaration(_table(frame=frame), frame)) == []
    other = "cartesian" if frame != "cartesian" else "body"
    assert {f.rule for f in schemarules.check_declaration(_table(frame=frame), other)} >= {70, 71}


def test_a_table_without_descriptions_is_judged_by_its_names_alone() -> None:
    bare = DeclaredTable(tuple(DeclaredField(f.name) for f in GOOD.fields), described=False)
    assert list(schemarules.check_declaration(bare, "body")) == []


SYSTEMS = VotableMetadata(time_systems=1, space_systems=1)

ANSWERS: list[tuple[int, DeclaredTable, VotableMetadata, str]] = [
    (9, GOOD, VotableMetadata(space_systems=1), "celestial"),
    (9, GOOD, VotableMetadata(time_systems=1), "celestial"),
    (10, GOOD, replace(SYSTEMS, faults=("E02",)), "body"),
    (58, _table(replace(_field("target_time_min"), xtype="")), SYSTEMS, "body"),
    (60, replace_field(GOOD, "release_date", xtype=""), SYSTEMS, "body"),
    (82, replace_field(GOOD, "s_region", xtype=""), SYSTEMS, "body"),
    (82, replace_field(GOOD, "s_region", datatype="double"), SYSTEMS, "body"),
    (84, _table(replace(_field("coverage"), xtype="MOC")), SYSTEMS, "body"),
]


@pytest.mark.parametrize(("rule", "table", "answer", "frame"), ANSWERS)
def test_a_broken_answer_breaks_its_rule_alone(
    rule: int, table: DeclaredTable, answer: VotableMetadata, frame: str
) -> None:
    assert {f.rule for f in answerrules.check_votable(table, answer, frame)} == {rule}


def test_good_answers_break_none() -> None:
    moc = _table(_field("coverage"))
    shape = replace_field(GOOD, "s_region", datatype="double", xtype="polygon")
    for table in (GOOD, moc, shape):
        assert list(answerrules.check_votable(table, SYSTEMS, "celestial")) == []
    # before VOTable 1.5 no COOSYS can name a body
    assert list(answerrules.check_votable(GOOD, VotableMetadata(time_systems=1), "body")) == []


RECORD = RegistryRecord(
    "ivo://example/spots",
    ("solar-physics",),
    {"spots.epn_core": UTYPE},
    ("ivo://ivoa.net/std/TAP#aux",),
)

RECORDS: list[tuple[int, RegistryRecord]] = [
    (2, replace(RECORD, tables={"spots.epn_core": ""})),
    (3, replace(RECORD, tables={"spots.epn_core": OLD_UTYPE})),
    (7, replace(RECORD, subjects=("solar-flares",))),
    (8, replace(RECORD, subjects=("solar-physics", "Sun spots"))),
    (116, replace(RECORD, tables={})),
    (116, replace(RECORD, capabilities=())),
]


@pytest.mark.parametrize(("rule", "record"), RECORDS)
def test_a_broken_record_breaks_its_rule_alone(rule: int, record: RegistryRecord) -> None:
    assert {f.rule for f in registryrules.check_record(record, "spots.epn_core")} == {rule}


def test_a_good_record_breaks_none() -> None:
    assert list(registryrules.check_record(RECORD, "spots.epn_core")) == []


@pytest.mark.parametrize(
    ("judge", "tested"),
    [
        ("schema", {rule for rule, _ in BROKEN} | {120}),  # test_characters.py
        ("votable", {rule for rule, *_ in ANSWERS} | {19, 29}),
        ("registry", {rule for rule, _ in RECORDS}),
    ],
)
def test_every_rule_of_a_kind_has_a_case(judge: str, tested: set[int]) -> None:
    decided = {rule.number for rule in RULES.values() if judge in rule.judged_by}
    assert decided <= tested
