"""Files that need another one beside them: its label, or the level below."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from epnkit.streaming.archive import FileStore
from epnkit.streaming.readers.base import DamagedFileError, OpenFile, Reader
from epnkit.streaming.readers.tables import Table, TableFile


@dataclass(frozen=True)
class PairedFile:
    r"""Reads small files whole, each together with another one.

    Parameters
    ----------
    read : callable
        Makes a :class:`Table` of the paths of both.
    pattern : str
        A regular expression that a part of the file's address matches.
    other : str
        What stands there in the address of the other file, with ``\1`` for groups.

    Examples
    --------
    >>> PairedFile(print, r"n3e/N3e_...(\d{7}\.\d\d)$", r"n2/P\1").find_other(
    ...     "https://a.example/2012/n3e/N3e_dsq2012180.20"
    ... )
    'https://a.example/2012/n2/P2012180.20'
    """

    read: Callable[[Path, Path], Table]
    pattern: str
    other: str

    def find_other(self, url: str) -> str:
        """Return the address of the other file.

        Raises
        ------
        DamagedFileError
            If the address is not of this form.
        """
        made, count = re.subn(self.pattern, self.other, url)
        if count != 1:
            raise DamagedFileError("its address does not say which file it needs besides")
        return made

    def open(self, path: Path, other: Path | None = None) -> AbstractContextManager[OpenFile]:
        """Read both files.

        Raises
        ------
        DamagedFileError
            If one cannot be read, or is not there.
        """
        if other is None:
            raise DamagedFileError("it cannot be read without another file")
        return TableFile(lambda first: self.read(first, other)).open(path)


@contextmanager
def open_granule(reader: Reader, url: str, store: FileStore) -> Iterator[OpenFile]:
    """Open the file of a granule, and what it needs besides.

    Parameters
    ----------
    reader : Reader
        How it is read.
    url : str
        Its address.
    store : FileStore
        Where files are.

    Raises
    ------
    FileUnavailableError, DamagedFileError
        If a file is missing or broken.
    """
    with store.open(url) as path:
        if isinstance(reader, PairedFile):
            with store.open(reader.find_other(url)) as other, reader.open(path, other) as file:
                yield file
        else:
            with reader.open(path) as file:
                yield file


def describe_granule(reader: Reader, url: str, store: FileStore) -> str:
    """Return what changes when a file of a granule does, as far as it is seen without fetching it.

    Parameters
    ----------
    reader : Reader
        How the granule is read.
    url : str
        Its address.
    store : FileStore
        Where files are.
    """
    seen = store.describe(url)
    if isinstance(reader, PairedFile):
        seen += f" {store.describe(reader.find_other(url))}"
    return seen
