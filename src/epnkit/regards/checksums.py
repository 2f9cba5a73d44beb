"""Checksums of the files of granules: REGARDS takes no file without its MD5."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import requests

#: How much of a file is read at a time, in bytes.
_CHUNK = 1024 * 1024

#: Seconds that a server may take to connect, and between two pieces of a file.
_TIMEOUT = (10.0, 60.0)


#: The bytes of the file, not compressed on the way.
_AS_IT_IS = {"Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Checksum:
    """The MD5 of a file, in hexadecimal, and its length in bytes if it is known."""

    md5: str
    size: int | None


class NoChecksumError(Exception):
    """The checksum of a file cannot be known; the text says why."""


@dataclass
class Checksums:
    """Computes checksums of files that are on this machine, or fetched.

    Parameters
    ----------
    archives : dict of str to pathlib.Path
        Where the files under an address are on this machine.
    fetch : bool
        Whether others are read over HTTP.
    """

    archives: Mapping[str, Path] = field(default_factory=dict)
    fetch: bool = False
    _session: requests.Session = field(default_factory=requests.Session, init=False, repr=False)

    def compute(self, url: str) -> Checksum:
        """Compute the checksum of the file at an address.

        Raises
        ------
        NoChecksumError
            If the file cannot be read.
        """
        path = self._locate(url)
        if path is not None:
            return _read_file(path)
        if self.fetch and url.startswith(("http://", "https://")):
            return self._read_url(url)
        raise NoChecksumError("it has no access_md5, and its file is not on this machine")

    def _locate(self, url: str) -> Path | None:
        for address, directory in self.archives.items():
            base = address.rstrip("/") + "/"
            if url.startswith(base):
                root = directory.resolve()
                path = (root / unquote(url[len(base) :].partition("?")[0])).resolve()
                if path.is_relative_to(root):
                    return path
        return None

    def _read_url(self, url: str) -> Checksum:
        digest, size = hashlib.md5(usedforsecurity=False), 0
        try:
            with self._session.get(url, stream=True, timeout=_TIMEOUT, headers=_AS_IT_IS) as answer:
                answer.raise_for_status()
                _refuse_others(answer, url)
                for chunk in answer.iter_content(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                _refuse_cut(answer, size)
        except requests.RequestException as error:
            raise NoChecksumError(f"its file cannot be fetched: {type(error).__name__}") from None
        return Checksum(digest.hexdigest(), size)


def _refuse_others(answer: requests.Response, url: str) -> None:
    """Refuse what is not the file's own bytes: a login page, an encoding that requests undoes."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise NoChecksumError("its server sends the file in another encoding")
    page = answer.headers.get("Content-Type", "").startswith("text/html")
    if page and not url.partition("?")[0].endswith((".html", ".htm")):
        raise NoChecksumError("its server sends a page instead of the file")


def _refuse_cut(answer: requests.Response, size: int) -> None:
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) != size:
        raise NoChecksumError(f"its server sent {size} of {announced} bytes")


def _read_file(path: Path) -> Checksum:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(
                file, lambda: hashlib.md5(usedforsecurity=False)
            ).hexdigest()
        return Checksum(digest, path.stat().st_size)
    except OSError as error:
        raise NoChecksumError(f"its file cannot be read: {error.strerror}") from None
