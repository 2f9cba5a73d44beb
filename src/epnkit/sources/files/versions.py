"""Files that replace others: of those that differ in their version alone, the latest counts."""

from __future__ import annotations

import re

#: The version at the end of a name: ``_V12.cdf``, ``_v1.1.fits``.
_VERSION = re.compile(r"_v(\d+(?:\.\d+)*)(?=\.[a-z]\w*$)", re.IGNORECASE)


def keep_latest(names: list[str]) -> list[str]:
    """Leave out files of which there is a later version.

    Parameters
    ----------
    names : list of str
        The names in one directory.

    Returns
    -------
    list of str
        The others, in the order given.
    """
    best: dict[str, tuple[int, ...]] = {}
    for given in names:
        name, version = _split_version(given)
        best[name] = max(best.get(name, ()), version)
    return [given for given in names if best[_split_version(given)[0]] == _split_version(given)[1]]


def _split_version(name: str) -> tuple[str, tuple[int, ...]]:
    found = _VERSION.search(name)
    if found is None:
        return name, ()
    version = tuple(int(part) for part in found[1].split("."))
    return name[: found.start()] + name[found.end() :], version
