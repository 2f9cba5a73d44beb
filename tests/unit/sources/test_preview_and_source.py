"""``epnkit preview`` and ``epnkit source`` on a service that reads a table in text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from epnkit.cli import cli
from epnkit.errors import ConfigurationError, SourceError
from epnkit.sources.drift import compare_fields

SERVICE = """
import polars as pl

from epnkit.mapping.declare import Mapping, compute
from epnkit.mapping.times import julian_date
from epnkit.service import Service

mapping = Mapping(
    columns={
        "granule_uid": pl.col("name"),
        "granule_gid": "plates",
        "obs_id": pl.col("name"),
        "dataproduct_type": "im",
        "target_name": "Sun",
        "target_class": "star",
        "time_min": compute(julian_date, "date_obs"),
        "time_max": compute(julian_date, "date_end"),
        "instrument_host_name": "Meudon",
        "instrument_name": "spectroheliograph",
        "measurement_type": "phys.absorption",
        "processing_level": 3,
        "access_url": pl.col("url"),
        "access_format": "image/fits",
    }
)
service = Service(name="plates", frame="none", mapping=mapping, key=("name",))
"""

HEAD = "name,date_obs,date_end,url"

GOOD = [
    f"p{n},2007-12-0{n}T00:00:00,2007-12-0{n}T01:00:00,http://example.org/{n}" for n in range(1, 6)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "resources" / "plates"
    (found / "data").mkdir(parents=True)
    (found / "service.py").write_text(SERVICE, encoding="utf-8")
    (found / "source.toml").write_text(
        'kind = "files"\nformat = "csv"\ndirectory = "data"\nfiles = ["*.csv"]\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    write(found, [HEAD, *GOOD])
    return found


def write(folder: Path, lines: list[str]) -> None:
    (folder / "data" / "plates.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_granules_are_shown_by_name_or_folder(folder: Path) -> None:
    for given in ("plates", str(folder)):
        shown = run("preview", given).output
        assert "granule 5\n  granule_uid" in shown
        assert "2454435.5" in shown
        assert shown.count("\n  target_name") == 5


def test_no_more_are_made_than_asked_for(folder: Path) -> None:
    output = json.loads(run("preview", "plates", "-n", "2", "--format", "json").output)
    assert [g["columns"]["granule_uid"] for g in output["granules"]] == ["p1", "p2"]
    assert output["read"] == 2


def test_what_is_wrong_stands_beside_the_value(folder: Path) -> None:
    text = SERVICE.replace('"image/fits"', '"nonsense"')
    (folder / "service.py").write_text(text, encoding="utf-8")
    shown = run("preview", "plates").output.splitlines()
    value = next(number for number, line in enumerate(shown) if line.endswith("  nonsense"))
    assert shown[value].split()[0] == "access_format"
    assert "! rule " in shown[value + 1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("p9,yesterday,2007-12-02T01:00:00,http://example.org/9", "yesterday"),
        (",2007-12-02T00:00:00,2007-12-02T01:00:00,http://example.org/9", "rule "),
    ],
)
def test_a_refused_record_is_reported_with_its_reason(folder: Path, line: str, words: str) -> None:
    write(folder, [HEAD, GOOD[0], line])
    result = run("preview", "plates")
    assert result.exit_code == 1
    refused = [line for line in result.output.splitlines() if line.startswith("refused ")]
    assert len(refused) == 1
    assert words in refused[0]


def test_a_source_tells_its_count_and_fields(folder: Path) -> None:
    result = run("source", "plates", "--format", "json")
    output = json.loads(result.output)
    assert result.exit_code == 0
    assert output["count"] == 5
    assert output["used"] == ["date_end", "date_obs", "name", "url"]
    assert output["missing"] == {}
    assert "file_size" in output["unused"]
    shown = [line.split() for line in run("source", "plates").output.splitlines()]
    assert ["date_obs", "String", "used"] in shown
    assert ["file_size", "Int64"] in shown


def test_a_field_that_was_renamed_is_reported(folder: Path) -> None:
    write(folder, [HEAD.replace("date_obs", "dateobs"), *GOOD])
    result = run("source", "plates")
    assert result.exit_code == 1
    assert "! date_obs" in result.output
    assert "is it dateobs now?" in result.output


def test_a_source_that_is_not_there_is_reported(folder: Path) -> None:
    (folder / "data").rename(folder / "elsewhere")
    result = run("source", "plates")
    assert isinstance(result.exception, SourceError)
    assert "no such directory" in str(result.exception)


@pytest.mark.parametrize("verb", ["preview", "source"])
def test_a_service_that_is_not_there_is_reported(folder: Path, verb: str) -> None:
    error = run(verb, "nonesuch").exception
    assert isinstance(error, ConfigurationError)
    assert "resources/nonesuch" in str(error)


def test_drift_names_what_is_missing_and_what_is_new() -> None:
    found = compare_fields(
        {"a", "date_obs", "zz"}, {"DATE_OBS": "String", "a": "Int64", "b": "Int64"}
    )
    assert found.used == ("a",)
    assert found.missing == {"date_obs": "DATE_OBS", "zz": ""}
    assert found.unused == ("DATE_OBS", "b")
