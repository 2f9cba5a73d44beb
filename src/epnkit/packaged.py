"""Files of the repository that the package needs: SQL, tested versions, grammars, the shared RD.

They are in the top-level folders of the repository; the wheel carries copies of them
(``force-include`` in pyproject.toml), an editable installation reads them where they are.
"""

from __future__ import annotations

import platform
from pathlib import Path

from epnkit.errors import ConfigurationError

_PACKAGE = Path(__file__).parent

#: Where they may be: in the installed package, or in the repository around ``src/epnkit``.
_ROOTS = (_PACKAGE, _PACKAGE.parents[1])


def find_packaged(name: str) -> Path:
    """Find a file or folder by its path in the repository.

    Parameters
    ----------
    name : str
        The path, such as ``sql/10-state.sql`` or ``resources/grammars``.

    Raises
    ------
    ConfigurationError
        If the installation lacks it.
    """
    candidates = [root / name for root in _ROOTS]
    for path in candidates:
        if path.exists():
            return path
    raise ConfigurationError(
        f"{name} is missing from this installation",
        where=str(candidates[0]),
        cure="Install epnkit again, from its wheel or its repository.",
    )


def find_constraints(release: str | None = None) -> Path | None:
    """Find the versions that epnkit was tested with on a release, as constraints of pip.

    Parameters
    ----------
    release : str, optional
        Its name, such as ``debian13``; by default that of this system.

    Returns
    -------
    pathlib.Path or None
        None for a release that epnkit was not tested on.
    """
    path = find_packaged("constraints") / f"{release or name_release()}.txt"
    return path if path.is_file() else None


def name_release() -> str:
    """Name the release of this system, such as ``debian13``, by its file ``os-release``."""
    try:
        known = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    return known["ID"] + known.get("VERSION_ID", "")
