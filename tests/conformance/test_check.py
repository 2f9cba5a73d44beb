"""``epnkit check`` on files, folders and misbehaving servers: findings, formats, exit statuses."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from astropy.io import votable
from astropy.io.votable.tree import CooSys, Info, TimeSys
from astropy.table import Table
from click.testing import CliRunner
from lxml import etree

from epnkit.check.report import check
from epnkit.cli import cli, main
from epnkit.dachs.private import PrivateDachs
from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.published import UTYPE
from epnkit.errors import CheckError
from tests.conformance.serving import Reply, serving
from tests.conftest import ROOT

ROW: dict[str, Any] = {
    "granule_uid": "a1",
    "granule_gid": "spots",
    "obs_id": "a",
    "dataproduct_type": "ci",
    "measurement_type": "phys.area",
    "processing_level": 5,
    "target_name": "Sun",
    "target_class": "star",
    "time_min": 2459688.66,
    "time_max": 2459688.67,
    "c1min": 10.0,
    "c1max": 20.0,
    "c2min": 5.0,
    "c2max": 15.0,
    "s_region": "Polygon UNKNOWNFrame 10 5 20 5 20 15 10 15",
    "spatial_frame_type": "body",
    "service_title": "spots",
    "creation_date": "2022-04-20T10:00:00",
    "modification_date": "2022-04-20T10:00:00",
    "release_date": "2022-04-20T10:00:00",
}


def rows(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Make rows with all mandatory columns; the second one is another granule."""
    names = [column.name for column in COLUMNS.values() if column.mandatory]
    blank: dict[str, Any] = dict.fromkeys(names)
    return [{**blank, **ROW, "granule_uid": f"a{n}", **c} for n, c in enumerate(changes, 1)]


def as_votable(
    made: list[dict[str, Any]], *, status: str = "OK", change: Callable[[Any], None] | None = None
) -> bytes:
    """Write rows as a VOTable with all that the standard asks of its declaration."""
    table = Table({name: _values(name, [row[name] for row in made]) for name in made[0]})
    tree = votable.from_table(table)
    resource = tree.resources[0]
    resource.infos.append(Info(name="QUERY_STATUS", value=status))
    resource.time_systems.append(
        TimeSys(
            ID="ts",
            refposition="TOPOCENTER",
            timeorigin="JD-origin",
            timescale="UTC",
            config={"version_1_4_or_later": True},
        )
    )
    resource.coordinate_systems.append(CooSys(ID="cs", system="ICRS"))
    for field in resource.tables[0].fields:
        _describe(field)
    if change is not None:
        change(resource.tables[0])
    stream = io.BytesIO()
    # Not by the writer in C, which writes beyond its memory: see epnkit.client.output.
    tree.to_xml(stream, _debug_python_based_parser=True)
    return stream.getvalue()


def _values(name: str, values: list[Any]) -> list[Any]:
    if name not in COLUMNS:
        return values
    kind = COLUMNS[name].epn_type
    if kind in {"float", "double"}:
        return [float("nan") if value is None else float(value) for value in values]
    return [value if value is not None else 0 if kind == "integer" else "" for value in values]


def _describe(field: Any) -> None:
    if field.name not in COLUMNS:
        return
    column = COLUMNS[field.name]
    field.unit = column.unit_in("body") or None
    field.ucd = column.ucd_in("body")
    if column.epn_type == "timestamp":
        field.xtype = "timestamp"
    if field.name == "s_region":
        field.xtype = "adql:REGION"


def find_rules(path: Path) -> set[int]:
    return set(check(str(path)).findings["rule"])


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes to a file, and give its path."""

    def write(content: bytes | str, name: str = "table.vot") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_a_good_votable_is_clean(written: Callable[..., Path]) -> None:
    assert find_rules(written(as_votable(rows({}, {})))) == set()


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        (28, lambda table: setattr(find_field(table, "time_min"), "unit", "yr")),
        (60, lambda table: setattr(find_field(table, "release_date"), "xtype", None)),
        (71, lambda table: setattr(find_field(table, "c1min"), "ucd", "pos.eq.ra;stat.min")),
        (82, lambda table: setattr(find_field(table, "s_region"), "xtype", None)),
    ],
)
def test_a_votable_with_one_wrong_declaration(
    written: Callable[..., Path], rule: int, change: Callable[[Any], None]
) -> None:
    assert find_rules(written(as_votable(rows({}), change=change))) == {rule}


def find_field(table: Any, name: str) -> Any:
    return next(field for field in table.fields if field.name == name)


def test_rows_of_a_votable_are_judged(written: Callable[..., Path]) -> None:
    repeated = rows({"granule_uid": "b"}, {"granule_uid": "b"}, {"c1min": -10.0})
    report = check(str(written(as_votable(repeated))))
    assert report.findings.select("rule", "granule").rows() == [(30, "b"), (30, "b"), (73, "a3")]


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_csv_and_parquet(tmp_path: Path, name: str) -> None:
    good, bad = pl.DataFrame(rows({}, {})), pl.DataFrame(rows({}, {"time_max": 1.0}))
    for table, rules in ((good, set()), (bad, {13, 52})):
        path = tmp_path / name
        table.write_csv(path) if name.endswith("csv") else table.write_parquet(path)
        assert find_rules(path) == rules


def test_csv_with_text_for_a_number_and_without_columns(written: Callable[..., Path]) -> None:
    assert find_rules(written("granule_uid,time_min\na,soon\n", "t.csv")) >= {4, 29}


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"<html><body>Service down</body></html>", "t.vot", "HTML page: Service down"),
        (b"<html><body>Service down</body></html>", "t.csv", "markup, not CSV"),
        (as_votable(rows({}))[:-400], "t.vot", "cut off"),
        (as_votable(rows({}), status="OVERFLOW"), "t.vot", "OVERFLOW.*MAXREC"),
        (as_votable(rows({}), status="ERROR"), "t.vot", "reports an error"),
        (b"", "t.vot", "empty"),
        (b"PAR1", "t.parquet", "cannot be read"),
        (b"x", "t.xlsx", "not checked"),
    ],
)
def test_what_cannot_be_read_is_no_pass(
    written: Callable[..., Path], content: bytes, name: str, why: str
) -> None:
    path = written(content, name)
    with pytest.raises(CheckError, match=why) as error:
        check(str(path))
    assert str(path) in str(error.value)


def _status(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["epnkit", *words])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_exit_statuses(written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    good = str(written(as_votable(rows({})), "good.vot"))
    must = str(written(as_votable(rows({"c1min": -10.0})), "must.vot"))
    should = str(written(as_votable(rows({"time_min": None, "time_max": None})), "should.vot"))
    assert _status(monkeypatch, "check", good, "--strict") == 0
    assert _status(monkeypatch, "check", must) == 1
    assert _status(monkeypatch, "check", should) == 0
    assert _status(monkeypatch, "check", should, "--strict") == 1
    assert _status(monkeypatch, "check", "/nonexistent.vot") == 2


def test_json_and_junit_tell_the_same(written: Callable[..., Path]) -> None:
    path = str(written(as_votable(rows({"c1min": -10.0}, {"instrument_name": "#MDI"}))))
    told = CliRunner().invoke(cli, ["check", path, "--format", "json"])
    assert {finding["rule"] for finding in json.loads(told.output)["findings"]} == {18, 73}
    junit = CliRunner().invoke(cli, ["check", path, "--format", "junit"])
    suite = etree.fromstring(junit.output.encode())
    assert suite.get("tests") == "120"
    assert suite.get("failures") == str(len(suite.findall("testcase/failure"))) == "2"
    assert "'-10.0' is not between 0 and 360" in suite.findall("testcase/failure")[1].text


def test_text_tells_rule_granule_value_and_cure(written: Callable[..., Path]) -> None:
    path = str(written(as_votable(rows({"c2min": 16.0}))))
    output = " ".join(CliRunner().invoke(cli, ["check", path]).output.split())
    for words in ("76 MUST 1", "a1: c2min", "c2min=16.0, c2max=15.0", "Exchange the two values"):
        assert words in output


def test_rules_are_listed_with_reasons() -> None:
    done = CliRunner().invoke(cli, ["rules", "5", "30", "83"])
    assert "not decided: The linked product" in done.output
    assert "decided by: table" in done.output
    assert "a load refuses the row" in done.output
    undecided = json.loads(
        CliRunner().invoke(cli, ["rules", "--undecided", "--format", "json"]).output
    )
    assert all(rule["reason"] for rule in undecided)
    assert len(json.loads(CliRunner().invoke(cli, ["rules", "--format", "json"]).output)) == 120


class Service:
    """A TAP service made of canned answers."""

    def __init__(self, made: list[dict[str, Any]], *, deliver: int | None = None) -> None:
        self.made, self.deliver = made, deliver

    def __call__(self, path: str, asked: dict[str, str]) -> Reply:
        query = asked.get("QUERY", "")
        if not path.endswith("/sync"):
            return 404, "text/html", b"<html>nothing here</html>"
        if "tap_schema" in query:
            return self._reply([{"table_name": "spots.epn_core", "utype": UTYPE}])
        if "HAVING" in query:
            return self._reply([{"granule_uid": "a1", "times": 2}])
        if "COUNT" in query:
            return self._reply([{"n": len(self.made)}])
        limit = int(query.split()[2])
        return self._reply(self.made[: min(limit, self.deliver or limit)])

    def _reply(self, made: list[dict[str, Any]]) -> Reply:
        return 200, "application/x-votable+xml", as_votable(made)


def test_a_served_table_is_clean_or_not() -> None:
    with serving(Service(rows({}, {}))) as url:
        report = check(f"{url}/tap", "spots.epn_core")
    assert report.findings.is_empty()
    assert "registry record" in report.not_looked_at[0]
    with serving(Service(rows({}, {"c2max": 1.0}))) as url:
        assert set(check(f"{url}/tap").findings["rule"]) == {76}


def test_repeated_identifiers_are_asked_of_the_service_itself() -> None:
    with serving(Service(rows({}, {}, {}))) as url:
        assert set(check(f"{url}/tap", rows=2).findings["rule"]) == {30}


def test_rows_that_are_held_back_are_no_pass() -> None:
    with (
        serving(Service(rows({}, {}, {}), deliver=2)) as url,
        pytest.raises(CheckError, match="2 rows were delivered, not the 3 of 3"),
    ):
        check(f"{url}/tap", rows=None)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((200, "text/html", b"<html><h1>Maintenance</h1></html>"), "HTML page: Maintenance"),
        ((404, "text/html", b"<html><h1>Not Found</h1></html>"), "Not Found"),
        ((500, "text/plain", b"out of memory"), "out of memory"),
        ((200, "application/x-votable+xml", as_votable(rows({}))[:2000]), "cut off"),
        ((200, "application/x-votable+xml", as_votable(rows({}), status="OVERFLOW")), "OVERFLOW"),
    ],
)
def test_a_misbehaving_service_is_no_pass(reply: Reply, why: str) -> None:
    with serving(lambda path, asked: reply) as url, pytest.raises(CheckError, match=why) as error:
        check(f"{url}/tap", "spots.epn_core")
    assert url in str(error.value)


def test_no_service_at_all_is_no_pass() -> None:
    with serving(lambda path, asked: (404, "text/plain", b"")) as url:
        gone = url
    with pytest.raises(CheckError, match="does not answer"):
        check(f"{gone}/tap", "spots.epn_core")


def test_a_named_registry_must_answer() -> None:
    with serving(Service(rows({}))) as url, pytest.raises(CheckError, match="registry interface"):
        check(f"{url}/tap", oai=f"{url}/oai")


def test_the_rd_of_hfc1ar_keeps_the_standard() -> None:
    report = check(str(ROOT / "resources" / "hfc1ar"), rows=0)
    assert report.findings.is_empty(), report.by_rule().to_dicts()
    assert "any row" in report.not_looked_at


RD = """<resource schema="craters"><meta name="subject">Craters</meta>
<table id="epn_core"><mixin spatial_frame_type="body" optional_columns="access_url"
>//epntap2#table-2_0</mixin>
<column name="type" type="integer" ucd="meta.note;meta.main"/><column name="type" type="text"/>
<column name="c1min" type="text" ucd="pos.bodyrc.lon;stat.min" unit="deg"/>
<column name="size" ucd="em.wvl"/></table></resource>"""


def test_a_broken_rd(tmp_path: Path) -> None:
    (tmp_path / "q.rd").write_text(RD)
    report = check(str(tmp_path), rows=0)
    # subjects; declared twice; UCDs; c1min as text; access_url without format and size
    assert set(report.findings["rule"]) == {7, 8, 22, 24, 29, 94}


GIVEN_UP = """
import polars as pl
from epnkit.mapping import Mapping, compute, julian_date
from epnkit.service import Service

mapping = Mapping({
    "granule_uid": pl.col("id"), "granule_gid": "image", "obs_id": pl.col("id"),
    "dataproduct_type": "ci", "target_name": "Sun", "target_class": "star",
    "time_min": compute(julian_date, "start"), "time_max": compute(julian_date, "start"),
    "instrument_host_name": "tower", "instrument_name": "camera", "measurement_type": "phot.flux",
    "processing_level": 3,
})
service = Service(name="tower", frame="body", mapping=mapping, key=("id",), refuse_share=0.2)
"""


@pytest.mark.parametrize(("bad", "exit_code"), [(1, 0), (4, 1)])
def test_a_load_that_would_be_given_up_is_no_pass(
    dachs: PrivateDachs, tmp_path: Path, bad: int, exit_code: int
) -> None:
    folder = tmp_path / "tower"
    folder.mkdir()
    (folder / "q.rd").write_text(
        '<resource schema="tower"><meta name="subject">solar-physics</meta><table id="epn_core">'
        '<mixin spatial_frame_type="body">//epntap2#table-2_0</mixin></table></resource>'
    )
    (folder / "service.py").write_text(GIVEN_UP)
    (folder / "source.toml").write_text('kind = "files"\nformat = "csv"\ndirectory = "data"\n')
    (folder / "data").mkdir()
    days = ["soon"] * bad + [f"2020-01-{day:02}" for day in range(1, 11 - bad)]
    lines = [f"g{number},{day}" for number, day in enumerate(days)]
    (folder / "data" / "t.csv").write_text("\n".join(["id,start", *lines]) + "\n")
    report = check(str(folder), environment=dachs.environment)
    assert report.findings.is_empty(), report.by_rule().to_dicts()
    told = "4 of 10 records are refused, more than the share of 0.2 that the service allows"
    assert report.excess == (told if exit_code else "")
    done = CliRunner().invoke(cli, ["check", str(folder), "--dachs", str(dachs.root)])
    assert (
        f"{bad} records that the mapping refuses (the first: time_min: 'soon' is not"
        in " ".join(done.output.split())
    )
    assert (f"a load would be given up: {told}" in done.output) == bool(exit_code)
    assert done.exit_code == exit_code, done.output
    assert (json.loads(report.to_json())["excess"] != "") == bool(exit_code)
    assert ("a load succeeds" in report.to_junit()) == bool(exit_code)


def test_a_folder_without_an_rd_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="the RD cannot be read"):
        check(str(tmp_path))
    (tmp_path / "q.rd").write_text("<resource schema='a'/>")
    with pytest.raises(CheckError, match="declares no EPN-TAP table"):
        check(str(tmp_path))
