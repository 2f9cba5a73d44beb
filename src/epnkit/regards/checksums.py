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
            if url.startswith(address):
                root = directory.resolve()
                path = (root / unquote(url[len(address) :].partition("?")[0])).resolve()
                if path.is_relative_to(root):
                    return path
        return None

    def _read_url(self, url: str) -> Checksum:
        digest, size = hashlib.md5(usedforsecurity=False), 0
        try:
            with self._session.get(url, stream=True, timeout=_TIMEOUT) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_content(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
        except requests.RequestException as error:
            raise NoChecksumError(f"its file cannot be fetched: {type(error).__name__}") from None
        return Checksum(digest.hexdigest(), size)


def _read_file(path: Path) -> Checksum:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(
                file, lambda: hashlib.md5(usedforsecurity=False)
            ).hexdigest()
        return Checksum(digest, path.stat().st_size)
    except OSError as error:
        raise NoChecksumError(f"its file cannot be read: {error.strerror}") from None
