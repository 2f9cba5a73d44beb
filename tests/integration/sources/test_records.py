"""Record services over a real HTTP server of the tests' own, in the manner of SiTools2."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from epnkit.errors import SourceError
from epnkit.sources import open_source
from epnkit.sources.base import ALL, Order, Source, Window
from tests.support.proxy import Fault, Proxy, http

COUNT = 1234

#: The most records that the service gives at once, whatever is asked for.
LARGEST = 400


def _record(number: int) -> dict[str, object]:
    date = None if number % 100 == 0 else f"2014-05-{1 + number % 31:02d}T00:00:00"
    return {"sunum": number, "date_obs": date, "wave": {"min": 17.1, "unit": "nm"}, "rec": [number]}


class _Service(ThreadingHTTPServer):
    """A dataset that is paged by ``start`` and ``limit``, or by ``page`` and ``size``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.records = [_record(number) for number in range(COUNT)]
        self.requests: list[dict[str, str]] = []
        self.arriving = False

    def page(self, asked: dict[str, str]) -> dict[str, object]:
        """Answer one request."""
        self.requests.append(asked)
        held = self._chosen(asked)
        if "size" in asked:
            limit = min(int(asked["size"]), LARGEST)
            start = (int(asked["page"]) - 1) * limit
        else:
            start, limit = int(asked["start"]), min(int(asked["limit"]), LARGEST)
        if self.arriving:
            self.records.append(_record(len(self.records)))
        return {"data": held[start : start + limit], "total": len(held), "success": True}

    def _chosen(self, asked: dict[str, str]) -> list[dict[str, object]]:
        if "between" not in asked:
            return list(self.records)
        low, high = asked["between"].split("|")
        return [r for r in self.records if low <= str(r["date_obs"] or "") <= high]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Service)
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = parts.path == "/sitools/aia/records"
        body = json.dumps(self.server.page(asked) if found else {"message": "no such dataset"})
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Write no log."""


@pytest.fixture
def service() -> Iterator[_Service]:
    with _Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


Make = Callable[..., Source]


@pytest.fixture
def make(service: _Service, tmp_path: Path) -> Make:
    def source(more: str = "page = 300", port: int | None = None, path: str = "/aia") -> Source:
        file = tmp_path / "source.toml"
        file.write_text(
            f'kind = "records"\nurl = "http://127.0.0.1:{port or service.server_port}/sitools"\n'
            f'path = "{path}/records"\nkey = ["sunum"]\nattempts = 4\ntimeout = 2\n{more}\n',
            encoding="utf-8",
        )
        return open_source(file, Order("date_obs"))

    return source


def _numbers(source: Source, window: Window = ALL) -> list[int]:
    return [n for batch in source.batches(window) for n in batch["sunum"]]


BY_PAGE = 'counts = "pages"\nstart = "page"\nlimit = "size"\nfirst = 1\npage = 250'


@pytest.mark.parametrize("more", ["page = 300", "page = 400", "page = 1", BY_PAGE])
def test_every_record_comes_once_in_order(make: Make, service: _Service, more: str) -> None:
    if more == "page = 1":
        del service.records[20:]
    source = make(more)
    assert source.count() == len(service.records)
    assert _numbers(source) == list(range(len(service.records)))


def test_nested_fields_are_columns_of_one_type(make: Make) -> None:
    source = make()
    assert source.schema() == {
        "sunum": "Int64",
        "date_obs": "String",
        "wave.min": "Float64",
        "wave.unit": "String",
        "rec": "List(Int64)",
    }
    read = pl.concat(source.batches())
    assert read.row(1) == (1, "2014-05-02T00:00:00", 17.1, "nm", [1])


WINDOW = Window(low="2014-05-03", high="2014-05-06", nulls=False)

HELD = [n for n in range(COUNT) if n % 100 and n % 31 in (2, 3, 4)]


@pytest.mark.parametrize("more", ["", 'window = ["between", "{low}|{high}"]'])
def test_a_window_holds_what_it_says(make: Make, service: _Service, more: str) -> None:
    source = make(more)
    assert _numbers(source, WINDOW) == HELD
    assert source.count(WINDOW) == len(HELD)
    assert any("between" in asked for asked in service.requests) == bool(more)


def test_records_without_a_cursor_are_in_a_window_that_says_so(make: Make) -> None:
    read = _numbers(make(), Window(low="2014-05-03", high="2014-05-06"))
    assert read == sorted({*HELD, *range(0, COUNT, 100)})


def test_a_service_that_gives_fewer_than_asked_is_reported(make: Make) -> None:
    with pytest.raises(SourceError, match=r"holds 400 records instead of 1000.*Lower `page`"):
        _numbers(make("page = 1000"))


def test_records_that_arrive_meanwhile_are_reported(make: Make, service: _Service) -> None:
    service.arriving = True
    with pytest.raises(SourceError, match="changed from"):
        _numbers(make())


@pytest.mark.parametrize(
    ("more", "words"),
    [('data = "rows"', "no records under 'rows'"), ('total = "count"', "no total under 'count'")],
)
def test_an_answer_of_another_form_is_reported(make: Make, more: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        _numbers(make(more))


def test_a_dataset_that_is_not_there_is_reported(make: Make) -> None:
    with pytest.raises(SourceError, match=r"nowhere/records: the server answers 404") as caught:
        make(path="/nowhere").count()
    assert "no such dataset" in str(caught.value)


FAULTS = [
    [Fault("reset", 20_000)],
    [Fault("close", 20_000), Fault("close", 500)],
    [Fault("stall", 20_000)],
    [http("429 Too Many Requests", b"{}", "Retry-After: 0")],
    [http("503 Service Unavailable", b"", "Retry-After: 0")],
    [http("200 OK", b'{"data": [{"sunum": 1', "Content-Type: application/json")],
]


@pytest.mark.parametrize("faults", FAULTS)
def test_what_passes_loses_and_doubles_nothing(
    make: Make, service: _Service, faults: list[Fault]
) -> None:
    with Proxy(service.server_port) as proxy:
        source = make(port=proxy.port)
        proxy.faults.extend(faults)
        assert _numbers(source) == list(range(COUNT))
        assert not proxy.faults


def test_a_web_page_is_reported(make: Make, service: _Service) -> None:
    with Proxy(service.server_port) as proxy:
        proxy.faults.append(http("200 OK", b"<html>Log in</html>", "Content-Type: text/html"))
        with pytest.raises(SourceError, match=r"answers no JSON.*Log in"):
            make(port=proxy.port).count()
