"""The files of the standard that are packaged with epnkit, read as rows or lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

#: The folder of the packaged data.
DATA: Traversable = files("epnkit.epncore") / "data"


def read_rows(name: str) -> Iterator[dict[str, str]]:
    """Return the rows of a packaged CSV file.

    Parameters
    ----------
    name : str
        The file's name in the data folder.

    Yields
    ------
    dict of str to str
        One row, by the names of its header.
    """
    yield from csv.DictReader(read_text(name).splitlines())


def read_text(name: str) -> str:
    """Return the whole text of a packaged file.

    Parameters
    ----------
    name : str
        The file's path below the data folder.
    """
    return (DATA / name).read_text(encoding="utf-8")
