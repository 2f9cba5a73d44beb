"""The files of data sets as fields of a record: addresses, sizes, checksums; newest versions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

#: What a record gets of each file, as lists in the order of the files' names.
FILE_FIELDS: dict[str, pl.DataType] = {
    "names": pl.List(pl.String()),
    "urls": pl.List(pl.String()),
    "sizes": pl.List(pl.Int64()),
    "adler32": pl.List(pl.String()),
    "md5": pl.List(pl.String()),
}


@dataclass(frozen=True)
class DataFile:
    """A file that Rucio holds.

    Parameters
    ----------
    name : str
        Its name.
    url : str or None
        The address of its best replica.
    size : int or None
        In bytes.
    adler32, md5 : str or None
        Checksums.
    """

    name: str
    url: str | None
    size: int | None
    adler32: str | None
    md5: str | None


def choose_replica(pfns: dict[str, dict[str, Any]], unreadable: Collection[str]) -> str | None:
    """Choose the address of a file: where it can be read now, and then by Rucio's priority.

    If no storage element that has it can be read now, its address stays what it was: the outage
    passes.

    Parameters
    ----------
    pfns : dict
        Each address with its ``rse`` and ``priority``, as Rucio answers.
    unreadable : collection of str
        The storage elements that cannot be read now.

    Examples
    --------
    >>> pfns = {"a": {"rse": "ONE", "priority": 1}, "b": {"rse": "TWO", "priority": 2}}
    >>> choose_replica(pfns, set()), choose_replica(pfns, {"ONE"}), choose_replica({}, set())
    ('a', 'b', None)
    """

    def rank(url: str) -> tuple[bool, int, str]:
        known = pfns[url]
        return known["rse"] in unreadable, known.get("priority") or 0, url

    return min(pfns, key=rank, default=None)


#: The states of replicas that cannot be read, and will not be; an outage is another one.
_GONE = frozenset(["BAD", "BEING_DELETED", "UNAVAILABLE"])


def _drop_gone(replica: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the addresses of a file but those of replicas that are gone or damaged."""
    states, pfns = replica.get("states") or {}, replica.get("pfns") or {}
    return {url: known for url, known in pfns.items() if states.get(known["rse"]) not in _GONE}


def group_by_did(
    replicas: Iterable[dict[str, Any]], unreadable: Collection[str]
) -> dict[str, list[DataFile]]:
    """Group files by the containers and data sets that they are in, sorted by name.

    Parameters
    ----------
    replicas : iterable of dict
        As :meth:`~epnkit.sources.rucio.client.RucioServer.list_files` returns them.
    unreadable : collection of str
        The storage elements that cannot be read now.
    """
    found: dict[str, list[DataFile]] = {}
    for each in sorted(replicas, key=lambda each: str(each["name"])):
        url = choose_replica(_drop_gone(each), unreadable)
        file = DataFile(each["name"], url, each.get("bytes"), each.get("adler32"), each.get("md5"))
        for did in dict.fromkeys(each.get("parents") or ()):
            found.setdefault(did, []).append(file)
    return found


def split_versions(
    files: Sequence[DataFile], pattern: re.Pattern[str] | None
) -> tuple[list[DataFile], list[DataFile]]:
    r"""Separate the newest version of each file from the older ones.

    Parameters
    ----------
    files : sequence of DataFile
        Sorted by name.
    pattern : re.Pattern, optional
        What in a name is the version; its group is a number. Without one, all are newest.

    Examples
    --------
    >>> made = [DataFile(n, None, None, None, None) for n in ("a_v1.fits", "a_v10.fits", "b.fits")]
    >>> newest, older = split_versions(made, re.compile(r"_v(\d+)"))
    >>> [file.name for file in newest], [file.name for file in older]
    (['a_v10.fits', 'b.fits'], ['a_v1.fits'])
    """
    if pattern is None:
        return list(files), []

    def version(file: DataFile) -> int:
        named = pattern.search(file.name)
        return int(named[1]) if named else 0

    best: dict[str, DataFile] = {}
    for file in files:
        stem = pattern.sub("", file.name)
        if stem not in best or version(file) > version(best[stem]):
            best[stem] = file
    newest = {file.name for file in best.values()}
    return [f for f in files if f.name in newest], [f for f in files if f.name not in newest]


def as_fields(files: Sequence[Sequence[DataFile]], prefix: str) -> pl.DataFrame:
    """Write the files of each record as its fields.

    Parameters
    ----------
    files : sequence of sequence of DataFile
        Those of each record.
    prefix : str
        What stands before the names of :data:`FILE_FIELDS`.
    """
    columns: dict[str, list[Any]] = {
        "names": [[f.name for f in each] for each in files],
        "urls": [[f.url for f in each] for each in files],
        "sizes": [[f.size for f in each] for each in files],
        "adler32": [[f.adler32 for f in each] for each in files],
        "md5": [[f.md5 for f in each] for each in files],
    }
    return pl.DataFrame(
        [pl.Series(prefix + name, columns[name], kind) for name, kind in FILE_FIELDS.items()]
    )
