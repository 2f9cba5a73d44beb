"""``epnkit check`` on a served HFC1AR: clean as it is, and with ten defects exactly those ten."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from epnkit.check.report import check
from epnkit.cli import cli
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT

#: What is planted, and the rule that names it.
PLANTED = {
    7: "registry subject",
    18: "list syntax",
    30: "uniqueness",
    62: "dates",
    64: "swapped spectral limits",
    73: "longitudes",
    83: "orientation",
    84: "xtype",
    95: "access triple",
    107: "vocabulary",
}

#: One row each, the first rows by granule_uid; the primary key would stop the first.
ROW_DEFECTS = (
    "instrument_name = '#' || instrument_name",
    "granule_uid = (SELECT granule_uid FROM hfc1ar.epn_core ORDER BY granule_uid LIMIT 1)",
    "modification_date = creation_date - interval '1 day'",
    "spectral_range_min = 2 * spectral_range_max",
    "c1min = c1min - 360",
    "s_region = '{(10d,15d),(20d,15d),(20d,5d),(10d,5d)}', c1min = 10, c1max = 20, coverage = NULL",
    "access_estsize = NULL",
    "target_region = 'heliopshere'",
)

MOC_COLUMN = '<column name="coverage" type="text" ucd="pos.outline;obs.field" xtype="MOC"/>'


@pytest.fixture
def published(hfc1ar: str, dachs: PrivateDachs) -> str:
    """Put the record of the served HFC1AR into the registry interface; give the TAP URL."""
    dachs.run("pub", "hfc1ar/q")
    return hfc1ar


def test_the_served_hfc1ar_is_clean_at_strict(published: str) -> None:
    done = CliRunner().invoke(cli, ["check", published, "hfc1ar.epn_core", "--all", "--strict"])
    assert done.exit_code == 0, done.output
    assert "No rule is broken" in done.output
    assert "1200 of 1200 rows" in done.output
    assert "not looked at" not in done.output


def test_the_first_rows_are_clean_too(published: str) -> None:
    report = check(published, "hfc1ar.epn_core", rows=7)
    assert report.findings.is_empty()
    assert report.looked_at[0].startswith("7 of 1200 rows")


def test_no_table_of_that_name_is_an_error(hfc1ar: str) -> None:
    done = CliRunner().invoke(cli, ["check", hfc1ar, "hfc1xx.epn_core"])
    assert done.exit_code != 0
    assert "there is no table hfc1xx.epn_core" in str(done.exception)


@pytest.fixture(scope="module")
def spoiled(scratch: PrivateDachs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a copy of HFC1AR with the ten defects."""
    resources = tmp_path_factory.mktemp("spoiled") / "resources"
    shutil.copytree(ROOT / "resources", resources)
    _spoil_rd(resources / "hfc1ar" / "q.rd")
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(resources / "hfc1ar")
    rd = inputs.install(scratch, resources / "hfc1ar")
    scratch.run("imp", rd)
    _spoil_rows(scratch)
    scratch.run("pub", rd)
    with scratch.run_server() as url:
        yield f"{url}/tap"


def _spoil_rd(path: Path) -> None:
    text = path.read_text()
    without = text.replace('<meta name="subject">solar-physics</meta>', "")
    # The mixin of DaCHS 2.11 would take the place of the column.
    bare = without.replace(" coverage feature_name", " feature_name", 1)
    spoiled = bare.replace("</mixin>", f"</mixin>\n    {MOC_COLUMN}", 1)
    assert len({text, without, bare, spoiled}) == 4
    path.write_text(spoiled)


def _spoil_rows(dachs: PrivateDachs) -> None:
    with dachs.cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE hfc1ar.epn_core DROP CONSTRAINT epn_core_pkey")
        cursor.execute("SELECT ctid FROM hfc1ar.epn_core ORDER BY granule_uid LIMIT 40")
        places = [place for (place,) in cursor.fetchall()][1::4]
        for place, change in zip(places, ROW_DEFECTS, strict=False):
            cursor.execute(f"UPDATE hfc1ar.epn_core SET {change} WHERE ctid = %s", (place,))
            assert cursor.rowcount == 1


def test_exactly_the_ten_planted_defects_are_found(spoiled: str) -> None:
    report = check(spoiled, "hfc1ar.epn_core", rows=None)
    assert set(report.findings["rule"]) == set(PLANTED), report.by_rule().to_dicts()
    # the repeated identifier is told at both granules
    counts = dict(report.by_rule().select("rule", "count").rows())
    assert counts == {rule: 2 if rule == 30 else 1 for rule in PLANTED}


def test_repeated_identifiers_are_found_beyond_the_first_rows(spoiled: str) -> None:
    report = check(spoiled, "hfc1ar.epn_core", rows=1)
    assert 30 in report.findings["rule"]


def test_the_command_tells_the_defects_and_fails(spoiled: str) -> None:
    done = CliRunner().invoke(cli, ["check", spoiled, "hfc1ar.epn_core"])
    assert done.exit_code == 1
    assert "Turn the order of the vertices" in " ".join(done.output.split())


def test_a_laid_folder_is_read_by_dachs_itself(
    hfc1ar: str, dachs: PrivateDachs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GAVOSETTINGS", "GAVOCUSTOM", "HOME", "EPNKIT_CREDENTIALS"):
        monkeypatch.setenv(name, dachs.environment[name])
    report = check(str(dachs.inputs / "hfc1ar"), rows=200)
    assert not any("what DaCHS makes" in note for note in report.not_looked_at)
    # records of one region in several NOAA regions are folded into one granule
    assert 100 < int(report.looked_at[0].split()[-2]) <= 200
    assert report.findings.is_empty(), report.by_rule().to_dicts()
