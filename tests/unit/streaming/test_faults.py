"""Bad days: files that are missing or broken, clients that go or hang, and many at once."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from tests.conftest import ROOT
from tests.support.streams import (
    ADDRESS,
    MemoryIndex,
    ask,
    make_archive,
    make_feeds,
    minutes,
    serve,
    shorten,
    write_spectra,
)

import epnkit.streaming.sending
from epnkit.streaming.archive import FileStore, FileUnavailableError
from epnkit.streaming.index import MARGIN, Granule
from epnkit.streaming.readers.tables import Table, TableFile

SPAN = {"start": "2016-12-30T00:00Z", "stop": "2017-01-01T00:00Z"}

BROKEN = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)


@pytest.fixture
def index(tmp_path: Path) -> MemoryIndex:
    return make_archive(tmp_path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:700])


def remove(path: Path) -> None:
    path.unlink()


def shift(path: Path) -> None:
    """Give the file other frequencies than the data set has."""
    write_spectra(path, minutes(1), 0, np.arange(5.0).astype("f4"))


def receive(url: str, query: dict[str, str], encoding: str, received: bytearray) -> None:
    """Receive an answer as far as it goes."""
    headers = {"Accept-Encoding": encoding}
    with requests.get(url, params=query, headers=headers, stream=True, timeout=30) as answer:
        assert answer.status_code == 200
        for chunk in answer.iter_content(1000):
            received += chunk


@pytest.mark.parametrize("spoil", [cut, remove, shift])
@pytest.mark.parametrize("form", ["csv", "binary", "json"])
def test_a_file_that_fails_in_mid_stream_ends_it_without_an_end(
    tmp_path: Path, index: MemoryIndex, spoil: object, form: str
) -> None:
    whole_day = {**SPAN, "stop": "2016-12-31T00:00Z"}
    with serve(make_feeds(tmp_path, index)) as base:
        right = ask(base, "hapi/data", dataset="spectra", format=form, **whole_day).content
        assert callable(spoil)
        spoil(tmp_path / "s1.cdf")
        for encoding in ("identity", "gzip"):
            query = {"dataset": "spectra", "format": form, **SPAN}
            received = bytearray()
            with pytest.raises(BROKEN):
                receive(f"{base}/hapi/data", query, encoding, received)
            # JSON ends its list after the last record.
            assert right.startswith(bytes(received[:-4]))
        # The server goes on.
        again = ask(base, "hapi/data", dataset="spectra", format=form, **whole_day)
        assert again.content == right


@pytest.mark.parametrize("spoil", [cut, remove, shift])
def test_a_file_that_begins_with_the_stop_is_not_needed(
    tmp_path: Path, index: MemoryIndex, spoil: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Tables are searched beyond a span, for their times are rounded."""
    index.margin = MARGIN
    whole_day = {**SPAN, "stop": "2016-12-31T00:00Z"}
    with serve(make_feeds(tmp_path, index)) as base:
        right = ask(base, "hapi/data", dataset="spectra", **whole_day).content
        assert right.count(b"\n") == 1440
        assert callable(spoil)
        spoil(tmp_path / "s1.cdf")
        assert ask(base, "hapi/data", dataset="spectra", **whole_day).content == right
        assert "not needed, and not read" in caplog.text
        caplog.clear()
        less = {**whole_day, "stop": "2016-12-30T23:59:59.5Z"}
        assert ask(base, "hapi/data", dataset="spectra", **less).content == right
        assert not caplog.text
        picture = ask(base, "plot", dataset="spectra", **whole_day)
        assert picture.status_code == 200, picture.text
        more = {"dataset": "spectra", **whole_day, "stop": "2016-12-31T00:00:00.001Z"}
        with pytest.raises(BROKEN):
            receive(f"{base}/hapi/data", more, "gzip", bytearray())


@pytest.mark.parametrize(("spoil", "code"), [(cut, 1500), (remove, 1501)])
def test_a_first_file_that_fails_has_a_status(
    tmp_path: Path, index: MemoryIndex, spoil: object, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(make_feeds(tmp_path, index)) as base:
        ask(base, "hapi/info", dataset="spectra")
        assert callable(spoil)
        spoil(tmp_path / "s0.cdf")
        answer = ask(base, "hapi/data", dataset="spectra", **SPAN)
        assert (answer.status_code, answer.json()["status"]["code"]) == (500, code)
        assert "s0" not in answer.text
        das2 = {"server": "dataset", "dataset": "synthetic/spectra"}
        span = {"start_time": "2016-12-30", "end_time": "2016-12-31", "resolution": "40000"}
        assert b'type="ServerError"' in ask(base, "das/server", **das2, **span).content
        picture = ask(base, "plot", dataset="spectra", **SPAN)
        assert picture.status_code == 500
    assert "a request failed" in caplog.text


def test_the_newest_file_may_be_broken(tmp_path: Path, index: MemoryIndex) -> None:
    cut(tmp_path / "s2.cdf")
    with serve(make_feeds(tmp_path, index)) as base:
        assert ask(base, "hapi/info", dataset="spectra").status_code == 200
        assert ask(base, "hapi/data", dataset="spectra", **SPAN).status_code == 200


def test_a_data_set_without_a_readable_file_fails(tmp_path: Path, index: MemoryIndex) -> None:
    for path in tmp_path.glob("*.cdf"):
        cut(path)
    with serve(make_feeds(tmp_path, index)) as base:
        answer = ask(base, "hapi/info", dataset="spectra")
        assert (answer.status_code, answer.json()["status"]["code"]) == (500, 1501)


class CountedTable(Table):
    """Records that are counted as they are read."""

    read_rows = 0

    def read(self, name: str, start: int, stop: int):  # type: ignore[no-untyped-def]
        CountedTable.read_rows += stop - start
        return super().read(name, start, stop)


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[str]:
    """Serve more than any socket holds: 60 million values, 25 MB in a file."""
    index = make_archive(tmp_path, 20, 2)
    values = np.zeros((20_000, 150))
    CountedTable.read_rows = 0

    def read(path: Path) -> Table:
        start = index.granules[int(path.stem[1:])].start
        times = start + np.arange(len(values)) * 10**6
        frequencies = np.arange(150.0)
        return CountedTable(times, {"Data": values}, {"Frequency": frequencies})

    dataset = shorten(reader=TableFile(read), variables=shorten().variables[:1])
    with serve(make_feeds(tmp_path, index, dataset)) as base:
        yield base


LONG = {"start": "2016-12-30T00:00Z", "stop": "2017-01-17T00:00Z", "format": "binary"}


def request_line(**query: str) -> bytes:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return f"GET /hapi/data?dataset=spectra&{words} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def connect(base: str) -> socket.socket:
    host, _, port = base.removeprefix("http://").partition(":")
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect((host, int(port)))
    return opened


def await_rest() -> int:
    """Wait until nothing is read any more; give how many rows were read until then."""
    before, rows = -1, CountedTable.read_rows
    while before != rows:
        time.sleep(0.5)
        before, rows = rows, CountedTable.read_rows
    return rows


def test_a_client_that_hangs_is_waited_for_and_one_that_goes_is_not(endless: str) -> None:
    slow = connect(endless)
    slow.sendall(request_line(**LONG))
    slow.recv(100)
    held = await_rest()
    assert held < 60_000, "it reads far ahead of a client that does not read"
    slow.close()
    assert await_rest() < 60_000, "it reads on for a client that is gone"


def test_a_client_that_takes_too_long_is_given_up(
    endless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epnkit.streaming.sending, "PATIENCE", 0.3)
    slow = connect(endless)
    slow.sendall(request_line(**LONG))
    slow.recv(100)
    await_rest()
    slow.settimeout(20)
    while slow.recv(1 << 20):
        pass
    assert CountedTable.read_rows < 60_000
    slow.close()


def test_many_clients_at_once_get_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.many_clients", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_left_behind(tmp_path: Path, index: MemoryIndex) -> None:
    with serve(make_feeds(tmp_path, index)) as base:
        ask(base, "hapi/data", dataset="spectra", **SPAN)
        gc.collect()
        links = Path("/proc/self/fd")
        files = {str(each.resolve()) for each in links.iterdir() if each.exists()}
        assert not [each for each in files if each.endswith(".cdf")]


class Origin:
    """An HTTP server of files, which counts what it is asked for."""

    def __init__(self, directory: Path) -> None:
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        origin = self
        self.asked: list[tuple[str, int]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = directory / self.path.lstrip("/")
                if not path.exists():
                    origin.asked.append((self.path, 404))
                    self.send_error(404)
                    return
                tag = f'"{path.stat().st_mtime_ns}"'
                status = 304 if self.headers.get("If-None-Match") == tag else 200
                origin.asked.append((self.path, status))
                content = path.read_bytes() if status == 200 else b""
                self.send_response(status)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Origin]:
    (tmp_path / "web").mkdir()
    opened = Origin(tmp_path / "web")
    yield opened
    opened.close()


def test_files_elsewhere_are_fetched_once_and_asked_for_changes(
    origin: Origin, tmp_path: Path
) -> None:
    (tmp_path / "web" / "a.bin").write_bytes(b"one")
    store = FileStore({}, tmp_path / "cache")
    for expected in (b"one", b"one"):
        with store.open(f"{origin.url}a.bin") as path:
            assert (path.name, path.read_bytes()) == ("a.bin", expected)
    (tmp_path / "web" / "a.bin").write_bytes(b"other")
    with store.open(f"{origin.url}a.bin") as path:
        assert path.read_bytes() == b"other"
    assert [status for _, status in origin.asked] == [200, 304, 200]
    assert not [each for each in (tmp_path / "cache").iterdir() if each.name.startswith("use-")]


def test_the_cache_is_bounded_and_spares_what_is_read(origin: Origin, tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / "web" / name).write_bytes(name.encode() * 1000)
    store = FileStore({}, tmp_path / "cache", limit=2500)
    with store.open(f"{origin.url}a") as first:
        for name in "bcd":
            with store.open(f"{origin.url}{name}") as path:
                assert path.read_bytes() == name.encode() * 1000
            kept = sum(
                each.stat().st_size for each in (tmp_path / "cache").iterdir() if each.is_file()
            )
            assert kept <= 2500
        assert first.read_bytes() == b"a" * 1000


def test_a_file_larger_than_the_cache_is_not_fetched(origin: Origin, tmp_path: Path) -> None:
    (tmp_path / "web" / "a").write_bytes(b"a" * 3_000_000)
    store = FileStore({}, tmp_path / "cache", limit=1_000_000)
    with pytest.raises(FileUnavailableError), store.open(f"{origin.url}a"):
        pass
    assert not [each for each in (tmp_path / "cache").iterdir() if each.is_file()]


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/b", "file:///etc/passwd", f"{ADDRESS}../../etc/passwd", f"{ADDRESS}none"],
)
def test_files_that_cannot_be_had_are_refused(url: str, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    store = FileStore({ADDRESS: tmp_path / "archive"}, tmp_path / "cache")
    with pytest.raises(FileUnavailableError), store.open(url):
        pass


def test_an_answer_that_is_missing_is_no_file(origin: Origin, tmp_path: Path) -> None:
    store = FileStore({}, tmp_path / "cache")
    with pytest.raises(FileUnavailableError), store.open(f"{origin.url}none"):
        pass
    index = MemoryIndex([Granule("s", 0, 10**9, f"{origin.url}none")])
    with serve(make_feeds(tmp_path / "nowhere", index)) as base:
        assert ask(base, "hapi/info", dataset="spectra").status_code == 500
