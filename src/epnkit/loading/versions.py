"""By what a table's granules were made: whether the service has been declared otherwise since."""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from psycopg2 import sql

from epnkit.loading.relations import exists
from epnkit.loading.table import Target

#: What of a service's folder decides on its granules, and how each is read.
_READ = {
    ".py": lambda text: ast.unparse(_bare(ast.parse(text))),
    ".toml": lambda text: json.dumps(tomllib.loads(text), sort_keys=True, default=str),
    ".json": lambda text: json.dumps(json.loads(text), sort_keys=True),
}

_REPLACED = sql.SQL("DO UPDATE SET digest = excluded.digest, run = excluded.run")


def digest(folder: Path) -> str:
    """Hash what a service declares: its mapping, source file, collections; not how it is written.

    Parameters
    ----------
    folder : pathlib.Path
        The service's; comments, layout and docstrings in its files do not count.
    """
    said = {
        path.name: _said(path)
        for path in sorted(folder.iterdir())
        # What begins with a dot is an editor's or a file system's own.
        if path.suffix in _READ and not path.name.startswith(".") and path.is_file()
    }
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _said(path: Path) -> str:
    """Give what a file declares; of one that cannot be read as its kind, its bytes."""
    content = path.read_bytes()
    try:
        return _READ[path.suffix](content.decode("utf-8"))
    except (SyntaxError, ValueError):
        return content.hex()


def note(target: Target, service: str, run: int, declared: str, *, every: bool) -> None:
    """Write down by what granules were made, in the transaction that brings them.

    Parameters
    ----------
    target : Target
        The table.
    service : str
        Whose they are.
    run : int
        The run that made them.
    declared : str
        What :func:`digest` gave when the declaration was read.
    every : bool
        Whether the run made every granule of the table; if not, what is known already stays.
    """
    target.execute(
        "INSERT INTO epnkit.mappings VALUES (%s, %s, %s) ON CONFLICT (service) {kept}",
        (service, declared, run),
        kept=_REPLACED if every else sql.SQL("DO NOTHING"),
    )


def outdated(connection: Any, service: str, folder: Path) -> int | None:
    """Give the run that made a table's granules, where the service was declared otherwise then.

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
    int or None
        The run's number; None where nothing changed, or nothing is known.
    """
    if not exists(connection, "epnkit", "mappings"):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT run FROM epnkit.mappings WHERE service = %s AND digest <> %s",
            (service, digest(folder)),
        )
        row = cursor.fetchone()
        return None if row is None else int(row[0])


def advice(service: str, run: int) -> str:
    """Say what an outdated table is, and what to do.

    Parameters
    ----------
    service : str
        Whose table.
    run : int
        What :func:`outdated` gave.
    """
    return (
        f"declared otherwise than in run {run}, which made its granules; those of records that are"
        f" not read again stay as they were. To make all anew: epnkit load {service} --full (it"
        " writes what changes, and readers go on)."
    )


def _bare(tree: ast.Module) -> ast.Module:
    """Take the docstrings out."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    return tree
