"""By what a table's granules were made: whether the service has been declared otherwise since."""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epnkit.errors import ConfigurationError
from epnkit.loading.table.catalog import exists

if TYPE_CHECKING:  # epnkit status compares declarations, and loads nothing
    from epnkit.loading.table.target import Target
    from epnkit.service import Service

#: What of a service's folder decides on its granules, and how each is read.
_READ = {
    ".py": lambda text: ast.unparse(_bare(ast.parse(text))),
    ".toml": lambda text: json.dumps(tomllib.loads(text), sort_keys=True, default=str),
    ".json": lambda text: json.dumps(json.loads(text), sort_keys=True),
}

#: File names with hashes of what they declare.
Hashes = dict[str, str]


def declared(folder: Path) -> Hashes:
    """Hash what each file of a service's folder declares, not how it is written.

    Parameters
    ----------
    folder : pathlib.Path
        The service's; comments, layout and docstrings in its files do not count.

    Returns
    -------
    dict of str to str
        Of the mapping, the source file, collections: each name with its hash.
    """
    return {
        path.name: hashlib.sha256(_said(path).encode()).hexdigest()[:16]
        for path in sorted(folder.iterdir())
        # What begins with a dot is an editor's or a file system's own.
        if path.suffix in _READ and not path.name.startswith(".") and path.is_file()
    }


def _said(path: Path) -> str:
    """Give what a file declares; of one that cannot be read as its kind, its bytes."""
    try:
        content = path.read_bytes()
    except PermissionError:
        raise ConfigurationError(
            "a file of the service cannot be read",
            where=str(path),
            why="the account that runs this may not, and what it says may decide on the granules",
            cure=f"Let it: chmod a+r {path}",
        ) from None
    try:
        return _READ[path.suffix](content.decode("utf-8"))
    except (SyntaxError, ValueError):
        return content.hex()


def note(target: Target, service: Service, run: int, hashes: Hashes) -> None:
    """Write down by what all granules were made, in the transaction that brings them.

    Parameters
    ----------
    target : Target
        The table.
    service : Service
        Whose they are.
    run : int
        The run that made every one of them.
    hashes : dict of str to str
        What :func:`declared` gave when the declaration was read.
    """
    made_by = json.dumps({"source": service.source, "files": hashes}, sort_keys=True)
    target.execute(
        "INSERT INTO epnkit.declarations VALUES (%s, %s, %s) ON CONFLICT (service)"
        " DO UPDATE SET declared = excluded.declared, run = excluded.run",
        (service.name, made_by, run),
    )


@dataclass(frozen=True)
class Outdated:
    """What a table's granules were made by, where that is declared otherwise now.

    Parameters
    ----------
    service : str
        Whose table.
    run : int
        Which made the granules.
    files : tuple of str
        The files that say something else, came or went since.
    source : bool
        Whether the source file is one of them, so that the source has to be read again.
    """

    service: str
    run: int
    files: tuple[str, ...]
    source: bool

    def advice(self) -> str:
        """Say what is outdated, and what to do."""
        verb = "is" if len(self.files) == 1 else "are"
        return (
            f"{', '.join(self.files)} {verb} declared otherwise than in run {self.run}, which made"
            " the granules; those of records that are not read again stay as they were. To make all"
            f" anew: {self._how()}. That writes what changes, and readers go on."
        )

    def _how(self) -> str:
        again = f"epnkit load {self.service} --full, of the source read again"
        if self.source:
            return again
        return f"epnkit load {self.service} --remap, of the records that are kept, or {again}"


def outdated(connection: Any, service: str, folder: Path) -> Outdated | None:
    """Compare by what a table's granules were made with what is declared now.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        Whose table.
    folder : pathlib.Path
        Where it is declared now.

    Returns
    -------
    Outdated or None
        None where nothing changed, or nothing is known.
    """
    if not exists(connection, "epnkit", "declarations"):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT declared, run FROM epnkit.declarations WHERE service = %s", (service,)
        )
        row = cursor.fetchone()
    if row is None:
        return None
    made_by, now = json.loads(row[0]), declared(folder)
    before: Hashes = made_by["files"]
    files = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    return Outdated(service, row[1], tuple(files), made_by["source"] in files) if files else None


def _bare(tree: ast.Module) -> ast.Module:
    """Take the docstrings out."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    return tree
