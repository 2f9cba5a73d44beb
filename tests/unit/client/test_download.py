"""Fetching files from a server that cuts, changes, refuses and lies."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from epnkit.client.download import FileProgress, RemoteFile, download
from epnkit.errors import ConfigurationError
from epnkit.sources.transport.retry import RetryPolicy

CONTENT = bytes(range(256)) * 4000
SUM = hashlib.sha256(CONTENT).hexdigest()

#: Tries again at once.
QUICK = RetryPolicy(attempts=3, first=0.0, read_timeout=5)


@dataclass
class Archive:
    """What a server holds, and how it misbehaves."""

    content: bytes = CONTENT
    #: After how many bytes of an answer the connection is cut; one for each request.
    cuts: list[int] = field(default_factory=list)
    #: The statuses of the first requests.
    statuses: list[int] = field(default_factory=list)
    tag: str = '"one"'
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    base: str = ""


@pytest.fixture
def archive() -> Iterator[Archive]:
    held = Archive()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            held.asked.append(wanted)
            if held.statuses and (status := held.statuses.pop(0)) != 200:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            same = self.headers.get("If-Range", held.tag) == held.tag
            start = int(wanted[6:-1]) if wanted and held.ranges and same else 0
            if start > len(held.content):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                whole = len(held.content)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.send_header("Content-Length", str(len(held.content) - start))
            if held.tag:
                self.send_header("ETag", held.tag)
            for name, value in held.headers.items():
                self.send_header(name, value)
            self.end_headers()
            body = held.content[start:]
            self.wfile.write(body[: held.cuts.pop(0)] if held.cuts else body)
            self.close_connection = True

        def log_message(self, form: str, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    held.base = f"http://127.0.0.1:{server.server_address[1]}"
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def file_of(archive: Archive, name: str = "a.bin", **more: Any) -> RemoteFile:
    return RemoteFile(f"{archive.base}/{name}", name, **more)


def fetch(archive: Archive, directory: Path, **more: Any) -> tuple[str, str | None]:
    (found,) = download([file_of(archive, **more)], directory, retry_policy=QUICK)
    return found.state, found.problem


def test_files_are_fetched_and_their_sums_kept(archive: Archive, tmp_path: Path) -> None:
    steps: list[FileProgress] = []
    files = [file_of(archive, f"{n}.bin") for n in range(6)]
    found = download(files, tmp_path / "new", progress=steps.append)
    assert [each.state for each in found] == ["fetched"] * 6
    assert {each.checksum for each in found} == {f"sha256:{SUM}"}
    lines = (tmp_path / "new" / "SHA256SUMS").read_text().splitlines()
    assert lines == [f"{SUM}  {n}.bin" for n in range(6)]
    assert {step.received for step in steps if step.done} == {len(CONTENT)}
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "SHA256SUMS",
        *(f"{n}.bin" for n in range(6)),
    }


def test_what_is_there_is_not_fetched_again(archive: Archive, tmp_path: Path) -> None:
    fetch(archive, tmp_path)
    assert fetch(archive, tmp_path, checksum=f"sha256:{SUM}") == ("present", None)
    assert len(archive.asked) == 1


def test_what_was_changed_here_is_fetched_again(archive: Archive, tmp_path: Path) -> None:
    fetch(archive, tmp_path)
    (tmp_path / "a.bin").write_bytes(CONTENT[:-1] + b"x")
    assert fetch(archive, tmp_path) == ("fetched", None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_cut_transfer_goes_on_where_it_was(archive: Archive, tmp_path: Path) -> None:
    archive.cuts = [300_000, 400_000]
    assert fetch(archive, tmp_path) == ("resumed", None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert archive.asked == ["", "bytes=300000-", "bytes=700000-"]


def test_another_run_goes_on_where_the_last_gave_up(archive: Archive, tmp_path: Path) -> None:
    archive.cuts = [1000, 1000, 1000]
    state, problem = fetch(archive, tmp_path)
    assert state == "failed"
    assert problem is not None
    assert "3000 of 1024000 bytes came" in problem
    assert not (tmp_path / "a.bin").exists()
    assert fetch(archive, tmp_path) == ("resumed", None)
    assert archive.asked[-1] == "bytes=3000-"


def test_another_version_begins_at_its_start(archive: Archive, tmp_path: Path) -> None:
    archive.cuts = [1000, 1000, 1000]
    fetch(archive, tmp_path)
    archive.tag, archive.content = '"two"', CONTENT[::-1]
    fetch(archive, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("ranges", [True, False])
def test_without_a_tag_a_part_is_not_continued(
    archive: Archive, tmp_path: Path, ranges: bool
) -> None:
    archive.tag, archive.cuts, archive.ranges = "", [1000], ranges
    assert fetch(archive, tmp_path) == ("fetched", None)
    assert archive.asked == ["", ""]


def test_with_a_checksum_a_part_is_continued_without_a_tag(
    archive: Archive, tmp_path: Path
) -> None:
    archive.tag, archive.cuts = "", [1000]
    assert fetch(archive, tmp_path, checksum=f"sha256:{SUM}") == ("resumed", None)


def test_a_part_that_is_too_long_is_thrown_away(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(CONTENT * 2)
    (tmp_path / "a.bin.part.validator").write_text('"one"')
    assert fetch(archive, tmp_path) == ("fetched", None)


@pytest.mark.parametrize(
    "more", [{"checksum": "sha256:" + "0" * 64}, {"checksum": "md5:00"}, {"size": 5}]
)
def test_what_is_not_the_file_is_not_kept(
    archive: Archive, tmp_path: Path, more: dict[str, object]
) -> None:
    state, problem = fetch(archive, tmp_path, **more)
    assert state == "failed"
    assert problem is not None
    assert "what came is not the file" in problem
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "form", "algorithm"),
    [
        ("Repr-Digest", "sha-256=:{}:", "sha256"),
        ("Digest", "SHA-256={}", "sha256"),
        ("Content-MD5", "{}", "md5"),
    ],
)
def test_the_hash_that_a_server_gives_is_compared(
    archive: Archive, tmp_path: Path, name: str, form: str, algorithm: str
) -> None:
    good = base64.b64encode(hashlib.new(algorithm, CONTENT).digest()).decode()
    archive.headers = {name: form.format(good)}
    assert fetch(archive, tmp_path) == ("fetched", None)
    bad = base64.b64encode(hashlib.new(algorithm, b"").digest()).decode()
    archive.headers = {name: form.format(bad)}
    (tmp_path / "a.bin").unlink()
    assert fetch(archive, tmp_path)[0] == "failed"


def test_a_busy_server_is_asked_again_another_refusal_not(archive: Archive, tmp_path: Path) -> None:
    archive.statuses = [503, 429]
    assert fetch(archive, tmp_path) == ("fetched", None)
    archive.statuses, archive.asked = [403], []
    (tmp_path / "a.bin").unlink()
    state, problem = fetch(archive, tmp_path)
    assert (state, len(archive.asked)) == ("failed", 1)
    assert "403" in str(problem)


def test_a_page_is_no_file(archive: Archive, tmp_path: Path) -> None:
    archive.headers = {"Content-Type": "text/html; charset=utf-8"}
    state, problem = fetch(archive, tmp_path)
    assert state == "failed"
    assert "a page comes instead" in str(problem)


def test_one_that_fails_stops_no_other(archive: Archive, tmp_path: Path) -> None:
    lost = RemoteFile("ftp://127.0.0.1/x", "x")
    found = download([lost, file_of(archive)], tmp_path, retry_policy=QUICK)
    assert [each.state for each in found] == ["failed", "fetched"]


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "", ".", "SHA256SUMS", "a\\b", "a\nb"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        download([RemoteFile("http://127.0.0.1/a", name)], tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="two files"):
        download([RemoteFile("http://a/1", "a"), RemoteFile("http://a/2", "a")], tmp_path)
