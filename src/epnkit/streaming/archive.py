"""Where files are: in a directory of the archive, or at an address and then in a bounded cache."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from epnkit.errors import TransientSourceError

#: Seconds until a connection is made, and between two parts of an answer.
_TIMEOUT = (10.0, 60.0)

_CHUNK = 1024**2


class FileUnavailableError(TransientSourceError):
    """The file of a granule cannot be had."""


@dataclass
class FileStore:
    """Finds the files of granules by their access_url.

    Parameters
    ----------
    directories : dict of str to pathlib.Path
        Where the files under an address lie on this machine, such as
        ``{"https://a.example/": Path("/a")}``.
    cache : pathlib.Path
        The directory of files that were fetched.
    limit : int
        How many bytes it may hold; the files that were used longest ago are deleted.
    """

    directories: Mapping[str, Path]
    cache: Path
    limit: int = 10 * 1024**3
    _locks: dict[str, Lock] = field(default_factory=dict, init=False, repr=False)
    _roots: dict[Path, str] = field(default_factory=dict, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def locate(self, url: str) -> Path | None:
        """Return where a file lies on this machine; None if it has to be fetched.

        Raises
        ------
        FileUnavailableError
            If the address leads out of the archive's directory.
        """
        for address, directory in self.directories.items():
            if url.startswith(address):
                root = self._resolve_once(directory)
                name = unquote(url[len(address) :].partition("?")[0])
                path = os.path.realpath(f"{root}/{name}")
                if not path.startswith(f"{root}/"):
                    raise _unavailable(url, "it leads out of the directory of the archive")
                return Path(path)
        return None

    def _resolve_once(self, directory: Path) -> str:
        """Return the path of a directory without links; views of a year ask hundreds of times."""
        if directory not in self._roots:
            self._roots[directory] = os.path.realpath(directory)
        return self._roots[directory]

    def describe(self, url: str) -> str:
        """Return what changes when a file does, as far as it can be seen without fetching it."""
        path = self.locate(url)
        try:
            seen = path.stat() if path else None
        except OSError:
            seen = None
        if seen is None:
            return ""
        return f"{seen.st_mtime_ns}-{seen.st_size}"

    @contextmanager
    def open(self, url: str) -> Iterator[Path]:
        """Give the path of a file, which is there as long as the context lasts.

        Raises
        ------
        FileUnavailableError
            If there is none.
        """
        path = self.locate(url)
        if path is None:
            with self._fetch(url) as fetched:
                yield fetched
        elif path.is_file():
            yield path
        else:
            raise _unavailable(url, "it is not in the directory of the archive")

    @contextmanager
    def _fetch(self, url: str) -> Iterator[Path]:
        """Fetch a file unless the cache has it; a hard link keeps it while it is read."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise _unavailable(url, "only http and https are fetched")
        name = hashlib.sha256(url.encode()).hexdigest()
        with self._lock:
            lock = self._locks.setdefault(name, Lock())
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="use-", dir=self.cache) as directory:
            held = Path(directory) / (Path(urlsplit(url).path).name or "file")
            with lock:
                self._update(url, self.cache / name)
                os.link(self.cache / name, held)
            self._shrink()
            yield held

    def _update(self, url: str, path: Path) -> None:
        """Ask the server for the file, unless it has not changed since it was fetched."""
        tag = path.with_suffix(".etag")
        known = tag.read_text() if tag.exists() and path.exists() else ""
        headers = {"If-None-Match": known} if known else {}
        try:
            with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
                if answer.status_code == 304:
                    os.utime(path)
                    return
                answer.raise_for_status()
                self._write(answer, path)
        except requests.RequestException as error:
            raise _unavailable(url, type(error).__name__) from error
        tag.write_text(answer.headers.get("ETag", ""))

    def _write(self, answer: Any, path: Path) -> None:
        size = 0
        with tempfile.NamedTemporaryFile(dir=self.cache, delete=False) as part:
            try:
                for chunk in answer.iter_content(_CHUNK):
                    size += len(chunk)
                    if size > self.limit:
                        raise requests.exceptions.ContentDecodingError("larger than the cache")
                    part.write(chunk)
            except requests.RequestException:
                Path(part.name).unlink()
                raise
        Path(part.name).replace(path)

    def _shrink(self) -> None:
        """Delete the files that were used longest ago, until the cache is within its limit."""
        with self._lock:
            files = [path for path in self.cache.iterdir() if path.is_file()]
            seen = sorted(
                ((path.stat(), path) for path in files), key=lambda each: each[0].st_mtime
            )
            total = sum(each.st_size for each, _ in seen)
            for each, path in seen:
                if total <= self.limit:
                    return
                path.unlink(missing_ok=True)
                total -= each.st_size


def _unavailable(url: str, why: str) -> FileUnavailableError:
    return FileUnavailableError(
        "the file of a granule cannot be had",
        where=url,
        why=why,
        cure="Restore the file, or load the service again so that its granule goes.",
    )
