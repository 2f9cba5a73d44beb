"""Laying a service into the inputs of a DaCHS: its folder, the grammars, what services share."""

from __future__ import annotations

import shutil
from pathlib import Path

from epnkit import service as services
from epnkit.deploy.dachs import Dachs
from epnkit.errors import ConfigurationError

#: What stays behind: replicas are for tests and demos, the rest is nobody's.
_LEFT_OUT = shutil.ignore_patterns("replica", "demo.py", "__pycache__", "*.pyc", ".*")

#: What every service takes in, beside its own folder.
_SHARED = "epnkit"


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
    service = services.load(folder)
    if not (folder / "q.rd").is_file():
        raise ConfigurationError("there is no q.rd", where=str(folder))
    resources = folder.resolve().parent
    for name in (_SHARED, "grammars", service.name):
        _copy(resources / name, dachs.inputs / name)
    dachs.account.own(dachs.inputs)
    return f"{service.name}/q"


def _copy(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise ConfigurationError(
            f"{source.name} is missing beside the service",
            where=str(source.parent),
            cure="A service folder lies beside the folders grammars and epnkit: copy those too.",
        )
    shutil.copytree(source.resolve(), target, ignore=_LEFT_OUT, dirs_exist_ok=True)
