"""Laying a service into the inputs of a DaCHS: its folder, the grammars, what services share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from epnkit import service as services
from epnkit.dachs.private import Dachs
from epnkit.errors import ConfigurationError

#: What stays behind: replicas are for tests and demos, the rest is nobody's.
_LEFT_OUT = shutil.ignore_patterns("replica", "demo.py", "__pycache__", "*.pyc", ".*")

#: What every service takes in, beside its own folder.
SHARED = ("epnkit", "grammars")


def lay(dachs: Dachs, folder: Path) -> str:
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
    name = services.load(folder).name
    for part, source in parts(folder).items():
        shutil.copytree(source, dachs.inputs / part, ignore=_LEFT_OUT, dirs_exist_ok=True)
    dachs.account.own(dachs.inputs)
    return f"{name}/q"


def parts(folder: Path) -> dict[str, Path]:
    """Name the folders that have to lie under the inputs directory, and where they are now.

    Parameters
    ----------
    folder : pathlib.Path
        The service folder.

    Raises
    ------
    ConfigurationError
        Where one of them, or the service's RD, is missing.
    """
    if not (folder / "q.rd").is_file():
        raise ConfigurationError(
            "there is no q.rd",
            where=str(folder),
            cure="Name the folder of a service: epnkit new writes one, with its q.rd.",
        )
    folder = folder.resolve()
    found = {name: folder.parent / name for name in SHARED}
    for name, source in found.items():
        if not source.is_dir():
            raise ConfigurationError(
                f"{name} is missing beside the service",
                where=str(folder.parent),
                cure="A service folder lies beside the folders grammars and epnkit: copy those"
                " too.",
            )
    return {name: path.resolve() for name, path in found.items()} | {folder.name: folder}


def contents(source: Path) -> list[str]:
    """List the files of a folder that are laid, by their paths in it."""
    found: list[str] = []
    for directory, names, files in os.walk(source):
        left_out = _LEFT_OUT(directory, [*names, *files])
        names[:] = sorted(name for name in names if name not in left_out)
        here = Path(directory).relative_to(source)
        found += [str(here / file) for file in sorted(files) if file not in left_out]
    return found
