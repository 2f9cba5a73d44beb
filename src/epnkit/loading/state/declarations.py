"""The declaration that a table's granules were made by, compared with the present one."""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import epnkit
from epnkit.errors import ConfigurationError
from epnkit.loading.table.catalog import table_exists

if TYPE_CHECKING:  # epnkit status compares declarations without loading anything
    from epnkit.loading.table.target import Target
    from epnkit.service import Service

#: The files of a service's folder that determine its granules, by suffix, and how each is read.
_READ = {
    ".py": lambda text: ast.unparse(_strip_independent(ast.parse(text))),
    ".toml": lambda text: json.dumps(tomllib.loads(text), sort_keys=True, default=str),
    ".json": lambda text: json.dumps(json.loads(text), sort_keys=True),
}

#: Files of a folder on which no granule depends: the settings of archive packages.
_INDEPENDENT = {"sip.toml"}

#: File names with hashes of what they declare.
Hashes = dict[str, str]


def hash_declaration(folder: Path) -> Hashes:
    """Hash the declarations in each file of a service's folder, regardless of layout.

    Parameters
    ----------
    folder : pathlib.Path
        The service's folder; comments, layout and docstrings in its files do not count, nor does
        the partition of its table.

    Returns
    -------
    dict of str to str
        The hash of each file (mapping, source file, collections), by name.
    """
    return {
        path.name: hashlib.sha256(_read_declaration(path).encode()).hexdigest()[:16]
        for path in sorted(folder.iterdir())
        # Names that begin with a dot belong to an editor or the file system.
        if path.suffix in _READ and not path.name.startswith(".") and path.is_file()
        if path.name not in _INDEPENDENT
    }


def _read_declaration(path: Path) -> str:
    """Return a file's declarations in a normal form; its bytes if it cannot be parsed."""
    try:
        content = path.read_bytes()
    except PermissionError:
        raise ConfigurationError(
            "a file of the service cannot be read",
            where=str(path),
            why="the account that runs this may not read it, and the granules may depend on it",
            cure=f"Allow it: chmod a+r {path}",
        ) from None
    try:
        return _READ[path.suffix](content.decode("utf-8"))
    except (SyntaxError, ValueError):
        return content.hex()


def is_source_file(path: Path) -> bool:
    """Return whether a file is a source file: also one that another source names."""
    if path.suffix != ".toml" or not path.is_file():
        return False
    try:
        return "kind" in tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return True


def save_declaration(
    target: Target, service: Service, run: int, hashes: Hashes, datalink: str | None = None
) -> None:
    """Save the declaration by which all granules were made, in the transaction that loads them.

    Parameters
    ----------
    target : Target
        The table.
    service : Service
        The service.
    run : int
        The run that made all of them.
    hashes : dict of str to str
        What :func:`hash_declaration` returned when the declaration was read.
    datalink : str, optional
        The address of the service's datalink, which stands in its granules.
    """
    made_by = json.dumps(
        {"source": service.source, "files": hashes, **_describe_maker(datalink)}, sort_keys=True
    )
    target.execute(
        "INSERT INTO epnkit.declarations VALUES (%s, %s, %s) ON CONFLICT (service)"
        " DO UPDATE SET declared = excluded.declared, run = excluded.run",
        (service.name, made_by, run),
    )


def _describe_maker(datalink: str | None) -> dict[str, str | None]:
    """Describe what granules depend on besides their records and the declaration."""
    return {"epnkit": epnkit.__version__, "datalink": datalink}


def would_make_the_same(
    connection: Any, service: str, hashes: Hashes, datalink: str | None
) -> bool:
    """Return whether all granules of a table would be made the same of the same records now.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        The service.
    hashes : dict of str to str
        What :func:`hash_declaration` returns now.
    datalink : str, optional
        The address of its datalink now.
    """
    made_by, _ = _read_saved(connection, service) or ({}, 0)
    maker = _describe_maker(datalink).items()
    return made_by.get("files") == hashes and maker <= made_by.items()


def forget_maker(target: Target, service: str) -> None:
    """Note that not all granules of a table were made alike any more.

    Parameters
    ----------
    target : Target
        The table, in the transaction of a load that made some otherwise.
    service : str
        The service.
    """
    target.execute(
        "UPDATE epnkit.declarations SET declared = (declared::jsonb - 'epnkit')::text"
        " WHERE service = %s",
        (service,),
    )


@dataclass(frozen=True)
class StaleDeclaration:
    """A declaration that has changed since a table's granules were made.

    Parameters
    ----------
    service : str
        The service.
    run : int
        The run that made the granules.
    files : tuple of str
        The files that have changed, appeared or disappeared since.
    source : bool
        Whether the source file is one of them, so that the source has to be read again.
    """

    service: str
    run: int
    files: tuple[str, ...]
    source: bool

    def advice(self) -> str:
        """Describe what has changed, and what to do."""
        verb = "has" if len(self.files) == 1 else "have"
        return (
            f"{', '.join(self.files)} {verb} changed since run {self.run}, which made the granules;"
            " those of records that are not read again stay as they were. To make all again:"
            f" {self._commands()}. That writes what changes, and readers are not blocked."
        )

    def _commands(self) -> str:
        again = f"epnkit load {self.service} --full, which reads the source again"
        if self.source:
            return again
        return f"epnkit load {self.service} --remap, which uses the kept records, or {again}"


def find_stale(connection: Any, service: str, folder: Path) -> StaleDeclaration | None:
    """Compare the declaration that a table's granules were made by with the present one.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        The service.
    folder : pathlib.Path
        Where it is declared now.

    Returns
    -------
    StaleDeclaration or None
        None if nothing has changed, or nothing is known.
    """
    saved = _read_saved(connection, service)
    if saved is None:
        return None
    (made_by, run), now = saved, hash_declaration(folder)
    before: Hashes = made_by["files"]
    files = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    return (
        StaleDeclaration(
            service,
            run,
            tuple(files),
            made_by["source"] in files or any(is_source_file(folder / name) for name in files),
        )
        if files
        else None
    )


def _read_saved(connection: Any, service: str) -> tuple[dict[str, Any], int] | None:
    """Read what :func:`save_declaration` saved last, and the run."""
    if not table_exists(connection, "epnkit", "declarations"):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT declared, run FROM epnkit.declarations WHERE service = %s", (service,)
        )
        row = cursor.fetchone()
    return None if row is None else (json.loads(row[0]), row[1])


def _strip_independent(tree: ast.Module) -> ast.Module:
    """Remove what no granule depends on: docstrings, and the partition of the table."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
        if isinstance(node, ast.ImportFrom) and node.module == "epnkit.service":
            node.names = [each for each in node.names if each.name != "Partition"]
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Service":
            node.keywords = [each for each in node.keywords if each.arg != "partition"]
    tree.body = [each for each in tree.body if not isinstance(each, ast.ImportFrom) or each.names]
    return tree
