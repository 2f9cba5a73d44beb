"""Fetching files: several at a time, resumed where they were cut, and proven whole.

A file is written as ``NAME.part`` and gets its name when it is whole; its SHA-256 then goes to
``SHA256SUMS``, as ``sha256sum -c`` reads it.  A second run fetches what is missing or differs.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from epnkit.client.transfer import Transfer
from epnkit.errors import ConfigurationError, SourceError, TransientSourceError
from epnkit.sources.transport.retry import RetryPolicy, retry

#: Where the checksums of what was fetched are kept, in each directory.
SUMS: Final = "SHA256SUMS"

#: How often a file is tried: a server that restarts is back within a minute.
RETRY: Final = RetryPolicy()


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch.

    Parameters
    ----------
    url : str
        Where it is: HTTP or HTTPS.
    name : str
        Where it goes, below the directory.
    size : int, optional
        Its length in bytes.
    checksum : str, optional
        An algorithm of :mod:`hashlib` and a hash in hexadecimal: ``sha256:…``.
    """

    url: str
    name: str
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class Downloaded:
    """What became of a file.

    Parameters
    ----------
    file : RemoteFile
        The file.
    path : pathlib.Path
        Where it is, or would be.
    size : int
        How many bytes it has.
    checksum : str
        ``sha256:…``; empty if it is not there.
    state : {"fetched", "resumed", "present", "failed"}
        Whether it came now, from its start or from where it was cut, or was there already.
    problem : str, optional
        Why it is not there.
    """

    file: RemoteFile
    path: Path
    size: int = 0
    checksum: str = ""
    state: str = "failed"
    problem: str | None = None


@dataclass(frozen=True)
class FileProgress:
    """How far a file is.

    Parameters
    ----------
    file : RemoteFile
        The file.
    received : int
        The bytes that are there.
    size : int, optional
        All its bytes, if known.
    done : bool
        Whether it is finished, or given up.
    """

    file: RemoteFile
    received: int
    size: int | None = None
    done: bool = False


def ignore_progress(progress: FileProgress) -> None:
    """Take no notice of how far a file is."""


def download(
    files: Iterable[RemoteFile],
    directory: Path,
    *,
    workers: int = 4,
    progress: Callable[[FileProgress], None] = ignore_progress,
    retry_policy: RetryPolicy = RETRY,
) -> list[Downloaded]:
    """Fetch files into a directory; what is there already, and whole, is not fetched again.

    Parameters
    ----------
    files : iterable of RemoteFile
        The files.
    directory : pathlib.Path
        Where they go; it is created.
    workers : int
        How many are fetched at a time.
    progress : callable
        Is told of each step, from several threads, one at a time.
    retry_policy : RetryPolicy
        How often a file is tried again.

    Returns
    -------
    list of Downloaded
        One for each file, in their order; one that cannot be fetched stops no other.

    Raises
    ------
    ConfigurationError
        If a name leads out of the directory, or two files have one name.
    """
    listed = list(files)
    require_names(listed)
    directory.mkdir(parents=True, exist_ok=True)
    store = _Store(directory, progress, retry_policy)
    try:
        with ThreadPoolExecutor(max(1, workers)) as threads:
            return list(threads.map(store.fetch, listed))
    finally:
        store.sort_sums()


def require_names(files: list[RemoteFile]) -> None:
    """Check that each file has a place of its own below a directory.

    Raises
    ------
    ConfigurationError
        If it has not.
    """
    seen: set[str] = set()
    for file in files:
        parts = PurePosixPath(file.name).parts
        outside = not parts or file.name.startswith("/") or {"..", SUMS} & {*parts}
        if outside or "\\" in file.name or not file.name.isprintable():
            raise ConfigurationError(
                f"{file.name!r} cannot be the name of a file that is fetched",
                where=file.url,
                cure="Take another service: a list of files gives plain names.",
            )
        if file.name in seen:
            raise ConfigurationError(
                f"two files are called {file.name!r}",
                where=file.url,
                cure="Fetch them one after the other into different directories.",
            )
        seen.add(file.name)


@dataclass
class _Store:
    """A directory that files are fetched to."""

    directory: Path
    progress: Callable[[FileProgress], None]
    retry_policy: RetryPolicy
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _changed: bool = False

    def __post_init__(self) -> None:
        self._sums = dict(_read_sums(self.directory / SUMS))

    def fetch(self, file: RemoteFile) -> Downloaded:
        """Fetch one file, unless it is there."""
        path = self.directory / file.name
        try:
            found = self._find_present(file, path) or self._transfer(file, path)
        except (SourceError, OSError) as error:
            found = Downloaded(file, path, problem=str(error))
        self._report(FileProgress(file, found.size, found.size or file.size, done=True))
        return found

    def _find_present(self, file: RemoteFile, path: Path) -> Downloaded | None:
        if not path.is_file():
            return None
        size = path.stat().st_size
        if file.size not in (None, size):
            return None
        made = hash_file(path, "sha256")
        if made != self._sums.get(file.name, made):
            return None
        if file.checksum is not None and not is_whole(path, file.checksum):
            return None
        self._save_sum(file.name, made)
        return Downloaded(file, path, size, f"sha256:{made}", "present")

    def _transfer(self, file: RemoteFile, path: Path) -> Downloaded:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        transfer = Transfer(
            file.url,
            part,
            lambda received, size: self._report(FileProgress(file, received, size or file.size)),
            trusted=file.checksum is not None,
            read_timeout=self.retry_policy.read_timeout,
        )
        # A part that went wrong is thrown away, so that the next try begins at its start.
        retry(lambda: self._attempt(transfer, file, part), self.retry_policy)
        made = hash_file(part, "sha256")
        part.replace(path)
        transfer.forget()
        self._save_sum(file.name, made)
        state = "resumed" if transfer.resumed else "fetched"
        return Downloaded(file, path, path.stat().st_size, f"sha256:{made}", state)

    def _attempt(self, transfer: Transfer, file: RemoteFile, part: Path) -> None:
        digest = transfer.run()
        wanted = [each for each in (file.checksum, digest) if each]
        size = part.stat().st_size
        if file.size not in (None, size):
            raise _discard(transfer, file, f"it has {size} bytes instead of {file.size}")
        if not all(is_whole(part, each) for each in wanted):
            raise _discard(transfer, file, "its checksum differs")

    def _report(self, progress: FileProgress) -> None:
        with self._lock:
            self.progress(progress)

    def _save_sum(self, name: str, made: str) -> None:
        with self._lock:
            if self._sums.get(name) == made:
                return
            self._sums[name] = made
            self._changed = True
            # Added, not written anew, which takes its time for 100,000 files; the last line counts.
            with (self.directory / SUMS).open("a", encoding="utf-8") as stream:
                stream.write(f"{made}  {name}\n")

    def sort_sums(self) -> None:
        """Write the checksums again, sorted and each once, as ``sha256sum -c`` reads them."""
        if not self._changed:
            return
        lines = "".join(f"{value}  {each}\n" for each, value in sorted(self._sums.items()))
        new = self.directory / f"{SUMS}.new"
        new.write_text(lines, encoding="utf-8")
        new.replace(self.directory / SUMS)


def _discard(transfer: Transfer, file: RemoteFile, why: str) -> TransientSourceError:
    """Throw away what came, and return the error that says so."""
    transfer.part.unlink(missing_ok=True)
    transfer.forget()
    return TransientSourceError(
        "what came is not the file",
        where=file.url,
        why=why,
        cure="Run it again; if it stays so, tell whoever runs the archive.",
    )


def _read_sums(path: Path) -> Iterator[tuple[str, str]]:
    """Read the checksums of earlier runs; lines of another form are left out."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for line in text.splitlines():
        made, _, name = line.partition("  ")
        if len(made) == 64 and name:
            yield name, made


def hash_file(path: Path, algorithm: str) -> str:
    """Hash a file, in hexadecimal.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    algorithm : str
        One of :data:`hashlib.algorithms_available`.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def is_whole(path: Path, checksum: str) -> bool:
    """Return whether a file has a checksum, given as ``sha256:…``.

    Raises
    ------
    SourceError
        If the algorithm is unknown.
    """
    algorithm, _, wanted = checksum.partition(":")
    if algorithm not in hashlib.algorithms_available or not wanted:
        raise SourceError(
            f"{checksum!r} is no checksum", where=str(path), cure="Write sha256:… in hexadecimal."
        )
    return hash_file(path, algorithm) == wanted.strip().lower()
