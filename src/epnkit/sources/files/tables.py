"""Tables in one file, one document a row: Parquet, VOTable, and JSON line by line."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from epnkit.sources.base import UNREADABLE
from epnkit.sources.values.documents import Note, flatten, parse_json
from epnkit.sources.values.extended_json import to_plain
from epnkit.sources.values.unreadable import describe_problem
from epnkit.tables import detect_encoding

#: What a VOTable declares to stand for no value (VOTable 1.4, section 4.6), and within how many
#: bytes it is looked for.
_NULL = re.compile(r"""<VALUES[^>]*\snull\s*=\s*["']([^"']*)["']""")
_HEAD = 1024 * 1024

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
    dated = [
        name for name, dtype in part.schema.items() if isinstance(dtype, pl.Datetime | pl.Date)
    ]
    outside = {n: (~part[n].dt.year().is_between(1, 9999)).fill_null(value=False) for n in dated}
    texts = {name: part[name].cast(pl.String) for name, mask in outside.items() if mask.any()}
    kept = part.with_columns(
        part[name].zip_with(~outside[name], part[name].clear(len(part))) for name in texts
    )
    for number, row in enumerate(kept.iter_rows(named=True)):
        why = "is no time of the years 1 to 9999"
        notes = [
            describe_problem(name, text[number], why)
            for name, text in texts.items()
            if outside[name][number]
        ]
        yield flatten(row) | ({UNREADABLE: Note("; ".join(notes))} if notes else {})


def read_votable(path: Path) -> Iterator[dict[str, Any]]:
    """Read the first table of a VOTable; values that are null are left out of no row.

    Raises
    ------
    ValueError
        If it is no VOTable, has no table, or holds a number that the type of its field does not.
    """
    from astropy.io.votable import parse
    from astropy.io.votable.exceptions import W51

    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            table = parse(path, verify="warn").get_first_table()
        except (IndexError, OSError) as error:
            raise ValueError(f"it has no table: {error}") from None
    clipped = [str(each.message) for each in raised if each.category is W51]
    for message in _without_declared_nulls(clipped, path):
        # astropy takes the nearest number of the type instead
        raise ValueError(message.partition("W51: ")[2])
    names = [str(field.name) for field in table.fields]
    # Not a masked row as it is: numpy cannot list one that has texts of any length.
    hidden = np.ma.getmaskarray(table.array)  # type: ignore[no-untyped-call]
    for row, masks in zip(table.array.data, hidden, strict=True):
        cells = zip(names, row.tolist(), masks, strict=True)
        yield {name: _read_cell(value, mask) for name, value, mask in cells}


def _read_cell(value: Any, hidden: Any) -> Any:
    """Return a cell, or an array of which some elements are masked, as Python has it."""
    if np.ndim(hidden) and np.any(hidden) and not np.all(hidden):
        return _plain_value(np.ma.array(value, mask=hidden))  # type: ignore[no-untyped-call]
    return None if np.all(hidden) and np.size(hidden) else _plain_value(value)


def _without_declared_nulls(messages: list[str], path: Path) -> list[str]:
    """Leave out what is said of a value that stands for none, which its type need not hold."""
    if not messages:
        return []
    with path.open("rb") as stream:
        nulls = _NULL.findall(stream.read(_HEAD).decode("latin-1"))
    return [each for each in messages if not any(f"'{null}'" in each for null in nulls)]


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
