"""Tables in one file, one document a row: Parquet, VOTable, and JSON line by line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from epnkit.sources.base import UNREADABLE
from epnkit.sources.values.columns import convert_columns, field_type
from epnkit.sources.values.documents import Note, flatten, parse_json
from epnkit.sources.values.extended_json import to_plain
from epnkit.tables import detect_encoding

#: How many numbers that a type does not hold are named.
_NAMED = 3

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
            yield from _read_rows(part)
            start += _ROWS
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(str(error).split("\n")[0]) from None


def _read_rows(part: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Give rows as Python has them, which has only the years 1 to 9999; name other times."""
    dated = {n: d for n, d in part.schema.items() if isinstance(d, pl.Datetime | pl.Date)}
    kept = part.with_columns(convert_columns(dated, {n: field_type(d) for n, d in dated.items()}))
    for row in kept.iter_rows(named=True):
        problem = row.pop(UNREADABLE, None)
        yield flatten(row) | ({UNREADABLE: Note(problem)} if problem else {})


def read_votable(path: Path) -> Iterator[dict[str, Any]]:
    """Read the first table of a VOTable; values that are null are left out of no row.

    Raises
    ------
    ValueError
        If it is no VOTable, has no table, or holds a number that the type of its field does not.
    """
    from astropy.io.votable import parse
    from astropy.io.votable.exceptions import W51, conf

    with (
        warnings.catch_warnings(record=True) as raised,
        conf.set_temp("max_warnings", sys.maxsize),  # else the eleventh of a kind is not raised
    ):
        warnings.simplefilter("always")
        try:
            table = parse(path, verify="warn").get_first_table()
        except (IndexError, OSError) as error:
            raise ValueError(f"it has no table: {error}") from None
    clipped = [str(each.message).partition("W51: ")[2] for each in raised if each.category is W51]
    if clipped:  # astropy takes the nearest number of the type instead
        raise ValueError("; ".join(list(dict.fromkeys(clipped))[:_NAMED]))
    # Not a masked row as it is: numpy cannot list one that has texts of any length.
    hidden = np.ma.getmaskarray(table.array)  # type: ignore[no-untyped-call]
    columns = [_read_column(table.array.data[n], hidden[n]) for n in table.array.dtype.names]
    names = [str(field.name) for field in table.fields]
    for row in zip(*columns, strict=True):
        yield dict(zip(names, row, strict=True))


def _read_column(values: Any, hidden: Any) -> list[Any]:
    if hidden.ndim > 1 or values.dtype == object:
        return [_read_cell(*each) for each in zip(values, hidden, strict=True)]
    pairs = zip(values.tolist(), hidden.tolist(), strict=True)
    return [None if mask else _plain_value(value) for value, mask in pairs]


def _read_cell(value: Any, hidden: Any) -> Any:
    """Return a cell, or an array of which some elements are masked, as Python has it."""
    if np.ndim(hidden) and np.any(hidden) and not np.all(hidden):
        return _plain_value(np.ma.array(value, mask=hidden))  # type: ignore[no-untyped-call]
    return None if np.all(hidden) and np.size(hidden) else _plain_value(value)


def _plain_value(value: Any) -> Any:
    """Return a cell as Python has it: a list for an array, text for bytes, None for no number."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return None if value == "" or (isinstance(value, float) and value != value) else value


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read a file that has one JSON document a line (NDJSON).

    Raises
    ------
    ValueError
        If a line is no document.
    """
    with path.open(encoding=detect_encoding(path)) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            document = parse_json(line.encode())
            if not isinstance(document, dict):
                raise ValueError(f"line {number} is no document, but {type(document).__name__}")
            yield flatten(to_plain(document))
