"""The streaming server behind nginx and Apache, with what epnkit writes for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner

from epnkit.cli.stream import proxy
from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.tables import Table, TableFile
from tests.support.streams import ask, make_archive, make_feeds, serve, shorten
from tests.support.web_servers import run_proxy

pytestmark = pytest.mark.all

URL = "https://vo.example.org/streams"

SPAN = {"start": "2016-12-30T00:00Z", "stop": "2017-01-01T00:00Z"}

BROKEN = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)

KINDS = ("nginx", "apache")


def write_snippet(kind: str, port: int) -> str:
    done = CliRunner().invoke(proxy, [kind, URL, "--port", str(port)])
    assert done.exit_code == 0, done.output
    return done.output


class Gate:
    """Lets the second file be read when it is opened, and can break it."""

    def __init__(self, directory: Path) -> None:
        self.opened, self.broken = threading.Event(), False
        self.directory = directory

    def read(self, path: Path) -> Table:
        dataset = shorten()
        if path.stem == "s1":
            assert self.opened.wait(60)
            if self.broken:
                raise DamagedFileError("it broke")
        with dataset.reader.open(path) as file:
            columns = {"Data": file.read("Data", 0, len(file.times))}
            return Table(file.times, columns, {"Frequency": file.read_axis("Frequency")})


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


@pytest.fixture(params=KINDS)
def behind(request: pytest.FixtureRequest, tmp_path: Path, gate: Gate) -> Iterator[tuple[str, str]]:
    """Serve an archive; give the server's own address, and that by the proxy."""
    index = make_archive(tmp_path)
    dataset = shorten(reader=TableFile(gate.read), variables=shorten().variables[:1])
    folder = tmp_path / request.param
    folder.mkdir(mode=0o755)
    with serve(make_feeds(tmp_path, index, dataset)) as base:
        snippet = write_snippet(request.param, urlsplit(base).port or 0)
        with run_proxy(request.param, snippet, folder) as front:
            yield base, f"{front}/streams"


def test_pages_and_redirections_stay_below_the_path(behind: tuple[str, str]) -> None:
    base, front = behind
    for address in (front, f"{front}/"):
        page = requests.get(address, timeout=30)
        assert (page.status_code, urlsplit(page.url).path) == (200, "/streams/hapi")
        assert page.text == requests.get(f"{base}/hapi", timeout=30).text


def test_records_are_the_same_in_each_form_and_encoding(
    behind: tuple[str, str], gate: Gate
) -> None:
    gate.opened.set()
    base, front = behind
    for form in ("csv", "binary", "json"):
        query = {"dataset": "spectra", "format": form, **SPAN}
        right = ask(base, "hapi/data", **query)
        for encoding in ("identity", "gzip"):
            found = requests.get(
                f"{front}/hapi/data",
                params=query,
                headers={"Accept-Encoding": encoding},
                timeout=60,
            )
            assert found.content == right.content
            assert found.headers.get("Content-Encoding", "identity") == encoding
            assert found.headers["Transfer-Encoding"] == "chunked"
            assert found.headers["Content-Type"] == right.headers["Content-Type"]
            assert found.headers["Access-Control-Allow-Origin"] == "*"
            again = requests.get(
                f"{front}/hapi/data",
                params=query,
                headers={"If-None-Match": found.headers["ETag"], "Accept-Encoding": encoding},
                timeout=60,
            )
            assert (again.status_code, again.content) == (304, b"")


def test_refusals_and_head_requests_come_through(behind: tuple[str, str]) -> None:
    base, front = behind
    for path, query in (("hapi/info", {"dataset": "none"}), ("hapi/data", {"unknown": "1"})):
        right, found = ask(base, path, **query), ask(front, path, **query)
        assert (found.status_code, found.json()) == (right.status_code, right.json())
        assert right.status_code in (400, 404)
    head = requests.head(f"{front}/hapi/capabilities", timeout=30)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_nothing_waits_for_the_end_of_the_answer(
    behind: tuple[str, str], gate: Gate, encoding: str
) -> None:
    _, front = behind
    query, headers = {"dataset": "spectra", **SPAN}, {"Accept-Encoding": encoding}
    with requests.get(
        f"{front}/hapi/data", params=query, headers=headers, stream=True, timeout=50
    ) as answer:
        parts = answer.iter_content(1000)
        # The second file is not read before the first records have come.
        assert next(parts).startswith(b"2016-12-30T00:00:00.000Z,")
        gate.opened.set()
        assert b"2016-12-31T23:59:00.000Z," in b"".join(parts)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_that_breaks_is_broken_for_the_client(
    behind: tuple[str, str], gate: Gate, encoding: str
) -> None:
    _, front = behind
    gate.broken = True
    gate.opened.set()
    with pytest.raises(BROKEN):
        receive(f"{front}/hapi/data", encoding)


def receive(url: str, encoding: str) -> None:
    query, headers = {"dataset": "spectra", **SPAN}, {"Accept-Encoding": encoding}
    with requests.get(url, params=query, headers=headers, stream=True, timeout=50) as answer:
        assert answer.status_code == 200
        for part in answer.iter_content(1000):
            assert part
