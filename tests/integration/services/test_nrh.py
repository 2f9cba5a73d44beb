"""NRH through a real Elasticsearch and DaCHS; its movies through a real HTTP service, or none."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from scripts.servers.processes import Server

from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from tests.support.services import Acceptance, Served, bring_up_service

pytest_plugins = ["tests.support.servers"]

# What all servers of the kind do alike is tested with the source.
pytestmark = pytest.mark.parametrize("search_server", ["es8"], indirect=True, scope="session")

ONE = "nrh_20071221_114413_01Z"


@pytest.fixture(scope="module")
def served(dachs: PrivateDachs, serving: str, search_server: Server) -> Iterator[Served]:
    with bring_up_service(dachs, serving, "nrh", search=search_server.url) as up:
        yield up


@contextmanager
def upstream_at(dachs: PrivateDachs, address: str, patience: float = 2) -> Iterator[None]:
    """Let the service ask elsewhere for a while, and wait so many seconds at most."""
    path: Path = dachs.root / "etc" / "epnkit-nrh.json"
    before = path.read_text()
    path.write_text(json.dumps({"url": address, "patience": patience}))
    yield
    path.write_text(before)


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_observation_is_a_granule_or_refused(served: Served) -> None:
    # 1 + 400 x 3 + 3 odd ones; the document of another instrument is not asked for.
    assert served.count_granules() == 1204
    assert served.count_refused() == ["nrh_20100506_090000_01", "nrh_20100506_090000_02"]


def test_a_movie_is_listed_for_each_frequency(served: Served) -> None:
    movies = [link for link in served.links(ONE) if link["semantics"] == "#preview"]
    assert [link["description"] for link in movies] == [
        "Movie at 150.9 MHz",
        "Movie at 228.0 MHz",
        "Movie at 327.0 MHz",
        "Movie at 408.0 MHz",
        "Movie at 432.0 MHz",
    ]
    assert movies[0]["access_url"].endswith("/2007/12/nrh21122007_1509.gif")
    assert movies[0]["content_type"] == "image/gif"


def test_movies_and_thumbnail_are_real_files(served: Served) -> None:
    assert sorted(served.open_links(ONE)) == ["#preview"] * 5 + ["#thumbnail"]


def test_noisy_frequencies_are_not_listed(served: Served) -> None:
    movies = served.links("nrh_20080102_083215_01")
    told = [each["description"] for each in movies if each["semantics"] == "#preview"]
    assert len(told) == 7
    assert "Movie at 173.2 MHz" not in told
    assert "Movie at 445.0 MHz" not in told


def test_an_identifier_outside_ascii_finds_its_movies(served: Served) -> None:
    (uid,) = served.query("SELECT granule_uid FROM {table} WHERE granule_uid LIKE 'Nancay%'")[0]
    assert [each["semantics"] for each in served.links(uid)].count("#preview") == 1


def test_an_upstream_that_is_down_is_a_fault_row(served: Served, dachs: PrivateDachs) -> None:
    with upstream_at(dachs, f"http://127.0.0.1:{free_port()}"):
        check_fault(served, "TransientFault")


@pytest.mark.timeout(60)
def test_an_upstream_that_never_answers_is_a_fault_row(served: Served, dachs: PrivateDachs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, upstream_at(dachs, _address(deaf)):
        # The test's own timeout is what fails where the wait has no end.
        check_fault(served, "TransientFault")


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, "<html>Be back soon</html>", "TransientFault"),
        (200, '{"videoplots": 3}', "TransientFault"),
        (200, "[]", "TransientFault"),
        (200, "[" * 100_000, "TransientFault"),
        (302, "", "TransientFault"),
        (503, "busy", "TransientFault"),
        (404, "{}", "NotFoundFault"),
    ],
)
def test_a_wrong_answer_is_a_fault_row(
    served: Served, dachs: PrivateDachs, status: int, body: str, fault: str
) -> None:
    with answering(status, body) as address, upstream_at(dachs, address):
        check_fault(served, fault)


def movies_of(*listed: dict[str, object]) -> str:
    return json.dumps({"videoplots": listed})


def test_an_odd_movie_costs_itself_alone(served: Served, dachs: PrivateDachs) -> None:
    good = {"frequency": 1509, "url": "https://example.org/a.gif", "size": 5}
    odd: list[dict[str, object]] = [
        {**good, "url": "javascript:alert(1)"},
        {**good, "url": "data:text/html,x"},
        {**good, "url": "https://example.org/\x01.gif"},
        {**good, "url": 'https://example.org/ "x'},
        {**good, "frequency": "many"},
        {**good, "frequency": float("nan")},
        {"size": 3},
    ]
    sizes: list[dict[str, object]] = [
        {**good, "url": f"https://example.org/{size}.gif", "size": size}
        for size in ("large", -1, 2**80, True, [1])
    ]
    body = movies_of(good, *odd, *sizes)
    with answering(200, body) as address, upstream_at(dachs, address):
        found = served.links(ONE)
    movies = [link for link in found if str(link["access_url"]).startswith("https://example.org/")]
    assert len(movies) == 6
    assert not [link for link in found if link["error_message"]]
    assert "#documentation" in {link["semantics"] for link in found}


def test_a_slow_archive_leaves_the_server_alone(served: Served, dachs: PrivateDachs) -> None:
    idle = [time_tap(served) for _ in range(30)]
    with (
        dripping() as address,
        upstream_at(dachs, address, patience=15),
        ThreadPoolExecutor(50) as threads,
    ):
        asked = [threads.submit(served.links, ONE) for _ in range(50)]
        while sum(each.done() for each in asked) < 48:
            time.sleep(0.05)
        # Two wait for the archive, whose headers do not end; the others had their answer at once.
        busy = [time_tap(served) for _ in range(30)]
        assert sum(each.done() for each in asked) == 48
        faults = [[x for x in each.result() if x["error_message"]] for each in asked]
    assert all(len(found) == 1 for found in faults)
    print(f"TAP: p99 {max(idle):.3f} s idle, {max(busy):.3f} s while an archive hangs")


def time_tap(served: Served) -> float:
    start = time.monotonic()
    assert served.query("SELECT TOP 1 granule_uid FROM {table}")
    return time.monotonic() - start


@contextmanager
def dripping() -> Iterator[str]:
    """Accept connections, and send a header a second on each, for as long as anyone listens."""
    ended = threading.Event()

    def drip(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(1):
                client.sendall(b"X-Slow: yes\r\n")

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=drip, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield _address(listener)
        ended.set()


def check_fault(served: Served, fault: str) -> None:
    found = served.links(ONE)
    (row,) = [link for link in found if link["error_message"]]
    assert row["error_message"].startswith(fault)
    assert {"#thumbnail", "#documentation"} <= {link["semantics"] for link in found}


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://elsewhere.example.org/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, form: str, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
