"""The folders of a service in the inputs of a DaCHS: its own, the grammars, what services share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from epnkit.dachs.private import PrivateDachs
from epnkit.errors import ConfigurationError
from epnkit.packaged import find_packaged

#: Files that are not installed: replicas are for tests and demos.
_IGNORED = shutil.ignore_patterns("replica", "demo.py", "__pycache__", "*.pyc", ".*")

#: What every service needs besides its own folder.
SHARED = ("epnkit", "grammars")


def install(dachs: PrivateDachs, folder: Path) -> str:
    """Copy a service, and what it shares with others, to where DaCHS finds it.

    The layout is the repository's: a service folder finds its grammar in ``../grammars``, in
    ``resources/`` (by a link) as under the inputs directory.

    Parameters
    ----------
    dachs : Dachs
        The DaCHS that is to serve it.
    folder : pathlib.Path
        The service folder.

    Returns
    -------
    str
        The id of its RD, for ``dachs imp``.
    """
    from epnkit.service import read_service

    name = read_service(folder).name
    for part, source in find_parts(folder).items():
        shutil.copytree(source, dachs.inputs / part, ignore=_IGNORED, dirs_exist_ok=True)
    dachs.account.create_owned(dachs.inputs)
    return f"{name}/q"


def find_parts(folder: Path) -> dict[str, Path]:
    """Find the folders that a service needs under the inputs directory.

    Parameters
    ----------
    folder : pathlib.Path
        The service folder.

    Raises
    ------
    ConfigurationError
        If the service's RD is missing.
    """
    if not (folder / "q.rd").is_file():
        raise ConfigurationError(
            "there is no q.rd",
            where=str(folder),
            cure="Name the folder of a service: epnkit new writes one, with its q.rd.",
        )
    folder = folder.resolve()
    found = {name: _find_shared(folder.parent, name) for name in SHARED}
    return {name: path.resolve() for name, path in found.items()} | {folder.name: folder}


def _find_shared(parent: Path, name: str) -> Path:
    """Find a folder that services share: next to them, or where epnkit is installed."""
    beside = parent / name
    return beside if beside.is_dir() else find_packaged(f"resources/{name}")


def list_files(source: Path) -> list[str]:
    """List the files of a folder that are installed, by their paths in it."""
    found: list[str] = []
    for directory, names, files in os.walk(source):
        ignored = _IGNORED(directory, [*names, *files])
        names[:] = sorted(name for name in names if name not in ignored)
        here = Path(directory).relative_to(source)
        found += [str(here / file) for file in sorted(files) if file not in ignored]
    return found
