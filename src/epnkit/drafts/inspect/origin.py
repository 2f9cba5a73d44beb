"""Where a new service's records come from: what ``--from`` says, as a source file and a secret."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

from epnkit.drafts.inspect.tables import read_table
from epnkit.errors import ConfigurationError
from epnkit.quoting import toml_text
from epnkit.sources import KINDS, open_source
from epnkit.sources.base import Order, Source
from epnkit.sources.config.credentials import (
    Secret,
    credential_paths,
    hold_secret,
    read_credential,
    require_private,
)

#: How an SQLite database begins.
_SQLITE = b"SQLite format 3\0"

#: The longest file that is taken for a connection string, in bytes.
_LONGEST = 4096


@dataclass(frozen=True)
class Choices:
    """What was said besides the source.

    Parameters
    ----------
    table : str, optional
        The table, index or collection.
    query : str, optional
        A SELECT instead of a table.
    kind : str, optional
        What answers at an address of HTTP: elasticsearch, restheart or tap.
    address : str, optional
        Where the files of a directory are served.
    """

    table: str | None = None
    query: str | None = None
    kind: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Origin:
    """A source that a service is drafted for.

    Parameters
    ----------
    kind : str
        The kind of the source, a key of :data:`epnkit.sources.KINDS`.
    file_name : str
        The name of the source file, ``source.toml`` or ``source.json``.
    text : str
        What stands in it; never a password.
    secret : Secret, optional
        What opens the source, if it needs it.
    note : str
        What was found there and left out; empty if nothing.
    table : str
        The table of a database, if it is one table.
    directory : str
        Where files lie.
    """

    kind: str
    file_name: str
    text: str
    secret: Secret | None = field(default=None, repr=False)
    note: str = ""
    table: str = ""
    directory: str = ""

    @contextmanager
    def open(self, order: Order) -> Iterator[Source]:
        """Open the source, before its service's folder is there."""
        known = hold_secret(self.secret) if self.secret else nullcontext()
        with TemporaryDirectory(prefix="epnkit-new-") as directory, known:
            path = Path(directory) / self.file_name
            path.write_text(self.text, encoding="utf-8")
            yield open_source(path, order)


def parse_origin(given: str, name: str, choices: Choices) -> Origin:
    """Understand what ``--from`` says.

    Parameters
    ----------
    given : str
        A directory of files, a source file, an SQLite database, a file with a connection string,
        a URL, an ODBC connection string, or the name of a credential.
    name : str
        The service's name, which its credential bears too.
    choices : Choices
        What else was said.

    Raises
    ------
    ConfigurationError
        If it is none of these, or more has to be said.
    """
    path = Path(given)
    if path.is_dir():
        return _from_directory(path, choices.address)
    if path.is_file():
        return _from_file(path, name, choices)
    if "://" in given or "driver=" in given.lower():
        return _from_secret(Secret(name, given), choices)
    if "/" not in given and any(place.is_file() for place in credential_paths(given)):
        return _from_secret(read_credential(given), choices)
    raise ConfigurationError(
        "there is no such source",
        where=Secret(name, given).masked,
        why="it is no directory, no file, no URL, no connection string and no credential's name",
        cure="See epnkit new --help",
    )


def _from_directory(path: Path, address: str | None) -> Origin:
    form, endings, note = _detect_format(path)
    return _from_files(path, form, [f"*{ending}" for ending in sorted(endings)], address, note)


def _from_files(
    directory: Path, form: str, globs: list[str], address: str | None, note: str = ""
) -> Origin:
    lines = [
        "# The files that are catalogued, by what they say of themselves.",
        'kind = "files"',
        f"directory = {toml_text(str(directory.resolve()))}",
        f"format = {toml_text(form)}",
        f"files = [{', '.join(map(toml_text, globs))}]",
    ]
    if address is not None:
        lines.insert(3, f"address = {toml_text(address.rstrip('/') + '/')}")
    text = "\n".join(lines) + "\n"
    return Origin("files", "source.toml", text, note=note, directory=str(directory.resolve()))


def _format_of(name: str) -> tuple[str, str] | None:
    """Return the format of a file, and the ending that says it, as the file spells it."""
    known: dict[str, list[str]] = read_table("formats")["endings"]
    found = (
        (form, name[-len(ending) :])
        for form, endings in known.items()
        for ending in endings
        if name.lower().endswith(ending)
    )
    return next(found, None)


def _detect_format(path: Path) -> tuple[str, set[str], str]:
    """Return the format of most files of a directory, their endings, and what is left out."""
    names = [file.name for file in sorted(path.rglob("*")) if file.is_file()]
    found = [each for name in names if (each := _format_of(name))]
    if not found:
        known: dict[str, list[str]] = read_table("formats")["endings"]
        raise ConfigurationError(
            "no file in this directory can be read",
            where=str(path),
            cure="Known endings: " + ", ".join(e for each in known.values() for e in each),
        )
    form = Counter(form for form, _ in found).most_common(1)[0][0]
    spelt = {ending for each, ending in found if each == form}
    others = [name for name in names if (_format_of(name) or ("",))[0] != form]
    return form, spelt, _describe_left_out(others)


def _describe_left_out(names: list[str]) -> str:
    """Count the files that are left out, by their endings."""
    counted = Counter(Path(name).suffix.lower() or "no ending" for name in names)
    listed = ", ".join(f"{count} {ending}" for ending, count in counted.most_common(8))
    return f"left out of the directory: {listed}" if listed else ""


def _from_file(path: Path, name: str, choices: Choices) -> Origin:
    if path.suffix == ".toml" or (path.suffix == ".json" and _is_source_file(path)):
        return _from_source_file(path)
    known = _format_of(path.name)
    if known is not None:
        return _from_files(path.parent, known[0], [escape(path.name)], choices.address)
    with path.open("rb") as stream:
        start = stream.read(_LONGEST + 1)
    if start.startswith(_SQLITE):
        return _from_secret(Secret(name, f"sqlite:///{path.resolve()}"), choices)
    require_private(path)
    lines = start.decode("utf-8", "replace").split("\n") if len(start) <= _LONGEST else []
    lines = [line for line in lines if line.strip()]
    if len(lines) != 1:
        raise ConfigurationError(
            "this file is no source",
            where=str(path),
            why="it is neither a source file, nor an SQLite database, nor one line that connects",
            cure="Give a directory for files of data",
        )
    return _from_secret(Secret(name, lines[0]), choices)


def _is_source_file(path: Path) -> bool:
    """Return whether a JSON file asks an index of Elasticsearch, and is no file of data."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return True  # which says what is wrong with it
    return isinstance(settings, dict) and bool({"index", "query"} & set(settings))


def _from_source_file(path: Path) -> Origin:
    written = path.read_text(encoding="utf-8")
    try:
        settings = json.loads(written) if path.suffix == ".json" else tomllib.loads(written)
    except ValueError as error:
        raise ConfigurationError(
            "the source file is not well formed",
            where=str(path),
            why=str(error),
            cure="Correct its TOML or JSON at the position named.",
        ) from None
    kind = settings.get("kind", "elasticsearch") if isinstance(settings, dict) else ""
    kind = "elasticsearch" if path.suffix == ".json" else kind
    if kind not in KINDS or (path.suffix == ".json" and not {"index", "query"} & set(settings)):
        raise ConfigurationError(
            "this is no source file",
            where=str(path),
            cure="Give the directory to catalogue files of JSON",
        )
    return Origin(kind, f"source{path.suffix}", _with_absolute_directory(written, settings, path))


def _with_absolute_directory(written: str, settings: dict[str, object], path: Path) -> str:
    """Keep the files of a source file where they are, though the source file moves."""
    directory = str(settings.get("directory", "/"))
    if directory.startswith("/"):
        return written
    line = f"directory = {toml_text(str((path.parent / directory).resolve()))}"
    return re.sub(r"(?m)^directory\s*=.*$", lambda _: line, written)


def _from_secret(secret: Secret, choices: Choices) -> Origin:
    if secret.kind == "http":
        return _from_http(secret, choices)
    if secret.kind == "mongodb":
        database = urlsplit(secret.reveal()).path.strip("/")
        return _from_documents("mongodb", secret, database, _require(choices.table, "collection"))
    table = "" if choices.query else choices.table or _find_only_table(secret)
    query = choices.query or " ".join(["SELECT * FROM", table])
    lines = [
        f'# One row of this query is one record. What connects is the credential "{secret.name}".',
        'kind = "sql"',
        f"connection = {toml_text(secret.name)}",
        f"query = {toml_text(query)}",
    ]
    return Origin("sql", "source.toml", "\n".join(lines) + "\n", secret, table=table)


def _find_only_table(secret: Secret) -> str:
    from epnkit.drafts.inspect.sql_tables import list_tables

    found = list_tables(secret)
    if len(found) == 1:
        return found[0]
    raise ConfigurationError(
        f"the database has {len(found)} tables",
        where=secret.masked,
        why=", ".join(found[:20]),
        cure="Choose one with --table, or join some with --query",
    )


def _from_http(secret: Secret, choices: Choices) -> Origin:
    parts = urlsplit(secret.reveal())
    kind = choices.kind or ("tap" if parts.path.rstrip("/").endswith("/tap") else None)
    if kind == "tap":
        return _from_tap(secret, _require(choices.table, "table"))
    names = [part for part in parts.path.split("/") if part]
    base = Secret(secret.name, urlunsplit((parts.scheme, parts.netloc, "", "", "")))
    if kind == "elasticsearch":
        index = choices.table or (names[-1] if names else None)
        body = {
            "connection": secret.name,
            "index": _require(index, "index"),
            "query": {"match_all": {}},
        }
        return Origin(kind, "source.json", json.dumps(body, indent=2) + "\n", base)
    if kind == "restheart" and names:
        collection = choices.table or (names[1] if len(names) > 1 else None)
        return _from_documents(kind, base, names[0], _require(collection, "collection"))
    raise ConfigurationError(
        "what answers at this address is not known",
        where=secret.masked,
        cure="Say --kind elasticsearch, restheart (http://HOST/DATABASE/COLLECTION) or tap",
    )


def _from_tap(secret: Secret, name: str) -> Origin:
    address = (
        f"connection = {toml_text(secret.name)}"
        if secret.has_password
        else f"url = {toml_text(secret.reveal())}"
    )
    lines = [
        "# The rows of a table of a TAP service.",
        'kind = "tap"',
        address,
        f"table = {toml_text(name)}",
    ]
    known = secret if secret.has_password else None
    return Origin("tap", "source.toml", "\n".join(lines) + "\n", known)


def _from_documents(kind: str, secret: Secret, database: str, collection: str) -> Origin:
    lines = [
        "# The documents of one collection.",
        f"kind = {toml_text(kind)}",
        f"connection = {toml_text(secret.name)}",
        f"database = {toml_text(database)}",
        f"collection = {toml_text(collection)}",
    ]
    return Origin(kind, "source.toml", "\n".join(lines) + "\n", secret)


def _require(value: str | None, what: str) -> str:
    if value is None:
        raise ConfigurationError(f"the {what} is not named", cure=f"Name the {what} with --table")
    return value
