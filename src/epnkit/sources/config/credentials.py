"""Credentials of sources: found outside the project by name, and never shown."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from epnkit.errors import ConfigurationError

#: What replaces a password.
MASK = "***"

#: Permission bits that would let others read a credential.
_OTHERS = 0o077

_URL = re.compile(r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")

#: A URL's user and all that may be the password, up to the last ``@``: a password that nobody
#: encoded may hold any character. What follows a host in a web address is its port, though.
_URL_PASSWORD = re.compile(
    r"(?i)^(?!https?://[^/:@]*:[0-9]{1,5}(?:[/?#\s]|$))"
    r"[a-z][a-z0-9+.-]*://[^/:\[\s]*:(?P<password>.*)(?=@)"
)
_ODBC_PASSWORD = re.compile(r"(?i)\b(?:pwd|password)\s*=\s*(?P<password>\{(?:[^}]|\}\})*\}|[^;]*)")

#: What follows a web address after a blank: a scheme of authorization, and what authorizes.
_AUTHORIZATION = re.compile(r"(?i)^https?://\S*\s+(?:\S+\s+)?(?P<password>\S+)\s*$")

#: A setting of an ODBC connection string, and of the query of a URL.
_ODBC_SETTING = re.compile(
    r"(?:^|;)\s*(?P<key>[^=;{}]+?)\s*=\s*(?P<value>\{(?:[^}]|\}\})*\}|[^;]*)"
)
_URL_SETTING = re.compile(r"[?&;](?P<key>[^=&;#\s]+)=(?P<value>[^&;#\s]*)")

#: The settings whose values are known to be harmless, in lower case and without marks; the values
#: of all others are taken for secrets, so that no list of secrets has to be complete.
_HARMLESS = frozenset(
    [
        "driver",
        "server",
        "servername",
        "host",
        "hostname",
        "hostaddr",
        "address",
        "addr",
        "networkaddress",
        "port",
        "protocol",
        "database",
        "db",
        "dbname",
        "dbq",
        "initialcatalog",
        "datasource",
        "dsn",
        "schema",
        "currentschema",
        "searchpath",
        "service",
        "servicename",
        "sid",
        "tnsname",
        "instance",
        "instancename",
        "uid",
        "user",
        "userid",
        "username",
        "app",
        "appname",
        "applicationname",
        "wsid",
        "workstationid",
        "charset",
        "clientcharset",
        "encoding",
        "language",
        "lang",
        "locale",
        "format",
        "encrypt",
        "trustservercertificate",
        "trustedconnection",
        "integratedsecurity",
        "ssl",
        "sslmode",
        "sslverify",
        "sslverifyserver",
        "tls",
        "tlsinsecure",
        "tlsallowinvalidcertificates",
        "tlsallowinvalidhostnames",
        "hostnameincertificate",
        "timeout",
        "connecttimeout",
        "connectiontimeout",
        "logintimeout",
        "querytimeout",
        "readtimeout",
        "writetimeout",
        "connecttimeoutms",
        "sockettimeoutms",
        "serverselectiontimeoutms",
        "waitqueuetimeoutms",
        "maxidletimems",
        "heartbeatfrequencyms",
        "localthresholdms",
        "notxn",
        "shortnames",
        "longnames",
        "nocreat",
        "nowchar",
        "fksupport",
        "mode",
        "uri",
        "cache",
        "immutable",
        "vfs",
        "readonly",
        "applicationintent",
        "multisubnetfailover",
        "marsconnection",
        "option",
        "autocommit",
        "fetchsize",
        "packetsize",
        "tdsversion",
        "usecursors",
        "usedeclarefetch",
        "keepalive",
        "keepalives",
        "keepalivesidle",
        "keepalivesinterval",
        "keepalivescount",
        "authsource",
        "authmechanism",
        "replicaset",
        "readpreference",
        "readconcernlevel",
        "retrywrites",
        "retryreads",
        "w",
        "journal",
        "maxpoolsize",
        "minpoolsize",
        "directconnection",
        "loadbalanced",
        "compressors",
        "uuidrepresentation",
        "targetsessionattrs",
        "gssencmode",
        "channelbinding",
    ]
)

#: Values that would be taken out of every message for nothing.
_TRIVIAL = re.compile(r"(?i)\d{0,3}|true|false|yes|no|on|off|none|default")


class Secret:
    """One line that opens a source; neither its text nor a traceback shows the password.

    The process that holds one leaves no core file when it crashes, which would show it.

    Parameters
    ----------
    name : str
        The name under which it was looked up.
    text : str
        An ODBC connection string, a SQLAlchemy or MongoDB URL, or an HTTP base URL; the latter
        may be followed by a blank and ``ApiKey ...`` or ``Bearer ...``.
    """

    __slots__ = ("_text", "name")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text.strip()
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))

    def reveal(self) -> str:
        """Return the text itself, for the driver alone."""
        return self._text

    @property
    def kind(self) -> Literal["odbc", "http", "mongodb", "sqlalchemy"]:
        """What the text is, seen from its form."""
        found = _URL.match(self._text)
        if not found:
            return "odbc"
        scheme = found["scheme"].lower()
        if scheme in {"http", "https"}:
            return "http"
        return "mongodb" if scheme.startswith("mongodb") else "sqlalchemy"

    @property
    def masked(self) -> str:
        """The text with all values masked that are not known to be harmless."""
        text = self._text
        for found in reversed([*self._find_settings()]):
            text = text[: found.start("value")] + MASK + text[found.end("value") :]
        return self.scrub(text)

    def scrub(self, text: object) -> str:
        """Take every password of this secret out of a message."""
        message = str(text)
        for password in sorted(self._passwords(), key=len, reverse=True):
            message = message.replace(password, MASK)
        return message

    def _passwords(self) -> set[str]:
        found = {word for word in self._find_passwords() if word}
        given = (each["value"].strip() for each in self._find_settings())
        found |= {value for value in given if not _TRIVIAL.fullmatch(value)}
        bare = {word[1:-1].replace("}}", "}") for word in found if word[0] + word[-1] == "{}"}
        found |= {word for word in bare if word}
        return found | {unquote(word) for word in found}

    def _find_passwords(self) -> Iterator[str]:
        for pattern in (_ODBC_PASSWORD, _AUTHORIZATION):
            for match in pattern.finditer(self._text):
                yield match["password"].strip()
        if found := _URL_PASSWORD.match(self._text):
            yield from _prefixes_to_each_at(found["password"])

    def _find_settings(self) -> Iterator[re.Match[str]]:
        """Find the settings whose values are not known to be harmless."""
        pattern = _ODBC_SETTING if self.kind == "odbc" else _URL_SETTING
        for found in pattern.finditer(self._text):
            key = re.sub(r"[\W_]", "", unquote(found["key"])).lower()
            if found["value"].strip() and key not in _HARMLESS:
                yield found

    @property
    def has_password(self) -> bool:
        """Whether there is anything in it that must not be shown."""
        return bool(self._passwords()) or any(self._find_settings())

    def __repr__(self) -> str:
        return f"Secret({self.name!r}, {self.masked!r})"

    __str__ = __repr__


def _prefixes_to_each_at(text: str) -> Iterator[str]:
    """Return all that a URL's password may be: drivers differ in which ``@`` ends it."""
    parts = text.split("@")
    return ("@".join(parts[:number]) for number in range(1, len(parts) + 1))


#: The secrets that are held in memory alone, by name.
_HELD: ContextVar[tuple[Secret, ...]] = ContextVar("held", default=())


@contextmanager
def hold_secret(secret: Secret) -> Iterator[None]:
    """Let :func:`read_credential` find a secret that is in no file, until the context ends."""
    token = _HELD.set((*_HELD.get(), secret))
    try:
        yield
    finally:
        _HELD.reset(token)


#: The folder to look in if no variable of the environment names one.
_FOLDER: ContextVar[Path | None] = ContextVar("folder", default=None)


@contextmanager
def look_in(folder: Path) -> Iterator[None]:
    """Let :func:`read_credential` look in a folder, until the context ends.

    Parameters
    ----------
    folder : pathlib.Path
        It takes the place of what ``EPNKIT_CREDENTIALS`` names, if that names nothing.
    """
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


def credential_paths(name: str, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """List where a credential is looked for, in this order.

    Parameters
    ----------
    name : str
        The credential.
    environment : mapping
        The variables of the process that looks for it.
    """
    chosen = environment.get("EPNKIT_CREDENTIALS") or _FOLDER.get()
    named = (environment.get("CREDENTIALS_DIRECTORY"), chosen)
    folders = [Path(value) for value in named if value]
    home = Path(environment["HOME"]) if "HOME" in environment else Path.home()
    folders += [home / ".config/epnkit/credentials", Path("/etc/epnkit/credentials")]
    return [folder / name for folder in folders]


def read_credential(name: str) -> Secret:
    """Find a credential by its name.

    Parameters
    ----------
    name : str
        A file name, without a folder.

    Returns
    -------
    Secret
        What the file's one line holds.

    Raises
    ------
    ConfigurationError
        If no such file exists, when others may read it, or when it doesn't hold one line.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigurationError(
            f"{name!r} is not the name of a credential",
            cure="Use letters, digits, dots, hyphens and underscores, starting with a letter",
        )
    known = next((secret for secret in _HELD.get() if secret.name == name), None)
    if known is not None:
        return known
    tried = credential_paths(name)
    path = next((place for place in tried if place.is_file()), None)
    if path is None:
        raise ConfigurationError(
            f"the credential {name!r} was not found",
            why="tried " + ", ".join(str(place) for place in tried),
            cure="Write the connection string into one of these files, with mode 600",
        )
    return Secret(name, _read_one_line(path))


def require_private(path: Path) -> None:
    """Refuse a credential that others may read.

    What systemd passes on is in a directory that nobody else can enter, with modes of its own.

    Raises
    ------
    ConfigurationError
        With the command that fixes it.
    """
    handed_over = os.environ.get("CREDENTIALS_DIRECTORY")
    if handed_over and path.parent == Path(handed_over):
        return
    if path.stat().st_mode & _OTHERS:
        raise ConfigurationError(
            "others may read this credential", where=str(path), cure=f"chmod 600 {path}"
        )


def _read_one_line(path: Path) -> str:
    require_private(path)
    lines = [line for line in _read_text(path).splitlines() if line.strip()]
    if len(lines) != 1:
        raise ConfigurationError(
            f"a credential is one line, and this file holds {len(lines)}",
            where=str(path),
            cure="Leave only the connection string in it",
        )
    return lines[0]


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "the credential cannot be read",
            where=str(path),
            why=type(error).__name__,
            cure="Let it be a text file that the account may read, of mode 600.",
        ) from None
