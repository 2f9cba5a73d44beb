"""Drafts for records of the forms that archives have, made up here."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from tests.support.draft_judge import Expected, judge_draft, of_documents

from epnkit.cli.new import command
from epnkit.drafts.inspect.words import split_words
from epnkit.drafts.propose.code import COMPUTE
from epnkit.drafts.propose.draft import propose
from epnkit.drafts.write.service import list_decisions
from epnkit.errors import EpnkitError
from epnkit.mapping import times
from epnkit.mapping.declare import compute, evaluate
from epnkit.service import read_service

SUN = {"target_name": "Sun", "target_class": "star"}

Records = list[dict[str, Any]]


def heliograph(number: int) -> dict[str, Any]:
    """Make a header as of daily images of the Sun, with a power of ten for the unit."""
    return {
        "DATE_OBS": f"2019-03-{number + 1:02}T10:00:00",
        "NAXIS": 2,
        "DATE_END": f"2019-03-{number + 1:02}T10:00:40",
        "INSTITUT": "Hill Observatory",
        "INSTRUME": "Heliograph",
        "OBJECT": "FULL SUN",
        "WAVELNTH": 656.3,
        "WAVEUNIT": -9,
        "path": f"hh1903{number + 1:02}.fits",
        "file_name": f"hh1903{number + 1:02}.fits",
        "file_size": 4_000_000,
        "line": 1,
    }


def spectrograph(number: int) -> dict[str, Any]:
    """Make a document as of dynamic spectra, date and time of day apart."""
    return {
        "file": f"rad{number:04}.fts",
        "date_obs": "2020-06-01",
        "time_obs": f"{number:02}:00:00",
        "date_end": "2020-06-01",
        "time_end": f"{number:02}:59:59.9",
        "freq_start_mhz": 40.0,
        "freq_stop_mhz": 80.0,
        "bunits": "SFU",
        "receiver": "Radio Spectrograph",
        "station": "Hill",
        "observatory": "Hill Radio Observatory",
        "source": "sun",
        "url": f"https://data.example.org/rad{number:04}.fts",
    }


def inventory(number: int) -> dict[str, Any]:
    """Make an inventory as of data sets of spectropolarimetry, in camel case."""
    return {
        "datasetId": f"ABC{number}",
        "startTime": f"2024-02-0{number + 1}T18:00:00",
        "endTime": f"2024-02-0{number + 1}T18:30:00",
        "instrumentName": "SLIT",
        "wavelengthMin": 853.0,
        "wavelengthMax": 855.0,
        "wavelengthUnit": "nm",
        "telescopeName": "Example Telescope",
        "targetTypes": ["sunspot"],
        "exposureTimeMs": 12.0,
    }


def particles(number: int) -> dict[str, Any]:
    """Make global attributes as CDF files of ISTP have them."""
    stem = f"hill_l2_mag_2021010{number + 1}_v01"
    return {
        "Source_name": "HILL>Hill Satellite",
        "Descriptor": "MAG>Magnetometer",
        "Logical_source": "hill_l2_mag",
        "Logical_file_id": stem,
        "VESPA_target_name": "Saturn",
        "epoch_first": f"2021-01-0{number + 1}T00:00:00.000",
        "file_name": f"{stem}.cdf",
        "epoch_last": f"2021-01-0{number + 1}T23:59:59.000",
        "path": f"{stem}.cdf",
        "line": 1,
        "VESPA_instrument_name": "MAG",
        "VESPA_dataproduct_type": "ts",
    }


def observation(number: int) -> dict[str, Any]:
    """Make a row as of ObsCore."""
    return {
        "obs_publisher_did": f"ivo://example/{number}",
        "obs_collection": "survey",
        "dataproduct_type": "image",
        "t_min": 59000.25 + number,
        "t_max": 59000.5 + number,
        "em_min": 4e-7,
        "em_max": 5e-7,
        "facility_name": "Hill Observatory",
        "instrument_name": "WFC",
        "target_name": "Mars",
        "s_ra": 10.0 + number,
        "s_dec": 5.0,
        "t_exptime": 60.0,
    }


SCHEMAS: dict[str, tuple[str, Any, Expected]] = {
    "heliograph": (
        "files",
        heliograph,
        {
            **SUN,
            "granule_uid": "hh190301",
            "time_min": 2458543.9166666665,
            "time_max": 2458543.9171296298,
            "spectral_range_min": 4.567915e14,
            "instrument_host_name": "Hill Observatory",
            "instrument_name": "Heliograph",
            "dataproduct_type": "im",
            "processing_level": 3,
        },
    ),
    "spectrograph": (
        "elasticsearch",
        spectrograph,
        {
            **SUN,
            "granule_uid": "rad0000",
            "time_min": 2459001.5,
            "time_max": 2459001.541665509,
            "spectral_range_min": 4e7,
            "spectral_range_max": 8e7,
            "dataproduct_type": "ds",
            "instrument_host_name": "Hill Radio Observatory",
            "instrument_name": "Radio Spectrograph",
            "measurement_type": "phot.flux.density;em.radio",
        },
    ),
    "inventory": (
        "records",
        inventory,
        {
            **SUN,
            "granule_uid": "ABC0",
            "time_min": 2460342.25,
            "time_max": 2460342.2708333335,
            "spectral_range_min": 3.506344e14,
            "spectral_range_max": 3.514566e14,
            "instrument_name": "SLIT",
            "instrument_host_name": "Example Telescope",
            "time_exp_min": 0.012,
        },
    ),
    "particles": (
        "files",
        particles,
        {
            "granule_uid": "hill_l2_mag_20210101_v01",
            "granule_gid": "hill_l2_mag",
            "target_name": "Saturn",
            "target_class": "planet",
            "time_min": 2459215.5,
            "time_max": 2459216.499988426,
            "dataproduct_type": "ts",
            "instrument_host_name": "HILL",
            "instrument_name": "MAG",
        },
    ),
    "observation": (
        "tap",
        observation,
        {
            "granule_gid": "survey",
            "target_name": "Mars",
            "target_class": "planet",
            "time_min": 2459000.75,
            "time_max": 2459001.0,
            "spectral_range_min": 5.99584916e14,
            "spectral_range_max": 7.49481145e14,
            "instrument_host_name": "Hill Observatory",
            "instrument_name": "WFC",
            "dataproduct_type": "im",
            "time_exp_max": 60.0,
            "c1min": 10.0,
            "c2max": 5.0,
        },
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_most_columns_are_right_and_no_sure_one_is_wrong(name: str) -> None:
    kind, make, expected = SCHEMAS[name]
    found = judge_draft(of_documents([make(number) for number in range(9)], kind), name, expected)
    assert found.misled == [], found
    assert found.share >= 0.8, found


def test_what_cannot_be_is_not_sure() -> None:
    records = [{**heliograph(n), "EXPTIME": 1_168_576_512} for n in range(9)]
    proposal = propose(of_documents(records, "files"), "odd").of("time_exp_min")
    assert proposal is not None
    assert proposal.confidence < 0.5


def test_a_field_with_bad_values_is_left_out_or_doubted() -> None:
    records = [{**heliograph(n), "DATE_OBS": "soon" if n else "2019-03-01"} for n in range(9)]
    proposal = propose(of_documents(records, "files"), "odd").of("time_min")
    assert proposal is None or not proposal.sure


@pytest.mark.parametrize(
    ("keywords", "days"),
    [
        # International atomic time was 35 s ahead of UTC (IERS Bulletin C 43); JD by astropy 6.
        ({"DATE-OBS": "2014-05-01T07:08:45", "TIMESYS": "TAI"}, 2456778.797337963),
        ({"DATE-OBS": "2014-05-01", "TIME-OBS": "07:08:45", "TIMESYS": "tai"}, 2456778.797337963),
        ({"DATE-OBS": "2014-05-01T07:08:45", "TIMESYS": "UTC"}, 2456778.797743056),
        ({"DATE-OBS": "2014-05-01", "TIME-OBS": "07:08:45"}, 2456778.797743056),
    ],
)
def test_a_header_is_drafted_in_its_time_scale(keywords: dict[str, str], days: float) -> None:
    plain = {k: v for k, v in heliograph(0).items() if not k.startswith("DATE")}
    end = {"DATE-END": "2014-05-01T07:08:46"}
    sample = of_documents([{**plain, **keywords, **end, "x": n} for n in range(9)], "files")
    draft = propose(sample, "header")
    start, stop = draft.of("time_min"), draft.of("time_max")
    assert start is not None
    assert stop is not None
    assert evaluate(start.value.value, sample.records).values[0] == pytest.approx(days, abs=1e-9)
    assert stop.fields[0] == "DATE-END"
    assert ("TIMESYS" in start.fields) == (keywords.get("TIMESYS", "UTC") != "UTC")
    assert eval(start.value.code, {**vars(times), COMPUTE: compute, "pl": pl}) is not None  # noqa: S307


def test_two_fields_that_could_be_the_start_leave_it_open() -> None:
    records = [{**heliograph(n), "time_start": f"2019-03-{n + 1:02}T11:00:00"} for n in range(9)]
    proposal = propose(of_documents(records, "files"), "odd").of("time_min")
    assert proposal is not None
    assert not proposal.sure
    assert "time_start" in proposal.reason


def test_a_field_that_half_of_the_records_lack_is_not_sure() -> None:
    records = [heliograph(n) if n % 2 else {**heliograph(n), "INSTRUME": None} for n in range(9)]
    proposal = propose(of_documents(records, "files"), "odd").of("instrument_name")
    assert proposal is not None
    assert not proposal.sure


def test_records_that_nothing_tells_apart_leave_the_identifier_open() -> None:
    draft = propose(of_documents([{"date_obs": "2020-01-01", "x": 1}] * 9, "sql"), "odd")
    proposal = draft.of("granule_uid")
    assert proposal is not None
    assert proposal.confidence < 0.5
    assert draft.key


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DATE-OBS", ("date", "observation")),
        ("startTime", ("start", "time")),
        ("WAVEMIN", ("wavelength", "min")),
        ("dateobs", ("date", "observation")),
        ("FileSize", ("file", "size")),
        ("NAXIS1", ("naxis", "1")),
        ("longueur_onde_min", ("wavelength", "min")),
        ("Wellenlänge", ("wavelength",)),
        ("waveLength", ("wavelength",)),
        ("estsize", ("estsize",)),
    ],
)
def test_names_are_cut_into_words(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a database whose names and values try to break out of what is written."""
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(tmp_path / "credentials"))
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    path = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            'CREATE TABLE t (id INTEGER, "date_obs" TEXT, "instrument\nimport os #""\'\\" TEXT,'
            " object TEXT)"
        )
        rows = [(i, f"2020-01-0{i}T00:00:00", '"""]]></x>\n\\"', "Sun") for i in range(1, 9)]
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
    return path


def test_names_and_values_of_the_source_break_out_of_nothing(hostile: Path, tmp_path: Path) -> None:
    words = ["odd", "--from", str(hostile), "--into", str(tmp_path), "--title", '"""<&\\x]]>']
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    tree = ast.parse((tmp_path / "odd" / "service.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert all(module and module.startswith(("epnkit.", "datetime")) for module in imported)
    assert read_service(tmp_path / "odd").name == "odd"


def test_a_password_is_in_no_file_and_in_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(tmp_path / "credentials"))
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    path = tmp_path / "data.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE t (id INTEGER, date_obs TEXT)")
        database.execute("INSERT INTO t VALUES (1, '2020-01-01T00:00:00')")
    secret = f"Driver=SQLite3;Database={path};PWD=sesame"
    done = CliRunner().invoke(command, ["safe", "--from", secret, "--into", str(tmp_path / "r")])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "the credential is missing" in done.output
    assert "sesame" not in done.output
    written = [each for each in tmp_path.rglob("*") if each.is_file() and each != path]
    inside = [each for each in written if b"sesame" in each.read_bytes()]
    assert len(written) >= 4
    assert inside == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Two", "--from", "data"], "'Two' cannot be the name of a service"),
        (["two", "--from", "nothing"], "there is no such source"),
        (["two", "--from", "https://host.example/x"], "Say --kind elasticsearch"),
        (
            ["two", "--from", "postgresql://u:sesame@127.0.0.1:1/db", "--table", "t"],
            "the driver of this URL is not installed",
        ),
        (["two", "--from", "two.sqlite"], "the database has 2 tables: a, b. Choose one"),
        (["two", "--from", "two.sqlite", "--table", "a"], "the source has no records"),
        (["two", "--from", "bare"], "no file in this directory can be read"),
        (["two", "--from", "odd.json"], "the source file is not well formed"),
    ],
)
def test_what_cannot_be_drafted_is_one_clear_error(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    (tmp_path / "bare").mkdir()
    (tmp_path / "odd.json").write_text('{"a": 1')
    with closing(sqlite3.connect("two.sqlite")) as database, database:
        database.executescript("CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)")
    done = CliRunner().invoke(command, words)
    assert isinstance(done.exception, EpnkitError)
    assert said in str(done.exception)
    assert "sesame" not in str(done.exception)
    assert not (tmp_path / "resources").exists()


def test_files_of_a_source_file_are_found_wherever_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one.json").write_text('{"start": "2020-01-01T00:00:00"}')
    given = tmp_path / "source.toml"
    given.write_text('kind = "files"\ndirectory = "data"\nformat = "json"\n')
    words = ["moved", "--from", str(given), "--into", str(tmp_path / "r")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, (done.output, done.exception)
    assert str(tmp_path / "data") in (tmp_path / "r" / "moved" / "source.toml").read_text()


def test_what_goes_with_an_address_and_no_record_tells_is_to_decide() -> None:
    records = [spectrograph(number) for number in range(12)]
    told = list_decisions(propose(of_documents(records, "search"), "any"))
    # The length of the file; its format is told by the ending.
    assert [line for line in told if line.startswith("access_")] == [
        "access_estsize: nothing was recognised for it"
    ]
    without = [{name: v for name, v in each.items() if name != "url"} for each in records]
    told = list_decisions(propose(of_documents(without, "search"), "any"))
    assert not any(line.startswith("access_") for line in told)
