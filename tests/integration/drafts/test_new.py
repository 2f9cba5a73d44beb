"""``epnkit new`` on sources of several kinds: what it writes passes a real DaCHS untouched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner

from epnkit.cli.new import command
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from tests.support.services import Served

#: A table that epnkit has no service for.
OBSERVATIONS = """
CREATE TABLE observations (
  id INTEGER PRIMARY KEY, filename TEXT, date_obs TEXT, date_end TEXT, object TEXT, telescop TEXT,
  instrume TEXT, wavelnth REAL, waveunit TEXT, exptime REAL, file_size INTEGER, url TEXT,
  preview_url TEXT, last_modified TEXT)
"""


@pytest.fixture(scope="module")
def place(dachs: PrivateDachs) -> Path:
    """A directory that DaCHS's account may read."""
    directory = dachs.root / "sources"
    dachs.account.create_owned(directory)
    return directory


@pytest.fixture
def known(dachs: PrivateDachs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAVOSETTINGS", str(dachs.settings))
    # What new sets itself, and the test takes back.
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(dachs.root / "credentials"))


def draft_service(name: str, *words: str, into: Path) -> str:
    done = CliRunner().invoke(command, [name, "--into", str(into), *words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def passes(dachs: PrivateDachs, base: str, folder: Path, tests: int) -> Served:
    """Import, validate and test a service, as ``epnkit new`` wrote it."""
    rd = inputs.install(dachs, folder)
    dachs.run("imp", rd)
    said = dachs.run("val", rd)
    assert "-- OK" in said.stdout, said
    served = Served(folder.name, dachs, base)
    served.check_itself()
    return served


@pytest.fixture
def catalogue(place: Path) -> Path:
    path = place / "tower.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE IF EXISTS observations")
        database.execute(OBSERVATIONS)
        rows = (
            (
                i,
                f"tower_{i:05}.fits",
                f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00",
                f"2024-01-{1 + i // 24:02}T{i % 24:02}:02:00",
                "Sun",
                "Example Tower",
                "HAC",
                656.28,
                "nm",
                0.5,
                4_200_000 + i,
                f"https://data.example.org/tower_{i:05}.fits",
                f"https://data.example.org/tower_{i:05}.png",
                "2024-02-01T00:00:00",
            )
            for i in range(300)
        )
        database.executemany(f"INSERT INTO observations VALUES ({','.join('?' * 14)})", rows)
    return path


@pytest.mark.usefixtures("known")
def test_a_table_becomes_a_service(
    dachs: PrivateDachs, serving: str, catalogue: Path, tmp_path: Path
) -> None:
    draft_service("tower", "--from", str(catalogue), into=tmp_path)
    served = passes(dachs, serving, tmp_path / "tower", 3)
    assert served.count_granules() == 300
    row = served.query("SELECT * FROM {table} WHERE granule_uid = 'tower_00005'")[0]
    assert row["time_min"] == pytest.approx(2460310.5 + 5 / 24, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(4.568057201e14, rel=1e-9)
    assert row["access_format"] == "application/fits"
    links = {link["semantics"]: link["access_url"] for link in served.links("tower_00005")}
    assert links["#this"] == "https://data.example.org/tower_00005.fits"
    assert links["#preview"] == "https://data.example.org/tower_00005.png"


@pytest.mark.usefixtures("known")
def test_a_connection_string_of_odbc_in_a_file(
    dachs: PrivateDachs, serving: str, catalogue: Path, tmp_path: Path
) -> None:
    line = tmp_path / "line"
    line.write_text(f"Driver=SQLite3;Database={catalogue}\n")
    line.chmod(0o600)
    query = "SELECT filename, date_obs, object, instrume FROM observations WHERE id < 50"
    draft_service("odbc", "--from", str(line), "--query", query, into=tmp_path)
    served = passes(dachs, serving, tmp_path / "odbc", 3)
    assert served.count_granules() == 50


@pytest.fixture
def headers(place: Path) -> Path:
    directory = place / "headers"
    directory.mkdir()
    for number in range(20):
        unit = fits.PrimaryHDU(np.zeros((4, 4), dtype=np.int16))
        unit.header["DATE-OBS"] = f"2023-05-0{1 + number % 9}T0{number % 10}:00:00"
        unit.header["DATE-END"] = f"2023-05-0{1 + number % 9}T0{number % 10}:00:30"
        unit.header["OBJECT"] = "Jupiter"
        unit.header["TELESCOP"] = "Example Reflector"
        unit.header["INSTRUME"] = "CAM2"
        unit.header["EXPTIME"] = 30.0
        unit.writeto(directory / f"jup_{number:03}.fits")
    dachs_reads(directory)
    return directory


def dachs_reads(directory: Path) -> None:
    for path in (directory, *directory.iterdir()):
        path.chmod(0o755)


@pytest.mark.usefixtures("known")
def test_files_become_a_service(
    dachs: PrivateDachs, serving: str, headers: Path, tmp_path: Path
) -> None:
    words = ("--from", str(headers), "--address", "https://data.example.org/jup")
    draft_service("jup", *words, into=tmp_path)
    served = passes(dachs, serving, tmp_path / "jup", 3)
    assert served.count_granules() == 20
    row = served.query("SELECT * FROM {table} WHERE granule_uid = 'jup_007'")[0]
    assert (row["target_name"], row["target_class"]) == ("Jupiter", "planet")
    assert row["access_url"] == "https://data.example.org/jup/jup_007.fits"


@pytest.mark.usefixtures("known")
def test_edits_are_never_lost(catalogue: Path, tmp_path: Path) -> None:
    draft_service("tower", "--from", str(catalogue), into=tmp_path)
    edited = tmp_path / "tower" / "service.py"
    edited.write_text(edited.read_text() + "# mine\n")
    (tmp_path / "tower" / "README.md").unlink()
    said = draft_service("tower", "--from", str(catalogue), into=tmp_path)
    assert f"{edited}: kept" in said
    assert f"{tmp_path / 'tower' / 'README.md'}: written" in said
    assert f"{tmp_path / 'tower' / 'q.rd'}: as it was" in said
    assert edited.read_text().endswith("# mine\n")


@pytest.mark.usefixtures("known")
def test_a_credential_without_a_password_is_kept_privately(
    dachs: PrivateDachs, catalogue: Path, tmp_path: Path
) -> None:
    kept = dachs.root / "credentials" / "keeper"
    said = draft_service("keeper", "--from", f"sqlite:///{catalogue}", into=tmp_path)
    assert f"{kept}: the credential, which holds no password, written" in said
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.stat().st_uid == kept.parent.stat().st_uid
    kept.unlink()
