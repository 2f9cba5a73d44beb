"""Archives by their index pages: what servers write, and what they must not be asked."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from epnkit.errors import ConfigurationError, SourceError, TransientSourceError
from epnkit.sources import open_source
from epnkit.sources.base import Order, Window, describe_skipped
from epnkit.sources.httplist.listing import ListedFile, read_listing
from epnkit.sources.transport.http import FetchedPage

URL = "https://data.example/a%20b/"

#: As Apache 2.4 writes it preformatted, with icons, sorting and a parent.
APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /a b</title></head><body><h1>Index of /a b</h1>
<pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a>
<a href="?C=M;O=A">Last modified</a> <a href="?C=S;O=A">Size</a><hr>
<img src="/icons/back.gif" alt="[PARENTDIR]"> <a href="/">Parent Directory</a>          -
<img src="/icons/folder.gif" alt="[DIR]"> <a href="2018/">2018/</a>    2018-06-01 20:22    -
<img src="/icons/u.gif" alt="[   ]"> <a href="b%20c.fits">b c.fits</a>  2018-06-02 20:22  6.0M
<a href="d.fits">d.fits</a>   2018-06-02 20:22  123
<hr></pre></body></html>"""

#: The same as a table, with descriptions.
TABLE = """<table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="/a%20b/../">Parent Directory</a></td><td>&nbsp;</td><td>-</td></tr>
<tr><td><a href="2018/">2018/</a></td><td align="right">2018-06-01 20:22  </td><td>  - </td></tr>
<tr><td><a href="b%20c.fits">b c.fits</a></td><td>2018-06-02 20:22</td><td>6.0M</td><td>of 2015</td>
<tr><td><a href="d.fits">d.fits</a></td><td>2018-06-02 20:22</td><td>123 </td><td>99 K</td></tr>
</table>"""

NGINX = """<html><body><h1>Index of /a b/</h1><hr><pre><a href="../">../</a>
<a href="2018/">2018/</a>                           01-Jun-2018 20:22                   -
<a href="b%20c.fits">b c.fits</a>                   02-Jun-2018 20:22             6291456
<a href="d.fits">d.fits</a>                         02-Jun-2018 20:22                 123
</pre><hr></body></html>"""

#: What h5ai shows to those without its script: a table, sizes in KB.
H5AI = """<div id="fallback"><table><tr><td class="fb-n"><a href="..">Parent</a></td></tr>
<tr><td class="fb-n"><a href="/a%20b/2018/">2018</a></td><td>2018-06-01 20:22</td><td></td></tr>
<tr><td><a href="/a%20b/b%20c.fits">b c.fits</a></td><td>2018-06-02 20:22</td><td>6144 KB</td></tr>
<tr><td><a href="/a%20b/d.fits">d.fits</a></td><td>2018-06-02 20:22</td><td>123</td></tr></table>
</div><a href="https://larsjung.de/h5ai/">h5ai</a>"""

NGINX_JSON = json.dumps(
    [
        {"name": "2018", "type": "directory", "mtime": "Fri, 01 Jun 2018 20:22:00 GMT"},
        {
            "name": "b c.fits",
            "type": "file",
            "mtime": "Sat, 02 Jun 2018 20:22:00 GMT",
            "size": 6291456,
        },
        {"name": "d.fits", "type": "file", "mtime": "Sat, 02 Jun 2018 20:22:00 GMT", "size": 123},
    ]
)

CADDY = json.dumps(
    [
        {"name": "2018/", "url": "./2018/", "mod_time": "2018-06-01T20:22:00Z", "is_dir": True},
        {
            "name": "b c.fits",
            "url": "./b%20c.fits",
            "mod_time": "2018-06-02T20:22:00Z",
            "size": 6291456,
        },
        {"name": "d.fits", "url": "./d.fits", "mod_time": "2018-06-02T22:22:00+02:00", "size": 123},
        {"name": "evil", "url": "https://elsewhere.example/x", "size": 1},
        {"size": 3},
        7,
    ]
)

#: What h5ai answers to its script.
H5AI_JSON = json.dumps(
    {
        "items": [
            {"href": "/a%20b/", "time": 1527884520000, "size": None},
            {"href": "/a%20b/2018/", "time": 1527884520000, "size": None},
            {"href": "/a%20b/b%20c.fits", "time": 1527970920000, "size": 6291456},
            {"href": "/a%20b/d.fits", "time": 1527970920000, "size": 123},
        ]
    }
)


@pytest.mark.parametrize(
    "text", [APACHE, TABLE, NGINX, H5AI, NGINX_JSON, CADDY, H5AI_JSON], ids=range(7)
)
def test_every_server_lists_the_same(text: str) -> None:
    found = read_listing(FetchedPage("", text.encode()), URL)
    later = dt.datetime(2018, 6, 2, 20, 22)
    assert found[1:] == [
        ListedFile("b c.fits", f"{URL}b%20c.fits", False, later, 6 * 1024**2),
        ListedFile("d.fits", f"{URL}d.fits", False, later, 123),
    ]
    assert (found[0].name, found[0].url, found[0].is_directory) == ("2018", f"{URL}2018/", True)
    assert found[0].modified == dt.datetime(2018, 6, 1, 20, 22)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        # RFC 3339, asctime and seconds since 1970 beside what is no time, or of no year.
        ("2018-06-02t20:22:00z", dt.datetime(2018, 6, 2, 20, 22)),
        ("Sat Jun  2 20:22:00 2018", dt.datetime(2018, 6, 2, 20, 22)),
        (1527970920, dt.datetime(2018, 6, 2, 20, 22)),
        (1e300, None),
        (-1e31, None),
        ("0001-01-01T00:00:00+02:00", None),
        ("2018-W22-6", None),
        (True, None),
        ({}, None),
    ],
)
def test_a_time_that_is_none_says_nothing(time: object, expected: dt.datetime | None) -> None:
    text = json.dumps([{"name": "a.fits", "type": "file", "mtime": time, "size": 5}])
    (found,) = read_listing(FetchedPage("", text.encode()), URL)
    assert (found.name, found.modified) == ("a.fits", expected)


@pytest.mark.shared
def test_the_listing_of_i_lofar(samples: Path) -> None:
    base = "https://data.lofar.ie/2018/06/01/bst/kbt/rcu357_1beam/"
    page = FetchedPage("text/html", (samples / "lofar" / "ilofar_resp1.html").read_bytes())
    found = {entry.name: entry for entry in read_listing(page, base)}
    assert len(found) > 10
    assert all(not entry.is_directory for entry in found.values())
    one = found["20180601_100041_bst_00X.dat"]
    assert one.url == f"{base}20180601_100041_bst_00X.dat"
    assert (one.size, one.modified) == (6012160, dt.datetime(2018, 6, 1, 19, 22, 34))


@pytest.mark.parametrize("text", ["", "   ", "{}", '{"items": 3}', "[", "null"])
def test_what_lists_nothing_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_listing(FetchedPage("application/json" if text.strip() else "", text.encode()), URL)


@pytest.mark.parametrize(
    "link",
    [
        *(
            "/",
            "..",
            "../..",
            "?C=N",
            "#top",
            "//other.example/a%20b/x",
            "ftp://data.example/a%20b/x",
        ),
        *("javascript:alert(1)", "mailto:a@b", "./", "x/y", "../a%20c/x", "%2e%2e/", "a%0ab", ""),
    ],
)
def test_links_to_elsewhere_are_no_entries(link: str) -> None:
    page = f'<h1>Index of /a</h1><a href="{link}">x</a>'
    assert read_listing(FetchedPage("", page.encode()), URL) == []


def test_a_page_of_another_kind_is_no_empty_directory() -> None:
    page = b"<title>Please log in</title><a href='/login'>Log in</a><a href='/'>Home</a>"
    with pytest.raises(ValueError, match="another kind"):
        read_listing(FetchedPage("text/html", page), URL)
    parent = b'<title>files</title><a href="../">up</a>'
    assert read_listing(FetchedPage("text/html", parent), URL) == []


@dataclass
class Archive:
    """A server's pages by their paths, and how it misbehaves."""

    pages: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    base: str = ""

    def add(self, path: str, *names: str) -> None:
        """Add a page that lists names."""
        rows = (
            f'<a href="{name}">{name}</a>  2024-05-0{n + 1} 10:00  1K'
            for n, name in enumerate(names)
        )
        self.pages[path] = "<pre>" + "\n".join(rows) + "\n</pre>"


@pytest.fixture
def archive() -> Iterator[Archive]:
    held = Archive()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append(self.path)
            held.agents.add(self.headers["User-Agent"])
            status = 200 if self.path in held.pages else 404
            if self.path != "/robots.txt" and held.statuses:
                status = held.statuses.pop(0)
            body = held.pages.get(self.path, "").encode() if status == 200 else b"no"
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, form: str, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    held.base = f"http://127.0.0.1:{server.server_address[1]}"
    held.add("/data/", "2018/", "2019/", "readme.txt")
    held.add("/data/2018/", "01/", "a.fits")
    held.add("/data/2018/01/", "b.fits", "b.png", "c%20d.fits")
    held.add("/data/2019/", "e.fits")
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def read(
    archive: Archive, folder: Path, window: Window | None = None, **keys: object
) -> pl.DataFrame:
    values = {"kind": "httplist", "url": f"{archive.base}/data/", "pause": 0.0, **keys}
    path = folder / "source.toml"
    path.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items()))
    source = open_source(path, Order("modified", ("path",)))
    batches = list(source.batches(window or Window(), 2))
    archive.asked.append(describe_skipped(source))
    return pl.concat(batches) if batches else pl.DataFrame({"path": []})


def test_directories_are_gone_through_in_order(archive: Archive, tmp_path: Path) -> None:
    found = read(archive, tmp_path, files=["*.fits"])
    assert found["path"].to_list() == [
        "2018/01/b.fits",
        "2018/01/c d.fits",
        "2018/a.fits",
        "2019/e.fits",
    ]
    row = found.row(1, named=True)
    assert row["url"] == f"{archive.base}/data/2018/01/c%20d.fits"
    assert (row["file_size"], row["modified"]) == (1024, dt.datetime(2024, 5, 3, 10))
    (agent,) = archive.agents
    assert agent.startswith("epnkit/")


def test_directories_are_chosen(archive: Archive, tmp_path: Path) -> None:
    found = read(archive, tmp_path, directories=["2018/*"])
    assert found["path"].to_list()[:2] == ["2018/01/b.fits", "2018/01/b.png"]
    assert "/data/2019/" not in archive.asked
    assert read(archive, tmp_path, depth=2).height == 3


def test_a_window_keeps_what_changed(archive: Archive, tmp_path: Path) -> None:
    found = read(archive, tmp_path, Window(dt.datetime(2024, 5, 3)))
    assert found["path"].to_list() == ["2018/01/c d.fits", "readme.txt"]


def test_a_busy_server_is_asked_again(archive: Archive, tmp_path: Path) -> None:
    whole = read(archive, tmp_path)
    archive.statuses = [200, 503, 200, 429]
    assert read(archive, tmp_path).equals(whole)
    archive.statuses = [200] + [503] * 9
    with pytest.raises(TransientSourceError, match="503"):
        read(archive, tmp_path, attempts=2)


def test_a_directory_that_went_is_counted(archive: Archive, tmp_path: Path) -> None:
    del archive.pages["/data/2018/01/"]
    assert read(archive, tmp_path).height == 3
    assert archive.asked[-1] == "left out: 1 directories that went while the archive was read"


def test_what_robots_must_not_fetch_is_left_alone(archive: Archive, tmp_path: Path) -> None:
    archive.pages["/robots.txt"] = "User-agent: *\nDisallow: /data/2018/01/\n"
    assert read(archive, tmp_path)["path"].to_list() == ["2018/a.fits", "2019/e.fits", "readme.txt"]
    assert "/data/2018/01/" not in archive.asked
    assert read(archive, tmp_path, robots=False).height == 6


def test_a_first_page_that_lists_nothing_is_an_error(archive: Archive, tmp_path: Path) -> None:
    archive.pages["/data/"] = ""
    with pytest.raises(SourceError, match="lists no files"):
        read(archive, tmp_path)
    del archive.pages["/data/"]
    with pytest.raises(SourceError, match="404"):
        read(archive, tmp_path)


def test_another_cursor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "source.toml"
    path.write_text('kind = "httplist"\nurl = "http://127.0.0.1:9/"\n')
    with pytest.raises(ConfigurationError, match="no cursor 'size'"):
        open_source(path, Order("size", ("path",)))
