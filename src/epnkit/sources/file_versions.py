"""Files that replace others: of those that differ in their version alone, the latest counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

#: The version at the end of a name: ``_V12.cdf``, ``_v1.1.fits``.
_VERSION = re.compile(r"_v(\d+(?:\.\d+)*)(?=\.[a-z]\w*$)", re.IGNORECASE)


def latest(paths: Iterable[Path]) -> list[Path]:
    """Leave out files of which there is a later version.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        The files of one directory.

    Returns
    -------
    list of pathlib.Path
        The others, in the order given.
    """
    given = list(paths)
    best: dict[str, tuple[int, ...]] = {}
    for path in given:
        name, version = _parted(path.name)
        best[name] = max(best.get(name, ()), version)
    return [path for path in given if best[_parted(path.name)[0]] == _parted(path.name)[1]]


def _parted(name: str) -> tuple[str, tuple[int, ...]]:
    found = _VERSION.search(name)
    if found is None:
        return name, ()
    version = tuple(int(part) for part in found[1].split("."))
    return name[: found.start()] + name[found.end() :], version
