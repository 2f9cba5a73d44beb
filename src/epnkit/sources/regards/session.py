"""A session with a REGARDS archive: a token by OAuth, asked for again before it expires.

The way is that of REGARDS's authentication guide (https://regardsoss.github.io): a password grant
at ``rs-authentication/oauth/token`` whose scope is the project, by the public client
``client:secret``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from epnkit.errors import ConfigurationError, SourceError, TransientSourceError
from epnkit.sources.config.credentials import Secret
from epnkit.sources.transport.http import CONNECT_TIMEOUT, TRANSIENT, HttpClient, parse_retry_after
from epnkit.sources.transport.retry import RetryLaterError

#: Where tokens are given.
TOKEN_PATH = "/api/v1/rs-authentication/oauth/token"  # noqa: S105 (a path)

#: REGARDS's public client, the same in each installation.
_CLIENT = ("client", "secret")

#: How many seconds before its end a token is asked for again.
_MARGIN = 30.0


@dataclass
class RegardsSession:
    """Requests to the REST interface of a REGARDS archive.

    Parameters
    ----------
    secret : Secret
        Its base URL with user and password; without them requests carry no token.
    tenant : str
        REGARDS's project.
    authority : pathlib.Path, optional
        Certificates of the authority that signed the server's, in PEM.
    read_timeout : float
        How many seconds the server may send nothing.
    """

    secret: Secret
    tenant: str
    authority: Path | None = None
    read_timeout: float = 120.0
    _client: HttpClient | None = field(default=None, init=False, repr=False)
    _expires: float = field(default=0.0, init=False, repr=False)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Any:
        """Send a request with a token, and read the JSON of its answer.

        Parameters
        ----------
        method, path, body, parameters
            As for :meth:`epnkit.sources.transport.http.HttpClient.request`.

        Raises
        ------
        TransientSourceError
            If trying again may help.
        SourceError
            If it will not.
        """
        renewed = self._client is None or time.monotonic() > self._expires
        try:
            return self._open().request(method, path, body, parameters)
        except SourceError as error:
            # The server may have forgotten the token before its time.
            if renewed or "401" not in error.what or isinstance(error, TransientSourceError):
                raise
            self._expires = 0.0
            return self._open().request(method, path, body, parameters)

    def address(self, path: str = "") -> str:
        """Name an address for messages, without its password."""
        return self.secret.scrub(self.base + path)

    @property
    def is_anonymous(self) -> bool:
        """Whether requests carry no token."""
        text, _, authorization = self.secret.reveal().partition(" ")
        return not authorization.strip() and urlsplit(text).username is None

    @property
    def base(self) -> str:
        """The base URL, without user and password."""
        parts = urlsplit(self.secret.reveal().partition(" ")[0])
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"

    def _open(self) -> HttpClient:
        """Return a client with a token that is still valid."""
        if self._client is None or time.monotonic() > self._expires:
            parts = urlsplit(self.secret.reveal())
            if parts.username is None:
                opened, self._expires = self.secret, float("inf")
            else:
                token = self._ask_for_token(unquote(parts.username), unquote(parts.password or ""))
                opened = Secret(self.secret.name, f"{self.base} Bearer {token}")
            if self._client is not None:
                self._client.close()
            self._client = HttpClient(opened, self.authority, self.read_timeout)
        return self._client

    def _ask_for_token(self, user: str, password: str) -> str:
        form = {
            "grant_type": "password",
            "username": user,
            "password": password,
            "scope": self.tenant,
        }
        where = self.address(TOKEN_PATH)
        answer = self._post(form, where)
        if answer.status_code in TRANSIENT:
            error = TransientSourceError(
                f"the server answers {answer.status_code}", where=where, cure="Try again later"
            )
            pause = parse_retry_after(answer.headers.get("Retry-After"))
            raise error if pause is None else RetryLaterError(error, pause)
        if answer.status_code >= 300:
            raise ConfigurationError(
                "REGARDS gives no token",
                where=where,
                why=f"it answers {answer.status_code} {answer.reason}",
                cure="Correct address, user and password in the credential, and the tenant",
            )
        return self._read_token(answer, where)

    def _post(self, form: Mapping[str, str], where: str) -> requests.Response:
        """Post a form as REGARDS's public client."""
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.post(
                    self.base + TOKEN_PATH,
                    data=form,
                    auth=_CLIENT,
                    # A redirect would take user and password to whatever host it names.
                    allow_redirects=False,
                    verify=str(self.authority) if self.authority else True,
                    timeout=(min(CONNECT_TIMEOUT, self.read_timeout), self.read_timeout),
                )
        except requests.RequestException as error:
            raise TransientSourceError(
                "the server does not answer",
                where=where,
                why=self.secret.scrub(type(error).__name__),
                cure="See that it runs and that the address in the credential is right",
            ) from None

    def _read_token(self, answer: requests.Response, where: str) -> str:
        try:
            given = answer.json()
            self._expires = time.monotonic() + float(given.get("expires_in", 3600)) - _MARGIN
            return str(given["access_token"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SourceError(
                "the answer holds no token",
                where=where,
                cure="See that the address is that of REGARDS's gateway",
            ) from None
