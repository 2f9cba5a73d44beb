"""Tables in one file, one document a row: Parquet, VOTable, and JSON line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.sources.values.documents import flatten, parse_json
from epnkit.sources.values.extended_json import to_plain

#: How many rows of a Parquet file are held at once.
_ROWS = 10_000


def read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    """Read a Parquet file, in parts of 10,000 rows.

    Raises
    ------
    ValueError
        If it is none.
    """
    scanned = pl.scan_parquet(path)
    try:
        start = 0
        while len(part := scanned.slice(start, _ROWS).collect()):
            yield from map(flatten, part.iter_rows(named=True))
            start += _ROWS
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(str(error).split("\n")[0]) from None


def read_votable(path: Path) -> Iterator[dict[str, Any]]:
    """Read the first table of a VOTable; values that are null are left out of no row.

    Raises
    ------
    ValueError
        If it is no VOTable, or has no table.
    """
    from astropy.io.votable import parse

    try:
        table = parse(path, verify="ignore").get_first_table()
    except (IndexError, OSError) as error:
        raise ValueError(f"it has no table: {error}") from None
    names = [str(field.name) for field in table.fields]
    for row in table.array:
        yield {name: _plain_value(value) for name, value in zip(names, row.tolist(), strict=True)}


def _plain_value(value: Any) -> Any:
    """Return a cell as Python has it: a list for an array, text for bytes, None for no number."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if isinstance(value, float) and value != value else value


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read a file that has one JSON document a line (NDJSON).

    Raises
    ------
    ValueError
        If a line is no document.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            document = parse_json(line)
            if not isinstance(document, dict):
                raise ValueError(f"line {number} is no document, but {type(document).__name__}")
            yield flatten(to_plain(document))
