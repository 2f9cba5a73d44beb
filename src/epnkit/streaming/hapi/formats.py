"""HAPI's three formats of data; each makes the same values of a block.

A value of single precision is written as the double that it is, so that CSV, binary and JSON give
the same number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from epnkit.streaming.blocks import Block
from epnkit.streaming.feeds import Parameter, dtype_of, shape_of
from epnkit.streaming.hapi.requests import Format
from epnkit.streaming.times import time_length, write_times

#: The media type of each format.
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "binary": "application/octet-stream",
    "json": "application/json",
}

#: Formats that always begin with metadata.
FORMATS_WITH_METADATA = ("json",)

_TEXTS = ("string", "isotime")


def write_data(
    blocks: Iterable[Block],
    parameters: Sequence[Parameter],
    form: Format,
    digits: int,
    header: dict[str, Any] | None = None,
) -> Iterator[bytes]:
    """Write blocks in one of the formats.

    Parameters
    ----------
    blocks : iterable of Block
        The records.
    parameters : sequence of Parameter
        What their columns are.
    form : {"csv", "binary", "json"}
        The format.
    digits : int
        Digits of a second in times.
    header : dict, optional
        The metadata that come first; JSON always has them.
    """
    if form == "json":
        yield from _write_json(blocks, parameters, digits, header or {})
        return
    if header is not None:
        yield comment_header({**header, "format": form})
    write = _write_binary if form == "binary" else _write_csv
    for block in blocks:
        yield write(block, parameters, digits)


def comment_header(header: dict[str, Any]) -> bytes:
    """Write metadata in front of CSV or binary data: each line begins with a hash."""
    text = orjson.dumps(header, option=orjson.OPT_INDENT_2)
    return b"".join(b"#" + line + b"\n" for line in text.split(b"\n"))


def _write_binary(block: Block, parameters: Sequence[Parameter], digits: int) -> bytes:
    fields = [("Time", f"S{time_length(digits)}")]
    fields += [(each.name, dtype_of(each), shape_of(each)) for each in parameters]  # type: ignore[misc]
    records = np.empty(len(block.times), np.dtype(fields))
    records["Time"] = write_times(block.times, digits)
    for each, values in zip(parameters, block.columns, strict=True):
        records[each.name] = values
    return records.tobytes()


def _write_csv(block: Block, parameters: Sequence[Parameter], digits: int) -> bytes:
    if any(each.type in _TEXTS for each in parameters):
        return _write_csv_of_texts(block, parameters, digits)
    times = write_times(block.times, digits).astype(str).tolist()
    wide = (_as_rows(values) for values in block.columns)
    written = _dump_rows(times, list(wide))
    # What remains of JSON is the commas: no number and no time has brackets or quotes.
    lines = written.replace(b'],["', b"\n")
    return lines.translate(None, b'[]"') + b"\n"


def _as_rows(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Give each value of a scalar a row of its own."""
    return np.ascontiguousarray(values.reshape(len(values), -1))


def _dump_rows(times: list[str], columns: list[Any]) -> bytes:
    rows = list(zip(times, *columns, strict=True))
    return orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)


def _write_csv_of_texts(block: Block, parameters: Sequence[Parameter], digits: int) -> bytes:
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerows(
        [part for value in record for part in (value if isinstance(value, list) else [value])]
        for record in _list_records(block, parameters, digits)
    )
    return written.getvalue().encode()


def _list_records(block: Block, parameters: Sequence[Parameter], digits: int) -> Iterator[Any]:
    times = write_times(block.times, digits).astype(str).tolist()
    columns = (
        _to_list(each, values) for each, values in zip(parameters, block.columns, strict=True)
    )
    return zip(times, *columns, strict=True)


def _to_list(parameter: Parameter, values: np.ndarray[Any, Any]) -> list[Any]:
    if parameter.type in _TEXTS:
        return [text.decode() for text in values.tolist()]
    return list(values.tolist())


def _write_json(
    blocks: Iterable[Block], parameters: Sequence[Parameter], digits: int, header: dict[str, Any]
) -> Iterator[bytes]:
    yield orjson.dumps({**header, "format": "json"})[:-1] + b',"data":[\n'
    separator = b""
    for block in blocks:
        # Scalars as Python's numbers, spectra as arrays, which orjson writes faster.
        times = write_times(block.times, digits).astype(str).tolist()
        columns = [
            np.ascontiguousarray(values) if values.ndim > 1 else _to_list(each, values)
            for each, values in zip(parameters, block.columns, strict=True)
        ]
        yield separator + _dump_rows(times, columns)[1:-1].replace(b'],["', b'],\n["')
        separator = b",\n"
    yield b"\n]}\n"
