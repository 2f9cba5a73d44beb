"""JSON over HTTP: what may be tried again, what not, and never a password in a message."""

from __future__ import annotations

import base64
import email.utils
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import orjson
import requests

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.config.credentials import Secret
from epnkit.sources.transport.retry import RetryLaterError
from epnkit.sources.values.documents import parse_json

#: How long a connection may take, in seconds.
CONNECT_TIMEOUT = 10.0

#: What passes by itself (RFC 9110 section 15, RFC 6585 section 4).
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}

_CURES = {
    400: "Correct the query in the source file",
    401: "Correct the user, password or key in the credential",
    403: "Ask the server's administrator for the right to read",
    404: "Correct the address, the index or the collection",
    422: "Correct the query in the source file",
}


#: How much of an answer is taken at a time, in bytes: a page of records is one or a few.
_CHUNK = 4 * 1024 * 1024


class MissingError(SourceError):
    """The server answers that there is no such thing (404); a read context may have expired."""


@dataclass(frozen=True)
class FetchedPage:
    """What came of an address.

    Parameters
    ----------
    kind : str
        Its media type, as the server gives it.
    content : bytes
        The whole of it.
    modified : str
        When it was last changed, as the server writes it; empty if it does not say it.
    """

    kind: str
    content: bytes
    modified: str = ""


@dataclass(frozen=True)
class _Answer:
    """An answer that came whole."""

    head: requests.Response
    content: bytes


@dataclass
class HttpClient:
    """A server that answers JSON.

    Parameters
    ----------
    secret : Secret
        Its base URL, perhaps with user and password, or followed by ``ApiKey ...`` or
        ``Bearer ...``.
    authority : pathlib.Path, optional
        Certificates of the authority that signed the server's, in PEM.
    read_timeout : float
        How many seconds it may send nothing.
    agent : str
        By what name it is asked; by default by that of the library.
    """

    secret: Secret
    authority: Path | None = None
    read_timeout: float = 120.0
    agent: str = ""
    _session: requests.Session = field(init=False, repr=False)

    def __post_init__(self) -> None:
        text, _, authorization = self.secret.reveal().partition(" ")
        parts = urlsplit(text)
        self.base = urlunsplit(
            (parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", "")
        )
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(self.authority) if self.authority else True
        self._session.headers["Accept"] = "application/json"
        if self.agent:
            self._session.headers["User-Agent"] = self.agent
        # Compressing pages costs both sides more than it saves, and hides a cut (_refuse_cut).
        self._session.headers["Accept-Encoding"] = "identity"
        header = authorization.strip() or _basic_authorization(parts.username, parts.password)
        if header:
            self._session.headers["Authorization"] = header

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Any:
        """Send a request, and read the JSON of its answer.

        Parameters
        ----------
        method : str
            GET, POST or DELETE.
        path : str
            What follows the base URL.
        body : object, optional
            Sent as JSON.
        parameters : mapping, optional
            The query string.

        Raises
        ------
        TransientSourceError
            If trying again may help: no connection, 429, 5xx, a cut answer.
        SourceError
            If it won't: wrong certificate, 4xx, something else than JSON.
        """
        where = self.address(path)
        answer = self._execute(method, path, body, parameters)
        return self._read_json(answer, where)

    def fetch(self, path: str, most: int | None = None) -> FetchedPage:
        """Fetch what is at an address, whatever it is.

        Parameters
        ----------
        path : str
            What follows the base URL.
        most : int, optional
            The most bytes that are taken.

        Raises
        ------
        TransientSourceError
            If trying again may help, as for :meth:`request`.
        SourceError
            If it won't, or if it is larger.
        """
        accept = "text/html, application/json, */*"
        answer = self._execute("GET", path, None, None, accept, most)
        where = self.address(path)
        self._refuse_status(answer, where)
        self._refuse_cut(answer, where)
        headers = answer.head.headers
        kind, modified = headers.get("Content-Type", ""), headers.get("Last-Modified", "")
        return FetchedPage(kind, answer.content, modified)

    def _execute(
        self,
        method: str,
        path: str,
        body: object,
        parameters: Mapping[str, str | int] | None,
        accept: str | None = None,
        most: int | None = None,
    ) -> _Answer:
        where = self.address(path)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers |= {"Accept": accept} if accept else {}
        try:
            with self._session.request(
                method,
                self.base + path,
                params=dict(parameters or {}),
                headers=headers,
                data=None if body is None else orjson.dumps(body),
                timeout=(min(CONNECT_TIMEOUT, self.read_timeout), self.read_timeout),
                allow_redirects=method == "GET",
                stream=True,
            ) as response:
                return _Answer(response, _read_content(response, most, where))
        except requests.RequestException as error:
            raise self._connection_error(error, where) from None

    def address(self, path: str = "") -> str:
        """Name an address for messages, without its password and query string."""
        return self.secret.scrub(self.base + path.partition("?")[0])

    def close(self) -> None:
        """End the connections."""
        self._session.close()

    def _connection_error(self, error: requests.RequestException, where: str) -> SourceError:
        why = self.secret.scrub(" ".join(str(error).split()))[:300]
        if isinstance(error, requests.exceptions.SSLError) and "certificate" in why.lower():
            return SourceError(
                "the server's certificate cannot be trusted",
                where=where,
                why=why,
                cure='Name the authority\'s certificates in the source file: authority = "ca.pem"',
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
            return SourceError(
                "the address is not valid", where=where, cure="Correct the credential"
            )
        return TransientSourceError(
            "the server does not answer",
            where=where,
            why=why,
            cure="See that it runs and that the address in the credential is right",
        )

    def _read_json(self, answer: _Answer, where: str) -> Any:
        self._refuse_status(answer, where)
        self._refuse_cut(answer, where)
        try:
            return parse_json(answer.content)
        except ValueError as error:
            raise self._not_json_error(answer, where, str(error)) from None

    def _refuse_status(self, answer: _Answer, where: str) -> None:
        status = answer.head.status_code
        if status < 300:
            return
        what = f"the server answers {status} {answer.head.reason}"
        why = self.secret.scrub(_excerpt(answer))
        if status in TRANSIENT:
            transient = TransientSourceError(what, where=where, why=why, cure="Try again later")
            pause = parse_retry_after(answer.head.headers.get("Retry-After"))
            raise transient if pause is None else RetryLaterError(transient, pause)
        kind = MissingError if status == 404 else SourceError
        raise kind(
            what, where=where, why=why, cure=_CURES.get(status, "Ask the server's administrator")
        )

    def _refuse_cut(self, answer: _Answer, where: str) -> None:
        """Refuse an answer that is shorter than the server said."""
        announced = answer.head.headers.get("Content-Length")
        encoded = answer.head.headers.get("Content-Encoding")
        if encoded or not (announced and announced.isdigit()):
            return
        if int(announced) != len(answer.content):
            raise TransientSourceError(
                "the answer is cut off",
                where=where,
                why=f"{len(answer.content)} of {announced} bytes came",
                cure="Try again; if it stays so, look for a proxy or a limit in between",
            )

    def _not_json_error(self, answer: _Answer, where: str, why: str) -> SourceError:
        """Distinguish a web page (a proxy's, or a login's) from an answer that was cut off."""
        kind = answer.head.headers.get("Content-Type", "")
        if "json" in kind or answer.content[:1] in (b"{", b"["):
            return TransientSourceError(
                "the answer is cut off or broken",
                where=where,
                why=why,
                cure="Try again; if it happens again, look into the server's log.",
            )
        return SourceError(
            "the server answers no JSON",
            where=where,
            why=f"{kind or 'something'}: {self.secret.scrub(_excerpt(answer))}",
            cure="See that the address is the service's own, not a login or maintenance page",
        )


def _read_content(response: requests.Response, most: int | None, where: str) -> bytes:
    """Read an answer whole, unless it is larger than it may be."""
    found = bytearray()
    for chunk in response.iter_content(_CHUNK):
        found += chunk
        if most is not None and len(found) > most:
            raise SourceError(
                f"the answer is larger than {most} bytes",
                where=where,
                cure="See that the address is that of a document; a large one has to be divided",
            )
    return bytes(found)


def parse_retry_after(value: str | None) -> float | None:
    """Read ``Retry-After``: seconds, or a date (RFC 9110 section 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _basic_authorization(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _excerpt(answer: _Answer) -> str:
    """Return the start of an answer's text, without the marks of a web page."""
    text = answer.content[:3000].decode("utf-8", errors="replace")
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())[:300]
