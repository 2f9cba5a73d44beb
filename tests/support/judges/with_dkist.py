"""Run by a Python that has dkist and nothing of epnkit: which files does a part need?

Usage: with_dkist.py ASDF PART [TILE]; prints, as JSON, the array's shape, the names of the files
that the part needs, and the different numbers in them if they are there.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import dkist  # type: ignore[import-not-found]  # noqa: E402
import numpy as np  # noqa: E402


def as_slice(token: str) -> int | slice:
    """Read one entry of a part."""
    if ":" not in token:
        return int(token)
    return slice(*(int(each) if each else None for each in token.split(":")))


def describe(dataset: Any, part: str) -> dict[str, Any]:
    """Slice a data set, and say what is needed and what comes."""
    sliced = dataset[tuple(as_slice(token) for token in part.split(","))]
    names = [str(name) for name in sliced.files.filenames]
    folder = Path(sliced.files.basepath)
    numbers = None
    if all((folder / name).is_file() for name in names):
        numbers = sorted({float(value) for value in np.unique(np.asarray(sliced.data))})
    return {"shape": list(dataset.data.shape), "names": names, "numbers": numbers}


def main(path: str, part: str, tile: str | None = None) -> None:
    """Open a data set and describe a part of it."""
    dataset = dkist.load_dataset(Path(path))
    if tile is not None:
        row, column = map(int, tile.split(","))
        dataset = dataset[row, column]
    print(json.dumps(describe(dataset, part)))


if __name__ == "__main__":
    main(*sys.argv[1:])
