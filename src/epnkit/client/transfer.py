"""One file over HTTP, from its beginning or from where an earlier transfer of it was cut."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import requests

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.transport.http import CONNECT_TIMEOUT
from epnkit.sources.transport.retry import RetryLaterError

_CHUNK: Final = 256 * 1024

#: What may pass by itself (RFC 9110, section 15; RFC 6585, section 4).
_TRANSIENT: Final = {408, 425, 429, 500, 502, 503, 504}

#: Headers with a hash of the whole file: RFC 9530, the RFC 3230 before it, and RFC 2616.
_DIGESTS: Final = (
    ("Repr-Digest", re.compile(r"(sha-256|sha-512)=:([A-Za-z0-9+/=]+):")),
    ("Digest", re.compile(r"(sha-256|sha-512|md5)=([A-Za-z0-9+/=]+)", re.IGNORECASE)),
    ("Content-MD5", re.compile(r"()([A-Za-z0-9+/=]{24})")),
)

_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass
class Transfer:
    """The transfer of one file to a part, which may be there already.

    A part is continued if the file is still the same: the server's ETag or time is kept in a file
    next to it. Without one it is continued only if the whole will be proven by a checksum.

    Parameters
    ----------
    url : str
        Where the file is.
    part : pathlib.Path
        Where it goes.
    report : callable
        Is told how many bytes are there, and of how many.
    trusted : bool
        Whether the whole will be proven by a checksum.
    read_timeout : float
        How many seconds the server may send nothing.
    """

    url: str
    part: Path
    report: Callable[[int, int | None], None]
    trusted: bool = False
    read_timeout: float = 120.0
    resumed: bool = field(default=False, init=False)

    def run(self) -> str | None:
        """Fetch what is missing.

        Returns
        -------
        str, optional
            The hash that the server gives of the whole file, as ``sha256:…``.

        Raises
        ------
        TransientSourceError
            If trying again may help: it goes on where this ended.
        SourceError
            If the server refuses, or sends a page instead of a file.
        """
        if not self.url.startswith(("http://", "https://")):
            raise SourceError(
                "it cannot be fetched",
                where=self.url,
                why="its address is none of HTTP",
                cure="Fetch it by the means of the archive.",
            )
        try:
            with requests.get(
                self.url,
                headers=self._headers(),
                stream=True,
                timeout=(CONNECT_TIMEOUT, self.read_timeout),
            ) as answer:
                self._require_ok(answer)
                return self._write(answer)
        except (requests.RequestException, OSError) as error:
            raise _as_error(error, self.url) from error

    def forget(self) -> None:
        """Remove what was kept in order to continue."""
        self._validator_file.unlink(missing_ok=True)

    @property
    def _validator_file(self) -> Path:
        return self.part.with_name(f"{self.part.name}.validator")

    @property
    def _start(self) -> int:
        """How many bytes are there that can be continued."""
        known = self._validator_file.is_file() or self.trusted
        return self.part.stat().st_size if known and self.part.is_file() else 0

    def _headers(self) -> dict[str, str]:
        # What is compressed on the way has neither a length nor a place to continue at.
        headers = {"Accept-Encoding": "identity"}
        if self._start:
            headers["Range"] = f"bytes={self._start}-"
            if self._validator_file.is_file():
                headers["If-Range"] = self._validator_file.read_text(encoding="latin-1")
        return headers

    def _require_ok(self, answer: requests.Response) -> None:
        if answer.status_code == 416:  # the part is longer than the file: another file
            self.part.unlink(missing_ok=True)
            raise _transient(self.url, "the file is shorter than what is there of it")
        if answer.status_code in _TRANSIENT:
            error = _transient(self.url, f"the server answers {answer.status_code}")
            pause = answer.headers.get("Retry-After", "")
            raise RetryLaterError(error, float(pause)) if pause.isdigit() else error
        if answer.status_code not in {200, 206}:
            raise SourceError(
                "it cannot be fetched",
                where=self.url,
                why=f"the server answers {answer.status_code}",
                cure="Ask whoever runs the archive, or log in there.",
            )
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/html") and not self.part.name.endswith(
            (".html.part", ".htm.part")
        ):
            raise SourceError(
                "a page comes instead of the file",
                where=self.url,
                cure="Look at the page in a browser: it may ask for a login.",
            )

    def _write(self, answer: requests.Response) -> str | None:
        start, size = self._place(answer)
        self.resumed = self.resumed or start > 0
        self._keep_validator(answer)
        with self.part.open("r+b" if start else "wb") as stream:
            stream.seek(start)
            stream.truncate()
            self.report(start, size)
            # What came of an answer that breaks off is kept: its length is compared below.
            answer.raw.enforce_content_length = False
            for chunk in answer.iter_content(_CHUNK):
                stream.write(chunk)
                self.report(stream.tell(), size)
            received = stream.tell()
        if size is not None and received != size:
            raise _transient(self.url, f"{received} of {size} bytes came")
        return read_digest(answer)

    def _place(self, answer: requests.Response) -> tuple[int, int | None]:
        """Return where the answer begins in the file, and how long the file is, if it says so."""
        if answer.status_code == 206:
            found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if not found or int(found[1]) != self._start:
                self.part.unlink(missing_ok=True)
                raise _transient(self.url, "the server sends another range than was asked for")
            return int(found[1]), None if found[3] == "*" else int(found[3])
        length = answer.headers.get("Content-Length", "")
        plain = answer.headers.get("Content-Encoding", "identity") == "identity"
        return 0, int(length) if length.isdigit() and plain else None

    def _keep_validator(self, answer: requests.Response) -> None:
        """Keep what says that a file is the same; a weak ETag does not (RFC 9110, 13.1.5)."""
        tag = answer.headers.get("ETag", "")
        found = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
        if found:
            self._validator_file.write_text(found, encoding="latin-1")
        else:
            self.forget()


def read_digest(answer: requests.Response) -> str | None:
    """Return the hash of the whole file that an answer gives, as ``sha256:…``.

    Parameters
    ----------
    answer : requests.Response
        The answer.
    """
    for header, pattern in _DIGESTS:
        found = pattern.search(answer.headers.get(header, ""))
        if found:
            algorithm = found[1].lower().replace("-", "") or "md5"
            try:
                return f"{algorithm}:{base64.b64decode(found[2], validate=True).hex()}"
            except binascii.Error:
                return None
    return None


def _transient(url: str, why: str) -> TransientSourceError:
    return TransientSourceError(
        "it does not come whole", where=url, why=why, cure="Run it again: it goes on from there."
    )


def _as_error(error: Exception, url: str) -> SourceError:
    if isinstance(error, requests.RequestException):
        return _transient(url, type(error).__name__)
    return SourceError(
        "it cannot be written",
        where=url,
        why=str(error),
        cure="Make room, or choose another place.",
    )
