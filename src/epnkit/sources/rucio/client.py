"""Asking a Rucio server, by its own client: errors as ours, tokens renewed and left nowhere."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import requests

from epnkit.errors import ConfigurationError, SourceError, TransientSourceError
from epnkit.modules import requires_extra
from epnkit.sources.config.credentials import Secret
from epnkit.sources.transport.retry import RetryPolicy, retry

with requires_extra("rucio"):
    from rucio.client.replicaclient import ReplicaClient
    from rucio.client.rseclient import RSEClient
    from rucio.common import exception

Result = TypeVar("Result")

#: A data identifier, ``{"scope": ..., "name": ...}``.
Did = dict[str, str]

#: What passes by itself: the server or its database is down or busy.
_TRANSIENT = (
    exception.ServerConnectionException,
    exception.DatabaseException,
    requests.RequestException,
)


class _TokenClient(ReplicaClient, RSEClient):  # type: ignore[misc]  # Rucio says no types
    """Rucio's client, with its token in a directory that nobody else sees, and that goes with it.

    It renews the token itself if the server says that it has expired.
    """

    def __init__(self, **parameters: Any) -> None:
        directory = tempfile.TemporaryDirectory(prefix="epnkit-rucio-")
        weakref.finalize(self, directory.cleanup)
        self.TOKEN_PATH_PREFIX = directory.name + "/"
        super().__init__(**parameters)


class RucioServer:
    """A Rucio server.

    Parameters
    ----------
    secret : Secret
        Its URL with user and password, and with ``?account=`` if the account has another name:
        ``https://reader:secret@rucio.example.org?account=public``.
    retry_policy : RetryPolicy
        How often to try again.
    authority : str, optional
        The path of the certificates to trust.

    Raises
    ------
    ConfigurationError
        If the secret has no user or password.
    """

    def __init__(
        self, secret: Secret, retry_policy: RetryPolicy, authority: str | None = None
    ) -> None:
        self._secret, self._policy = secret, retry_policy
        parts = urlsplit(secret.reveal())
        self.label = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if not (parts.username and parts.password):
            raise ConfigurationError(
                "the credential has no user and password",
                where=secret.name,
                cure="Write it as https://user:password@host, with ?account=NAME if that differs",
            )
        user = unquote(parts.username)
        accounts = parse_qs(parts.query).get("account", [user])
        self._parameters: dict[str, Any] = {
            "rucio_host": self.label,
            "auth_host": self.label,
            "account": accounts[0],
            "auth_type": "userpass",
            "creds": {"username": user, "password": unquote(parts.password)},
            "ca_cert": authority,
            "timeout": int(retry_policy.read_timeout),
        }

    def list_files(self, dids: Sequence[Did], schemes: Sequence[str]) -> list[dict[str, Any]]:
        """List the files of containers and data sets, with all of their replicas.

        Parameters
        ----------
        dids : sequence of dict
            Their identifiers.
        schemes : sequence of str
            The schemes that addresses may have.

        Returns
        -------
        list of dict
            As Rucio answers: ``scope``, ``name``, ``bytes``, ``adler32``, ``md5``, ``pfns`` (each
            address with its ``rse`` and ``priority``), ``states`` (of the replica at each RSE), and
            ``parents``.

        Raises
        ------
        SourceError
            If the server refuses, or does not answer whatever the retries.
        """
        return self._ask(
            lambda: list(
                self._client.list_replicas(
                    list(dids),
                    schemes=list(schemes),
                    # Else files of which no replica is available would be left out without a word.
                    all_states=True,
                    resolve_parents=True,
                    domain="wan",
                )
            )
        )

    def list_unreadable(self) -> set[str]:
        """Name the storage elements (RSEs) that cannot be read now."""
        listed: list[dict[str, Any]] = self._ask(lambda: list(self._client.list_rses()))
        return {each["rse"] for each in listed if not each.get("availability_read", True)}

    @cached_property
    def _client(self) -> _TokenClient:
        return _TokenClient(**self._parameters)

    def _ask(self, action: Callable[[], Result]) -> Result:
        return retry(lambda: self._call(action), self._policy)

    def _call(self, action: Callable[[], Result]) -> Result:
        """Call the client, and raise its errors as ours, without the password."""
        try:
            return action()
        except _TRANSIENT as error:
            raise TransientSourceError(
                "the Rucio server does not answer",
                where=self.label,
                why=self._shorten(error),
                cure="See that it runs and that the address in the credential is right",
            ) from None
        except (exception.CannotAuthenticate, exception.AccessDenied) as error:
            raise SourceError(
                "the Rucio server refuses the user",
                where=self.label,
                why=self._shorten(error),
                cure="Correct user, password and account in the credential",
            ) from None
        except exception.RucioException as error:
            raise SourceError(
                "the Rucio server reports an error",
                where=self.label,
                why=self._shorten(error),
                cure="Correct the source file, or ask the server's administrator",
            ) from None

    def _shorten(self, error: Exception) -> str:
        return self._secret.scrub(" ".join(str(error).split()))[:300]
