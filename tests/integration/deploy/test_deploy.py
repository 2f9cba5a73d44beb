"""Deploying into a private DaCHS and taking out again: nothing is left, and nothing half-done."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyvo

from epnkit.dachs import vocabulary
from epnkit.dachs.private import Dachs
from epnkit.deploy import inputs
from epnkit.replicas.sources import Sources
from tests.conftest import ROOT, away

RESOURCES = ROOT / "resources"

#: Where DaCHS keeps that a published resource is gone, for registries to learn it.
TOMBSTONES = ("dc.resources", "dc.sets", "dc.res_dependencies")


@pytest.fixture(scope="module")
def filled(scratch: Dachs) -> Dachs:
    with Sources(scratch, ROOT) as sources:
        sources.fill(RESOURCES / "bass2000")
        sources.fill(RESOURCES / "hfc1t3")
    return scratch


@pytest.fixture
def place(filled: Dachs) -> Iterator[Dachs]:
    """Give a DaCHS with nothing deployed, and leave it so."""
    yield filled
    deployed = [name for name in ("bass2000", "hfc1t3") if (filled.inputs / name).exists()]
    if deployed:
        run(filled, "undeploy", *deployed, "--force")
    for folder in filled.inputs.iterdir():
        if folder.name != "__system":
            shutil.rmtree(folder)


@pytest.fixture
def resources(tmp_path: Path) -> Path:
    """Give a copy of the services, to be broken."""
    copy = tmp_path / "resources"
    shutil.copytree(RESOURCES, copy)
    return copy


def words(dachs: Dachs, *arguments: str | Path) -> list[str]:
    program = Path(sys.executable).with_name("epnkit")
    return [str(program), *map(str, arguments), "--dachs", str(dachs.root)]


def run(dachs: Dachs, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words(dachs, *arguments), cwd=cwd, text=True, capture_output=True, check=False
    )


def done(dachs: Dachs, *arguments: str | Path) -> str:
    process = run(dachs, *arguments)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def tables(dachs: Dachs) -> dict[str, str]:
    """Give the content of every table, but for when DaCHS's own RDs were last touched."""
    with dachs.cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        found = {}
        for (name,) in cursor.fetchall():
            cursor.execute(
                f"SELECT string_agg(t::text, '\n' ORDER BY t::text) FROM {name} t"
                " WHERE %s != 'dc.rdmeta' OR t::text NOT LIKE '(__system__%%'",
                (name,),
            )
            (content,) = cursor.fetchone() or ("",)
            found[name] = content or ""
        cursor.execute(
            "SELECT string_agg(nspname, ',' ORDER BY 1) FROM pg_namespace WHERE nspname !~ '^pg_'"
        )
        (found["schemas"],) = cursor.fetchone() or ("",)
    return found


def files(dachs: Dachs) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("inputs", "etc", "credentials", "web", "sources", "home")
        for path in (dachs.root / folder).rglob("*")
        if path.is_file()
    }


def snapshot(dachs: Dachs) -> dict[str, str]:
    return {**files(dachs), **tables(dachs)}


def differences(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def count(url: str, name: str) -> int:
    answer = pyvo.dal.TAPService(f"{url}/tap").run_sync(
        f"SELECT COUNT(*) AS n FROM {name}.epn_core"
    )
    return int(answer.to_table()["n"][0])


def test_deployed_queried_deployed_again_and_gone(place: Dachs) -> None:
    before = snapshot(place)
    with place.serving() as url:
        said = done(place, "deploy", "bass2000")
        assert "1359 read, 1356 loaded, 3 quarantined" in said
        assert "reads its services anew" in said
        assert count(url, "bass2000") == 1356
        laid = files(place)
        again = done(place, "deploy", "bass2000")
        assert again.count("nothing changed") == 3
        assert "26 unchanged" in again
        assert files(place) == laid
        assert count(url, "bass2000") == 1356
        done(place, "undeploy", "bass2000")
        with pytest.raises(pyvo.DALQueryError, match="bass2000"):
            count(url, "bass2000")
    left = differences(before, snapshot(place))
    assert left <= set(TOMBSTONES), left
    with place.cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT bool_and(deleted) FROM dc.resources WHERE sourcerd = 'bass2000/q'")
        assert cursor.fetchone() == (True,)


def test_a_dry_run_tells_every_step_and_does_nothing(place: Dachs) -> None:
    before = snapshot(place)
    told = done(place, "deploy", "bass2000", "--dry-run").splitlines()
    assert snapshot(place) == before
    assert [line.split(":")[0] for line in told] == [f"bass2000 {n}" for n in range(1, 11)]
    text = "\n".join(told)
    for word in (
        "val bass2000/q",
        "imp bass2000/q",
        "limits bass2000/q",
        "pub bass2000/q",
        str(place.inputs / "epnkit"),
        str(place.inputs / "bass2000"),
        f"GAVOSETTINGS={place.settings}",
    ):
        assert word in text, word


def test_what_two_services_share_goes_with_the_last(place: Dachs) -> None:
    done(place, "deploy", "bass2000", "hfc1t3")
    # Where imports keep compiled loops, unless a variable says otherwise, as in these tests.
    compiled = place.root / "cache" / "epnkit"
    (compiled / "kernels-0").mkdir(parents=True)
    done(place, "undeploy", "bass2000")
    assert compiled.is_dir()
    assert not (place.inputs / "bass2000").exists()
    assert (place.inputs / "grammars" / "sql.py").exists()
    with place.serving() as url:
        assert count(url, "hfc1t3") > 0
    told = done(place, "undeploy", "hfc1t3", "--dry-run")
    assert str(place.inputs / "grammars") in told
    done(place, "undeploy", "hfc1t3")
    assert [path.name for path in place.inputs.iterdir()] == ["__system"]
    assert not compiled.exists()
    assert "epnkit" not in tables(place)["schemas"]


def test_a_failing_import_leaves_nothing(place: Dachs) -> None:
    before = snapshot(place)
    source = place.root / "sources" / "bass2000.sqlite"
    with away(source):
        failed = run(place, "deploy", "bass2000")
    assert failed.returncode == 1
    assert "dachs imp bass2000/q failed" in failed.stderr
    assert differences(before, snapshot(place)) <= {str(source)}


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ('name="title"', 'name="titel"', "Expected is one of ( validationLevel, title )"),
        ("target_region", "target_regionn", "column 'target_regionn' could not be located"),
    ],
)
def test_an_rd_that_is_not_valid_leaves_the_old_service(
    place: Dachs, resources: Path, right: str, wrong: str, why: str
) -> None:
    done(place, "deploy", resources / "bass2000")
    before = snapshot(place)
    rd = resources / "bass2000" / "q.rd"
    rd.write_text(rd.read_text().replace(right, wrong, 1))
    failed = run(place, "deploy", resources / "bass2000")
    assert failed.returncode == 1
    assert "dachs val bass2000/q" in failed.stderr
    assert why in failed.stderr
    assert "Mend the RD" in failed.stderr
    assert differences(before, snapshot(place)) == set()
    with place.serving() as url:
        assert count(url, "bass2000") == 1356


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_credential_that_others_may_read_stops_it(place: Dachs, mode: int) -> None:
    before = snapshot(place)
    credential = place.root / "credentials" / "bass2000"
    credential.chmod(mode)
    try:
        failed = run(place, "deploy", "bass2000")
    finally:
        credential.chmod(0o600)
    assert failed.returncode == 1
    assert f"chmod 600 {credential}" in failed.stderr
    assert snapshot(place) == before


def test_a_vocabulary_that_cannot_be_fetched_is_given(
    place: Dachs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (uat,) = (place.root / "cache").glob("*uat")
    kept = uat.read_bytes()
    uat.unlink()
    # DaCHS reaches no network.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert f"{uat} is epnkit's copy" in done(place, "deploy", "bass2000")
    assert uat.read_bytes() == kept
    assert vocabulary.take_back(uat.parent)
    assert not vocabulary.take_back(uat.parent)
    uat.write_text("DaCHS fetched its own")
    assert not vocabulary.take_back(uat.parent)
    assert vocabulary.give(uat.parent).read_bytes() == kept


def test_a_credential_that_is_not_there_stops_it(place: Dachs) -> None:
    credential = place.root / "credentials" / "bass2000"
    with away(credential):
        failed = run(place, "deploy", "bass2000")
    assert failed.returncode == 1
    assert f"tried {credential}" in failed.stderr
    assert "belonging to" in failed.stderr


def test_edited_files_stay_unless_forced_and_others_always(place: Dachs) -> None:
    done(place, "deploy", "bass2000")
    folder = place.inputs / "bass2000"
    (folder / "q.rd").write_text((folder / "q.rd").read_text() + "<!-- mine -->")
    (folder / "notes.txt").write_text("somebody's")
    for verb in ("deploy", "undeploy"):
        refused = run(place, verb, "bass2000")
        assert refused.returncode == 1
        assert "q.rd" in refused.stderr
        assert "--force" in refused.stderr
    said = done(place, "undeploy", "bass2000", "--force")
    assert "removed, but for notes.txt" in said
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_what_was_laid_and_imported_by_hand_is_taken_over(place: Dachs) -> None:
    before = snapshot(place)
    place.run("imp", inputs.lay(place, RESOURCES / "bass2000"))
    said = done(place, "deploy", "bass2000")
    assert said.count("nothing changed") == 3
    assert "26 unchanged" in said
    done(place, "undeploy", "bass2000")
    assert differences(before, snapshot(place)) <= set(TOMBSTONES)


def test_what_was_not_deployed_is_not_taken_out(place: Dachs) -> None:
    refused = run(place, "undeploy", "bass2000")
    assert refused.returncode == 1
    assert "was not deployed by epnkit" in refused.stderr


def test_another_inputs_directory_is_refused(place: Dachs, tmp_path: Path) -> None:
    refused = run(place, "deploy", "bass2000", "--to", tmp_path)
    assert refused.returncode == 1
    assert str(place.inputs) in refused.stderr


def test_without_an_authority_it_is_not_imported_for_nothing(place: Dachs) -> None:
    """As in a DaCHS that was just installed."""
    before, settings = snapshot(place), place.settings.read_text()
    place.settings.write_text(settings.replace("authority = epnkit.example", ""))
    try:
        refused = run(place, "deploy", "bass2000")
        assert refused.returncode == 1
        assert "authority" in refused.stderr
        assert snapshot(place) == before
        said = done(place, "deploy", "bass2000", "--no-publish")
        assert "1356 loaded" in said
        assert " pub " not in said
        said = done(place, "undeploy", "bass2000")
        assert "bass2000 is not published" in said
    finally:
        place.settings.write_text(settings)
    assert differences(before, snapshot(place)) <= set(TOMBSTONES)


def test_an_account_without_the_right(place: Dachs) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another account")
    nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    if subprocess.run(
        [*nobody, "stat", *words(place)[:1]], check=False, capture_output=True
    ).returncode:
        pytest.skip("the project lies where other accounts may not look")
    outside = place.root.parent
    mode = outside.stat().st_mode & 0o777
    outside.chmod(0o755)
    try:
        refused = subprocess.run(
            [*nobody, *words(place, "deploy", "bass2000")],
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=False,
            env={**os.environ, "HOME": "/nonexistent"},
        )
    finally:
        outside.chmod(mode)
    assert refused.returncode == 1
    assert "Run it as root" in refused.stderr
    assert str(place.root) in refused.stderr


def test_one_deployment_at_a_time(place: Dachs) -> None:
    directory = os.open(place.inputs, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    try:
        refused = run(place, "deploy", "bass2000")
    finally:
        os.close(directory)
    assert refused.returncode == 1
    assert "another deployment goes on" in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_in_the_middle(place: Dachs, number: signal.Signals) -> None:
    before = snapshot(place)
    process = subprocess.Popen(
        words(place, "deploy", "bass2000"),
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (place.inputs / ".bass2000.before").exists():
        assert process.poll() is None
        time.sleep(0.01)
    if number == signal.SIGKILL:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert process.wait() != 0
    if number == signal.SIGTERM:
        assert differences(before, snapshot(place)) == set()
    # What a killed one left behind is put right by the next.
    said = done(place, "deploy", "bass2000")
    assert "1356 loaded" in said
    assert not list(place.inputs.glob(".*"))
