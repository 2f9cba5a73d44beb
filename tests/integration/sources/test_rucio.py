"""Rucio's real server: the files of records, newest versions, what is down, lost or expired."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from scripts.servers import rucio, search
from scripts.servers.processes import Server

from epnkit.dachs.ports import free_port
from epnkit.errors import ConfigurationError, SourceError, TransientSourceError
from epnkit.replicas import rucio_files
from epnkit.sources import open_source
from epnkit.sources.base import UNREADABLE, Order, Source, Window
from tests.support.proxy import Fault, Proxy

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

ADDRESS = "http://127.0.0.1:8080/static/replica/tower/"

SCANS = [f"scan_{number:02d}" for number in range(25)]

#: The files of each container.
FILES = {
    **{name: [f"{name}_{n}.fits" for n in range(3)] for name in SCANS},
    "versions": ["a_v1.fits", "a_v2.fits", "a_v10.fits", "b.fits"],
    "empty": [],
    # Also in another: Rucio names both as parents of each file.
    "part": ["scan_03_0.fits", "own.fits"],
}


@pytest.fixture(scope="module")
def filled(server_directory: Path) -> Iterator[Server]:
    """Give a server of this module's own: its files are at other addresses than a service's."""
    server = rucio.start_rucio(
        free_port(), server_directory / "rucio-files", search.find_cache_directory()
    )
    containers = {
        name: [
            {"name": file, "bytes": 100 + n, "adler32": f"{n:08x}", "path": f"data/{file}"}
            for n, file in enumerate(files)
        ]
        for name, files in FILES.items()
    }
    rucio_files.fill(server.url, "tower", containers, ADDRESS)
    yield server
    server.stop()


Make = Callable[..., Source]


@pytest.fixture
def make(filled: Server, keep: Keep, tmp_path: Path) -> Make:
    def open_it(*lines: str, url: str | None = None) -> Source:
        names = [*FILES, "unknown", None]
        records = pl.DataFrame({"id": range(len(names)), "name": names}).with_columns(
            did=pl.format("tower:{}", "name")
        )
        records.write_parquet(tmp_path / "records.parquet")
        (tmp_path / "records.toml").write_text(
            'kind = "parquet"\ndirectory = "."\nglob = "*.parquet"\nkey = ["id"]\n'
        )
        keep("rucio", url or filled.url)
        (tmp_path / "source.toml").write_text(
            'kind = "rucio"\nconnection = "rucio"\nrecords = "records.toml"\ndid = "did"\n'
            + "".join(f"{line}\n" for line in lines)
        )
        return open_source(tmp_path / "source.toml", Order(None, ("id",)))

    return open_it


def read(source: Source, size: int = 10_000) -> dict[str | None, dict[str, Any]]:
    whole = pl.concat(source.batches(size=size), how="diagonal")
    return {row["name"]: row for row in whole.rows(named=True)}


@pytest.mark.parametrize("request_size", [1, 7, 100])
def test_every_record_has_its_files(make: Make, request_size: int) -> None:
    source = make(f"request = {request_size}")
    assert source.count() == len(FILES) + 2
    found = read(source, 10)
    assert len(found) == len(FILES) + 2
    for name, files in FILES.items():
        row = found[name]
        assert row["files.names"] == sorted(files)
        assert [url.rpartition("/")[2] for url in row["files.urls"]] == sorted(files)
        assert sorted(row["files.sizes"]) == [100 + n for n in range(len(files))]
    assert found["scan_03"]["files.adler32"] == ["00000000", "00000001", "00000002"]
    assert source.schema()["files.urls"] == "List(String)"


def test_a_record_of_which_rucio_knows_no_file_says_so(make: Make) -> None:
    found = read(make())
    assert found["empty"][UNREADABLE] == "files.urls: Rucio knows no file of tower:empty"
    assert found["unknown"][UNREADABLE] == "files.urls: Rucio knows no file of tower:unknown"
    # One without a data set is not missed.
    assert (found[None][UNREADABLE], found[None]["files.urls"]) == (None, [])
    assert UNREADABLE not in read(make('missing = "keep"'))["unknown"]


def test_the_newest_version_counts(make: Make) -> None:
    row = read(make("version = '_v(\\d+)'"))["versions"]
    assert row["files.names"] == ["a_v10.fits", "b.fits"]
    assert row["files.older_names"] == ["a_v1.fits", "a_v2.fits"]
    assert len(row["files.older_urls"]) == 2


@pytest.fixture
def one_element_down(filled: Server) -> Iterator[None]:
    client = rucio_files.connect(filled.url)
    client.update_rse("KIS", {"availability_read": False})
    yield
    client.update_rse("KIS", {"availability_read": True})


def test_another_replica_is_taken_and_else_the_address_stays(
    make: Make, one_element_down: None
) -> None:
    row = read(make())["scan_00"]
    # The second element has every other file.
    assert [("localhost" in url) for url in row["files.urls"]] == [True, False, True]


def test_a_file_without_a_replica_has_no_address(make: Make, filled: Server) -> None:
    """A replica with a tombstone is offered until it is deleted, or no longer available."""
    client = rucio_files.connect(filled.url)
    name = "scan_01_2.fits"  # the second element does not have it
    replica = {"scope": "tower", "name": name}
    before = read(make())["scan_01"]
    client.set_tombstone([{**replica, "rse": "KIS"}])
    assert read(make())["scan_01"] == before
    client.update_replicas_states("KIS", [{**replica, "state": "U"}])
    try:
        found = read(make())["scan_01"]
    finally:
        client.update_replicas_states("KIS", [{**replica, "state": "A"}])
    names = dict(zip(found["files.names"], found["files.urls"], strict=True))
    assert names == {
        file: None if file == name else url
        for file, url in zip(before["files.names"], before["files.urls"], strict=True)
    }


def test_an_expired_token_is_renewed(make: Make, server_directory: Path) -> None:
    source = make()
    batches = source.batches(size=10)
    first = next(batches)
    with closing(sqlite3.connect(server_directory / "rucio-files" / "rucio.db")) as tokens:
        assert tokens.execute("DELETE FROM tokens").rowcount > 0
        tokens.commit()
    rest = pl.concat([first, *batches], how="diagonal")
    assert len(rest) == len(FILES) + 2
    assert rest.filter(pl.col("name") == "scan_24")["files.urls"].list.len()[0] == 3


def test_no_token_stays_behind(make: Make) -> None:
    source = make()
    read(source)
    left = [p for p in Path("/tmp").glob("epnkit-rucio-*") if p.is_dir()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in left)
    del source
    assert not [path for path in left if path.exists()]


# The client of Rucio leaves the broken socket to Python, which says so since 3.13.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_connection_that_breaks_is_tried_again(make: Make, filled: Server) -> None:
    with Proxy(filled.port) as proxy:
        proxy.faults.extend([Fault("reset", 10), Fault("reset", 300)])
        url = filled.url.replace(f":{filled.port}", f":{proxy.port}")
        assert len(read(make(url=url))) == len(FILES) + 2


def test_a_server_that_is_down_is_one_clear_error(make: Make) -> None:
    source = make("attempts = 1", url="http://reader:canary-52ad@127.0.0.1:9?account=root")
    with pytest.raises(TransientSourceError, match="the Rucio server does not answer") as caught:
        read(source)
    assert "canary" not in str(caught.value)


def test_a_wrong_password_is_one_clear_error(make: Make, filled: Server) -> None:
    url = filled.url.replace("canary-52ad", "wrong-77aa")
    with pytest.raises(SourceError, match="refuses the user") as caught:
        read(make(url=url))
    assert "wrong-77aa" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("version = '_v(\\d+'", "version"),
        ("version = '_v\\d+'", "no single group"),
        ('missing = "ignore"', "there is no 'ignore'"),
        ('scheme = "https"', "no such key"),
    ],
)
def test_a_wrong_source_file_is_refused(make: Make, line: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        make(line)


def test_a_credential_without_a_password_is_refused(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="no user and password"):
        make(url="https://rucio.example.org")


def test_a_window_is_the_records_own(make: Make) -> None:
    with pytest.raises(SourceError):
        next(iter(make().batches(Window(low=3))))
