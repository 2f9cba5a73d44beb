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
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT, tear_down

RESOURCES = ROOT / "resources"

#: Where DaCHS keeps that a published resource is gone, for registries to learn it.
TOMBSTONES = ("dc.resources", "dc.sets", "dc.res_dependencies")


@pytest.fixture(scope="module")
def filled(scratch: PrivateDachs) -> PrivateDachs:
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(RESOURCES / "bass2000")
        sources.fill(RESOURCES / "hfc1t3")
    return scratch


@pytest.fixture
def instance(filled: PrivateDachs) -> Iterator[PrivateDachs]:
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


def build_words(dachs: PrivateDachs, *arguments: str | Path) -> list[str]:
    program = Path(sys.executable).with_name("epnkit")
    return [str(program), *map(str, arguments), "--dachs", str(dachs.root)]


def run(
    dachs: PrivateDachs, *arguments: str | Path, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        build_words(dachs, *arguments), cwd=cwd, text=True, capture_output=True, check=False
    )


def run_successfully(dachs: PrivateDachs, *arguments: str | Path) -> str:
    process = run(dachs, *arguments)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def read_tables(dachs: PrivateDachs) -> dict[str, str]:
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
            "SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace"
            " WHERE nspname !~ '^pg_'"
        )
        (found["schemas"],) = cursor.fetchone() or ("",)
    return found


def list_files(dachs: PrivateDachs) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("inputs", "etc", "credentials", "web", "sources", "home")
        for path in (dachs.root / folder).rglob("*")
        if path.is_file()
    }


def take_snapshot(dachs: PrivateDachs) -> dict[str, str]:
    return {**list_files(dachs), **read_tables(dachs)}


def find_differences(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def count(url: str, name: str) -> int:
    answer = pyvo.dal.TAPService(f"{url}/tap").run_sync(
        f"SELECT COUNT(*) AS n FROM {name}.epn_core"
    )
    return int(answer.to_table()["n"][0])


def test_deployed_queried_deployed_again_and_gone(instance: PrivateDachs) -> None:
    before = take_snapshot(instance)
    with instance.run_server() as url:
        said = run_successfully(instance, "deploy", "bass2000")
        assert "1359 read, 1356 loaded, 3 quarantined" in said
        assert "reloads its services" in said
        assert count(url, "bass2000") == 1356
        laid = list_files(instance)
        again = run_successfully(instance, "deploy", "bass2000")
        assert again.count("nothing changed") == 3
        assert "26 unchanged" in again
        assert list_files(instance) == laid
        assert count(url, "bass2000") == 1356
        run_successfully(instance, "undeploy", "bass2000")
        with pytest.raises(pyvo.DALQueryError, match="bass2000"):
            count(url, "bass2000")
    left = find_differences(before, take_snapshot(instance))
    assert left <= set(TOMBSTONES), left
    with instance.cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT bool_and(deleted) FROM dc.resources WHERE sourcerd = 'bass2000/q'")
        assert cursor.fetchone() == (True,)


def test_a_dry_run_tells_every_step_and_does_nothing(instance: PrivateDachs) -> None:
    before = take_snapshot(instance)
    told = run_successfully(instance, "deploy", "bass2000", "--dry-run").splitlines()
    assert take_snapshot(instance) == before
    assert [line.split(":")[0] for line in told] == [f"bass2000 {n}" for n in range(1, 12)]
    text = "\n".join(told)
    for word in (
        "val bass2000/q",
        "imp bass2000/q",
        "limits bass2000/q",
        "pub bass2000/q",
        str(instance.inputs / "epnkit"),
        str(instance.inputs / "bass2000"),
        f"GAVOSETTINGS={instance.settings}",
    ):
        assert word in text, word


def test_a_load_says_that_the_folder_was_edited(instance: PrivateDachs, resources: Path) -> None:
    folder = resources / "bass2000"
    run_successfully(instance, "deploy", folder)
    assert "this loads what is deployed" not in run(instance, "load", "bass2000").stderr
    (folder / "service.py").write_text((folder / "service.py").read_text() + "# edited\n")
    (folder / "fields.py").write_text("")
    said = run(instance, "load", "bass2000").stderr
    assert f"fields.py, service.py in {folder} changed since; to take that in" in said
    assert f"epnkit deploy {folder}" in said
    run_successfully(instance, "deploy", folder)
    assert "this loads what is deployed" not in run(instance, "load", "bass2000").stderr


def test_the_coverage_is_computed_again_only_after_a_change(instance: PrivateDachs) -> None:
    run_successfully(instance, "deploy", "bass2000")
    computed = read_coverage(instance)
    assert computed is not None
    marked = [1.0, 2.0]
    write_coverage(instance, marked)
    run_successfully(instance, "load", "bass2000", "--full")
    assert read_coverage(instance) == marked
    service = instance.inputs / "bass2000" / "service.py"
    service.write_text(service.read_text().replace("H-alpha", "H alpha"))
    run_successfully(instance, "load", "bass2000", "--remap")
    assert read_coverage(instance) == computed


def read_coverage(dachs: PrivateDachs) -> list[float] | None:
    with dachs.cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT temporal FROM dc.rdmeta WHERE sourcerd = 'bass2000/q'")
        found: tuple[list[float] | None] = cursor.fetchone() or (None,)
        return found[0]


def write_coverage(dachs: PrivateDachs, limits: list[float]) -> None:
    with dachs.cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE dc.rdmeta SET temporal = %s WHERE sourcerd = 'bass2000/q'", (limits,)
        )


def test_what_two_services_share_goes_with_the_last(instance: PrivateDachs) -> None:
    run_successfully(instance, "deploy", "bass2000", "hfc1t3")
    # Where imports keep compiled loops, unless a variable says otherwise, as in these tests.
    compiled = instance.root / "cache" / "epnkit"
    (compiled / "kernels-0").mkdir(parents=True)
    run_successfully(instance, "undeploy", "bass2000")
    assert compiled.is_dir()
    assert not (instance.inputs / "bass2000").exists()
    assert (instance.inputs / "grammars" / "sql.py").exists()
    with instance.run_server() as url:
        assert count(url, "hfc1t3") > 0
    told = run_successfully(instance, "undeploy", "hfc1t3", "--dry-run")
    assert str(instance.inputs / "grammars") in told
    run_successfully(instance, "undeploy", "hfc1t3")
    assert [path.name for path in instance.inputs.iterdir()] == ["__system"]
    assert not compiled.exists()
    # What is left of the state schema is what a superuser made in it: no table.
    assert not [name for name in read_tables(instance) if name.startswith("epnkit.")]


def test_a_failing_import_leaves_nothing(instance: PrivateDachs) -> None:
    before = take_snapshot(instance)
    source = instance.root / "sources" / "bass2000.sqlite"
    with tear_down(source):
        failed = run(instance, "deploy", "bass2000")
    assert failed.returncode == 1
    assert "dachs imp bass2000/q failed" in failed.stderr
    assert find_differences(before, take_snapshot(instance)) <= {str(source)}


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ('name="title"', 'name="titel"', "Expected is one of ( validationLevel, title )"),
        (
            "target_region",
            "target_region target_regionn",
            "column 'target_regionn' could not be located",
        ),
    ],
)
def test_an_rd_that_is_not_valid_leaves_the_old_service(
    instance: PrivateDachs, resources: Path, right: str, wrong: str, why: str
) -> None:
    run_successfully(instance, "deploy", resources / "bass2000")
    before = take_snapshot(instance)
    rd = resources / "bass2000" / "q.rd"
    rd.write_text(rd.read_text().replace(right, wrong, 1))
    failed = run(instance, "deploy", resources / "bass2000")
    assert failed.returncode == 1
    assert "dachs val bass2000/q" in failed.stderr
    assert why in failed.stderr
    assert "Fix the RD" in failed.stderr
    assert find_differences(before, take_snapshot(instance)) == set()
    with instance.run_server() as url:
        assert count(url, "bass2000") == 1356


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_credential_that_others_may_read_stops_it(instance: PrivateDachs, mode: int) -> None:
    before = take_snapshot(instance)
    credential = instance.root / "credentials" / "bass2000"
    credential.chmod(mode)
    try:
        failed = run(instance, "deploy", "bass2000")
    finally:
        credential.chmod(0o600)
    assert failed.returncode == 1
    assert f"chmod 600 {credential}" in failed.stderr
    assert take_snapshot(instance) == before


def test_a_vocabulary_that_cannot_be_fetched_is_given(
    instance: PrivateDachs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (uat,) = (instance.root / "cache").glob("*uat")
    kept = uat.read_bytes()
    uat.unlink()
    # DaCHS reaches no network.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    printed = run_successfully(instance, "deploy", "bass2000")
    assert f"once it reaches www.ivoa.net: {uat}\n" in printed
    assert uat.read_bytes() == kept


def test_what_dachs_fetched_itself_stays(tmp_path: Path) -> None:
    installed = vocabulary.install_copies(tmp_path)
    assert [path.name.rpartition("=2F")[2] for path in installed] == list(vocabulary.NEEDED)
    uat, *others = installed
    uat.write_text("DaCHS fetched its own")
    assert not vocabulary.install_copies(tmp_path)
    assert vocabulary.remove_copies(tmp_path) == others
    assert [*tmp_path.iterdir()] == [uat]


def test_a_credential_that_is_not_there_stops_it(instance: PrivateDachs) -> None:
    credential = instance.root / "credentials" / "bass2000"
    with tear_down(credential):
        failed = run(instance, "deploy", "bass2000")
    assert failed.returncode == 1
    assert f"tried {credential}" in failed.stderr
    assert "belonging to" in failed.stderr


def test_edited_files_stay_unless_forced_and_others_always(instance: PrivateDachs) -> None:
    run_successfully(instance, "deploy", "bass2000")
    folder = instance.inputs / "bass2000"
    (folder / "q.rd").write_text((folder / "q.rd").read_text() + "<!-- mine -->")
    (folder / "notes.txt").write_text("somebody's")
    for verb in ("deploy", "undeploy"):
        refused = run(instance, verb, "bass2000")
        assert refused.returncode == 1
        assert "q.rd" in refused.stderr
        assert "--force" in refused.stderr
    said = run_successfully(instance, "undeploy", "bass2000", "--force")
    assert "removed, but for notes.txt" in said
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_what_was_laid_and_imported_by_hand_is_taken_over(instance: PrivateDachs) -> None:
    before = take_snapshot(instance)
    instance.run("imp", inputs.install(instance, RESOURCES / "bass2000"))
    said = run_successfully(instance, "deploy", "bass2000")
    assert said.count("nothing changed") == 3
    assert "26 unchanged" in said
    run_successfully(instance, "undeploy", "bass2000")
    assert find_differences(before, take_snapshot(instance)) <= set(TOMBSTONES)


def test_what_was_not_deployed_is_not_taken_out(instance: PrivateDachs) -> None:
    refused = run(instance, "undeploy", "bass2000")
    assert refused.returncode == 1
    assert "was not deployed by epnkit" in refused.stderr


def test_another_inputs_directory_is_refused(instance: PrivateDachs, tmp_path: Path) -> None:
    refused = run(instance, "deploy", "bass2000", "--to", tmp_path)
    assert refused.returncode == 1
    assert str(instance.inputs) in refused.stderr


def test_without_an_authority_it_is_not_imported_for_nothing(instance: PrivateDachs) -> None:
    """As in a DaCHS that was just installed."""
    before, settings = take_snapshot(instance), instance.settings.read_text()
    instance.settings.write_text(settings.replace("authority = epnkit.example", ""))
    try:
        refused = run(instance, "deploy", "bass2000")
        assert refused.returncode == 1
        assert "authority" in refused.stderr
        assert take_snapshot(instance) == before
        said = run_successfully(instance, "deploy", "bass2000", "--no-publish")
        assert "1356 loaded" in said
        assert " pub " not in said
        said = run_successfully(instance, "undeploy", "bass2000")
        assert "bass2000 is not published" in said
    finally:
        instance.settings.write_text(settings)
    assert find_differences(before, take_snapshot(instance)) <= set(TOMBSTONES)


def test_an_account_without_the_right(instance: PrivateDachs) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another account")
    nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    if subprocess.run(
        [*nobody, "stat", *build_words(instance)[:1]], check=False, capture_output=True
    ).returncode:
        pytest.skip("the project lies where other accounts may not look")
    outside = instance.root.parent
    mode = outside.stat().st_mode & 0o777
    outside.chmod(0o755)
    try:
        refused = subprocess.run(
            [*nobody, *build_words(instance, "deploy", "bass2000")],
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
    assert str(instance.root) in refused.stderr


def test_one_deployment_at_a_time(instance: PrivateDachs) -> None:
    directory = os.open(instance.inputs, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    try:
        refused = run(instance, "deploy", "bass2000")
    finally:
        os.close(directory)
    assert refused.returncode == 1
    assert "another deployment is running" in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_in_the_middle(instance: PrivateDachs, number: signal.Signals) -> None:
    before = take_snapshot(instance)
    process = subprocess.Popen(
        build_words(instance, "deploy", "bass2000"),
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (instance.inputs / ".bass2000.before").exists():
        assert process.poll() is None
        time.sleep(0.01)
    if number == signal.SIGKILL:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert process.wait() != 0
    if number == signal.SIGTERM:
        assert find_differences(before, take_snapshot(instance)) == set()
    # What a killed one left behind is put right by the next.
    said = run_successfully(instance, "deploy", "bass2000")
    assert "1356 loaded" in said
    assert not list(instance.inputs.glob(".*"))
