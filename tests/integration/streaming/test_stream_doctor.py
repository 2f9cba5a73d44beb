"""What the doctor finds of a streaming server, and that it finds nothing where all is well."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from epnkit.cli.stream import command
from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy.stream import LINKS, UNIT, StreamUnit
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.doctor.streams import check_streams, find_cache_faults
from epnkit.errors import DeployError
from epnkit.service import DataSet, Service, read_service
from tests.conftest import bring_up, tear_down
from tests.support.stream_server import run_stream_server

EPNKIT = Path(sys.executable).with_name("epnkit")

SERVICES = ("nda", "hfc1t3")


@pytest.fixture(scope="module")
def instance(scratch: PrivateDachs) -> DachsInstance:
    for name in SERVICES:
        bring_up(scratch, name)
    # A directory of pytest's is for its account alone; an archive is for all.
    scratch.root.parent.chmod(0o755)
    return DachsInstance(scratch.settings, scratch)


@pytest.fixture(scope="module")
def base(instance: DachsInstance, scratch: PrivateDachs) -> Iterator[str]:
    with run_stream_server(scratch, "--cache", scratch.root / "stream-cache") as address:
        yield address


@pytest.fixture
def context(instance: DachsInstance, base: str, tmp_path: Path) -> Iterator[CheckContext]:
    """Give a DaCHS with a server whose unit is installed and enabled, and that datalink knows."""
    write_unit(tmp_path, base)
    wanted = tmp_path / "multi-user.target.wants"
    wanted.mkdir()
    (wanted / UNIT).symlink_to(tmp_path / UNIT)
    link(instance, base)
    read = tuple(read_service(instance.inputs / name) for name in SERVICES)
    yield CheckContext(instance, read, units=(tmp_path,))
    (instance.configuration / LINKS).unlink(missing_ok=True)


def write_unit(folder: Path, base: str, **more: object) -> None:
    port = urlsplit(base).port or 0
    known = {"cache_size": 1, "port": port, **more}
    unit = StreamUnit(EPNKIT, base, Path("/nonexistent"), **known)  # type: ignore[arg-type]
    (folder / UNIT).write_text(unit.units()[UNIT])


def link(instance: DachsInstance, *words: str) -> None:
    done = CliRunner().invoke(command, ["link", *words, "--dachs", str(instance.root)])
    assert done.exit_code == 0, done.output


def find(context: CheckContext) -> list[Finding]:
    found = list(check_streams(context))
    assert all(each.cure and each.where for each in found)
    return found


def find_whats(context: CheckContext) -> list[str]:
    return [each.what for each in find(context)]


def test_without_a_server_there_is_nothing_to_find(instance: DachsInstance, tmp_path: Path) -> None:
    assert find(CheckContext(instance, units=(tmp_path,))) == []


def test_all_is_well(context: CheckContext) -> None:
    assert find(context) == []


def test_a_server_that_was_started_by_hand_is_known_by_its_links(context: CheckContext) -> None:
    assert find(replace(context, units=())) == []


def test_a_unit_that_is_not_enabled(context: CheckContext, tmp_path: Path) -> None:
    (tmp_path / "multi-user.target.wants" / UNIT).unlink()
    (found,) = find(context)
    assert found.what == "the streaming server does not start with the machine"
    assert found.cure == f"systemctl enable --now {UNIT}"


def test_a_program_that_is_gone(context: CheckContext, base: str, tmp_path: Path) -> None:
    path = tmp_path / UNIT
    path.write_text(path.read_text().replace(str(EPNKIT), "/nonexistent/epnkit"))
    (found,) = find(context)
    assert (found.what, found.where) == (
        "the streaming server's program is not there",
        "/nonexistent/epnkit",
    )


def test_a_server_that_does_not_answer(context: CheckContext, base: str, tmp_path: Path) -> None:
    write_unit(tmp_path, base, port=9)
    (found,) = find(context)
    assert (found.what, found.where) == (
        "the streaming server does not answer",
        "http://127.0.0.1:9",
    )
    assert "journalctl" in found.cure


def test_a_public_address_that_leads_elsewhere(
    context: CheckContext, instance: DachsInstance, scratch: PrivateDachs, base: str, tmp_path: Path
) -> None:
    with scratch.run_server() as dachs:
        port = urlsplit(base).port
        write_unit(tmp_path, f"{dachs}/streams", port=port)
        link(instance, f"{dachs}/streams")
        (found,) = find(context)
    assert found.what == "the public address of the streaming server does not lead to it"
    assert found.why.startswith("404 Not Found, and no answer of HAPI; ")
    assert found.cure.endswith(f"epnkit stream proxy nginx {dachs}/streams.")


def declare_more(service: Service) -> Service:
    first = service.streams[0]
    assert isinstance(first, DataSet)
    return replace(service, streams=(*service.streams, replace(first, dataset="nda_more")))


def test_a_data_set_that_was_declared_since(context: CheckContext) -> None:
    services = (declare_more(context.services[0]), context.services[1])
    whats = find_whats(replace(context, services=services))
    assert whats == [
        "the streaming server does not offer nda_more",
        "datalink does not lead to nda_more",
    ]


def test_a_unit_of_some_services_has_theirs_alone(
    context: CheckContext, base: str, tmp_path: Path
) -> None:
    write_unit(tmp_path, base, services=("hfc1t3",))
    services = (declare_more(context.services[0]), context.services[1])
    assert find(replace(context, services=services)) == []


def test_an_archive_that_is_gone(context: CheckContext, scratch: PrivateDachs) -> None:
    archive = scratch.root / "web" / "nv_static" / "replica" / "nda"
    with tear_down(archive):
        found = find(context)
    assert (found[0].what, found[0].where) == (
        "a directory of the archive is not there",
        str(archive),
    )
    files = [each for each in found[1:] if "cannot read the files of nda_" in each.what]
    assert len(files) == len(found) - 1 == 4
    assert all(each.why.startswith("HAPI's 1501: ") for each in files)


def test_an_archive_that_the_account_may_not_read(
    context: CheckContext, base: str, scratch: PrivateDachs, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can try another account")
    archive = scratch.root / "web" / "nv_static" / "replica" / "nda"
    mode = archive.stat().st_mode
    archive.chmod(0o750)
    try:
        (found,) = find(context)
        assert "--group" in found.cure
        write_unit(tmp_path, base, groups=(archive.group(),))
        assert find(context) == []
    finally:
        archive.chmod(mode)


@contextmanager
def granted(scratch: PrivateDachs, *grants: str) -> Iterator[None]:
    """Grant rights to the role, and take them back."""
    with closing(scratch.cluster.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for each in grants:
            cursor.execute(f"GRANT {each} TO untrusted")
        try:
            yield
        finally:
            for each in grants:
                cursor.execute(f"REVOKE {each} FROM untrusted")


@pytest.mark.parametrize(
    ("grants", "what"),
    [
        (("DELETE ON nda.epn_core",), "delete in nda.epn_core"),
        (("USAGE ON SCHEMA epnkit", "SELECT ON epnkit.runs"), "read epnkit.runs"),
        (("USAGE, CREATE ON SCHEMA public",), "create in public"),
    ],
)
def test_a_role_that_may_do_more(
    context: CheckContext, scratch: PrivateDachs, grants: tuple[str, ...], what: str
) -> None:
    with granted(scratch, *grants):
        (found,) = find(context)
    assert found.what == f"the role untrusted is allowed to {what}"
    with closing(scratch.cluster.connect()) as connection, connection.cursor() as cursor:
        _, _, cure = found.cure.partition("in DaCHS's database: ")
        cursor.execute(cure.rstrip("."))


def test_a_role_that_may_do_anything(context: CheckContext, scratch: PrivateDachs) -> None:
    with closing(scratch.cluster.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("ALTER ROLE untrusted CREATEROLE")
        try:
            (found,) = find(context)
        finally:
            cursor.execute("ALTER ROLE untrusted NOCREATEROLE")
    assert found.what == "the role untrusted is a superuser, or may make roles or databases"


def test_a_cache_beyond_its_bound_or_its_disk(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(bytes(3000))
    assert list(find_cache_faults(tmp_path / "files", 3000)) == []
    (found,) = find_cache_faults(tmp_path / "files", 2999)
    assert found.what == "the cache of the streaming server holds 0.00 GiB"
    (found,) = find_cache_faults(tmp_path / "none", 2**60)
    assert found.what.startswith("the disk has room for ")
    assert "--cache-size" in found.cure


def test_datalink_that_leads_elsewhere_or_nowhere(
    context: CheckContext, instance: DachsInstance, base: str
) -> None:
    link(instance, "http://127.0.0.1:9")
    (found,) = find(context)
    assert (found.what, found.cure) == (
        "datalink leads to http://127.0.0.1:9",
        f"epnkit stream link {base}",
    )
    link(instance)
    (found,) = find(context)
    assert found.what == "datalink does not lead to the streaming server"


def test_links_that_cannot_be_read(context: CheckContext, instance: DachsInstance) -> None:
    (instance.configuration / LINKS).write_text("{")
    with pytest.raises(DeployError, match="epnkit stream link URL"):
        find(context)
