"""Checksums of files: of this machine, of an archive, and of what is not the file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.support.answers import answer

from epnkit.regards.checksums import Checksums, NoChecksumError

CONTENT = b"SIMPLE  =                    T"


@pytest.mark.parametrize("address", ["https://x.example/data", "https://x.example/data/"])
def test_a_file_of_the_archive_is_read_here(tmp_path: Path, address: str) -> None:
    (tmp_path / "a.fits").write_bytes(CONTENT)
    found = Checksums({address: tmp_path}).compute("https://x.example/data/a.fits")
    assert found.md5 == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert found.size == len(CONTENT)


@pytest.mark.parametrize(
    "url", ["https://x.example/database/a.fits", "https://x.example/data/../b"]
)
def test_what_is_not_below_the_archive_is_not_read(tmp_path: Path, url: str) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "a.fits").write_bytes(CONTENT)
    (tmp_path / "b").write_bytes(CONTENT)
    with pytest.raises(NoChecksumError, match="not on this machine"):
        Checksums({"https://x.example/data": tmp_path / "base"}).compute(url)


def test_a_file_is_fetched() -> None:
    with answer(b"Content-Length: %d" % len(CONTENT), CONTENT) as url:
        assert Checksums(fetch=True).compute(f"{url}/a.fits").size == len(CONTENT)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"Content-Length: 1000", "30 of 1000 bytes|cannot be fetched"),
        (b"Content-Type: text/html", "a page instead of the file"),
        (b"Content-Encoding: gzip", "another encoding"),
    ],
)
def test_what_is_not_the_file_has_no_checksum(head: bytes, why: str) -> None:
    with answer(head, CONTENT) as url, pytest.raises(NoChecksumError, match=why):
        Checksums(fetch=True).compute(f"{url}/a.fits.gz")
