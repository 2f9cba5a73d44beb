"""Documents (JSON, BSON, headers) as columns of one type, the same in every batch."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson
import polars as pl

from epnkit.garbage import gc_paused
from epnkit.sources.base import UNREADABLE, WHOLE
from epnkit.sources.values.times import to_naive_utc
from epnkit.sources.values.unreadable import CONVERSION_ERRORS, Problems, add_problems, null_misfits

Document = Mapping[str, Any]

#: How many records are looked at to find the fields and their types.
SAMPLE = 1000

#: The types of plain values, in the order in which a mixture is taken for the later one.
_PLAIN: dict[type, pl.DataType] = {
    bool: pl.Boolean(),
    int: pl.Int64(),
    float: pl.Float64(),
    dt.datetime: pl.Datetime("us"),
    dt.date: pl.Date(),
    bytes: pl.Binary(),
}


#: The same, and texts.
_TYPES: dict[type, pl.DataType] = {**_PLAIN, str: pl.String()}


#: What Python writes of numbers that JSON does not have.
_CONSTANTS = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}


#: The most figures, or figures and a sign, of a whole number of 64 bits.
_MOST_FIGURES = 20

#: What Python's own reader of JSON takes beyond the standard: constants, halves of characters
#: and numbers that are too large for a float.
_LENIENT = re.compile(rb"NaN|Infinity|\\u[dD][89a-fA-F]|\d[eE]\+?\d{3}|\d{300}")

#: Half of a character, or a byte that is part of none.
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(text: bytes) -> Any:
    """Read JSON, also with the ``NaN``, taken as nothing, and ``Infinity`` that Python writes.

    Raises
    ------
    ValueError
        If it is no JSON.
    """
    with gc_paused():
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            # Half of a character, and a number beyond all numbers, cost themselves alone.
            if not _LENIENT.search(text):
                raise
            try:
                return json.loads(text, parse_constant=_CONSTANTS.get, parse_int=_parse_integer)
            except RecursionError:
                raise error from None


def _parse_integer(text: str) -> int | float:
    """Read a whole number as orjson does: one that 64 bits do not hold is a float."""
    if len(text) > _MOST_FIGURES:
        return float(text)
    found = int(text)
    return found if -(2**63) <= found < 2**64 else float(text)


class Note(str):
    """What is wrong with a document; no document can say it of itself."""

    __slots__ = ()


def flatten(document: Document, prefix: str = "") -> dict[str, Any]:
    """Take nested documents apart: ``{"a": {"b": 1}}`` becomes ``{"a.b": 1}``.

    If a field ``a.b`` stands beside that, neither counts.
    """
    found: dict[str, Any] = {}
    count = len(document)
    for name, value in document.items():
        if type(value) not in _TYPES and isinstance(value, Mapping) and value:
            inner = flatten(value, f"{prefix}{name}.")
            count += len(inner) - 1
            found |= inner
        else:
            found[f"{prefix}{name}"] = value
    return found if len(found) == count else _drop_doubled(document, prefix)


def _drop_doubled(document: Document, prefix: str) -> dict[str, Any]:
    """Leave out the values of fields that come out with one name, and say so."""
    found: dict[str, Any] = {}
    doubled, notes = set(), []
    for name, value in document.items():
        for inner, each in flatten({name: value}, prefix).items():
            if inner == UNREADABLE:
                notes.append(each)
            elif inner in found:
                doubled.add(inner)
            found[inner] = each
    notes += [f"{name}: two fields have this name" for name in sorted(doubled)]
    return found | dict.fromkeys(doubled) | {UNREADABLE: Note("; ".join(notes))}


def flatten_document(
    document: Any, convert: Callable[[Any], Any] = lambda value: value
) -> Document:
    """Take a document apart; one that is none, or too deep, is unreadable as a whole.

    Parameters
    ----------
    document : object
        Should be a mapping.
    convert : callable
        Brings its values to plain ones before.
    """
    try:
        plain = convert(document)
        if isinstance(plain, Mapping):
            return _drop_unnamed(flatten(plain))
    except RecursionError:
        return {UNREADABLE: f"{WHOLE}: it is nested too deep"}
    return {UNREADABLE: f"{WHOLE}: it is no document, but {type(document).__name__}"}


def _drop_unnamed(document: dict[str, Any]) -> Document:
    """Leave out the fields whose names are not UTF-8, and say so: no column can have such a name.

    Python keeps the bytes of such a name as single surrogates.
    """
    unnamed = [name for name in document if not name.isascii() and _SURROGATE.search(name)]
    if not unnamed:
        return document
    kept = {name: value for name, value in document.items() if name not in unnamed}
    shown = _SURROGATE.sub("?", unnamed[0])
    return kept | {UNREADABLE: f"{shown}: the name of this field is not UTF-8"}


def get_dotted(document: Any, name: str) -> Any:
    """Follow a dotted name into a nested document; None if it leads nowhere."""
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def infer_types(documents: Sequence[Document]) -> dict[str, pl.DataType]:
    """Find the fields of flat documents and a type for each.

    Returns
    -------
    dict
        Int64, Float64, Boolean, Datetime, Date or Binary if all values are of it, a List of
        one if some values are lists, and String for everything else and every mixture.
    """
    names = dict.fromkeys(name for document in documents for name in document)
    names.pop(UNREADABLE, None)
    return {name: _infer_type([d.get(name) for d in documents]) for name in names}


def _infer_type(values: Iterable[object]) -> pl.DataType:
    given = [value for value in values if value is not None]
    if not any(isinstance(value, list) for value in given):
        return _infer_plain_type(given)
    parts = [part for value in given for part in (value if isinstance(value, list) else [value])]
    return pl.List(_infer_plain_type([part for part in parts if part is not None]))


def _infer_plain_type(values: Sequence[object]) -> pl.DataType:
    kinds = {_PLAIN.get(type(value), pl.String()) for value in values}
    if kinds == {pl.Int64(), pl.Float64()}:
        return pl.Float64()
    return kinds.pop() if len(kinds) == 1 else pl.String()


def inner_type(dtype: pl.DataType) -> pl.DataType:
    """Return the type of a list's parts, or the type itself if it is no list."""
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    return inner if isinstance(inner, pl.DataType) else inner()


def build_frame(
    documents: Sequence[Document], types: Mapping[str, pl.DataType], where: str
) -> pl.DataFrame:
    """Build a batch of flat documents; a field that one does not have is null.

    Parameters
    ----------
    documents : sequence of mapping
        The documents; what stands in one under :data:`~epnkit.sources.base.UNREADABLE` stays.
    types : mapping of str to polars.DataType
        The fields, and their types.
    where : str
        The source, for messages.

    Returns
    -------
    polars.DataFrame
        A column a field; and :data:`~epnkit.sources.base.UNREADABLE`, if a value does not fit the
        type of its field, which is null then.
    """
    problems: Problems = {}
    for row, document in enumerate(documents):
        if document.get(UNREADABLE) is not None:
            problems[row] = [str(document[UNREADABLE])]
    columns = [
        _build_series(name, dtype, [d.get(name) for d in documents], problems)
        for name, dtype in types.items()
    ]
    return add_problems(pl.DataFrame(columns), problems)


def _build_series(
    name: str, dtype: pl.DataType, values: list[Any], problems: Problems
) -> pl.Series:
    try:
        return _build_fitting(name, dtype, values)
    except CONVERSION_ERRORS:
        fitting = null_misfits(
            name,
            values,
            lambda value: _build_fitting(name, dtype, [value]),
            problems,
            f"is not of type {dtype}",
        )
        return _build_fitting(name, dtype, fitting)


def _build_fitting(name: str, dtype: pl.DataType, values: list[Any]) -> pl.Series:
    if not isinstance(dtype, pl.List):
        values = _unwrap_single_lists(values)
    if not _is_uniform(values, dtype):
        values = [None if value is None else convert_value(value, dtype) for value in values]
    if isinstance(dtype, pl.List):
        return _build_lists(name, values, dtype)
    return pl.Series(name, values, dtype=dtype, strict=True)


def _build_lists(name: str, values: list[list[Any] | None], dtype: pl.List) -> pl.Series:
    """Build a column of lists out of all their parts at once: one at a time is ten times slower."""
    parts = list(chain.from_iterable(value for value in values if value))
    if not parts:
        return _build_empty_lists(name, values, dtype)
    lengths = pl.Series([None if value is None else len(value) for value in values], dtype=pl.Int64)
    rows = pl.int_range(len(values), eager=True)
    owners = rows.repeat_by(lengths.fill_null(0)).explode(empty_as_null=False)
    made = pl.DataFrame({"row": owners, "parts": pl.Series(parts, dtype=dtype.inner, strict=True)})
    grouped = made.group_by("row", maintain_order=True).agg("parts")
    every = pl.DataFrame({"row": rows, "length": lengths})
    joined = every.join(grouped, on="row", how="left", maintain_order="left")
    empty = pl.when(pl.col("length") == 0).then(pl.lit([], dtype=dtype))
    return joined.select(empty.otherwise("parts").alias(name)).to_series()


def _build_empty_lists(name: str, values: list[list[Any] | None], dtype: pl.List) -> pl.Series:
    given = pl.DataFrame({"given": [value is not None for value in values]})
    return given.select(pl.when("given").then(pl.lit([], dtype=dtype)).alias(name)).to_series()


def _unwrap_single_lists(values: list[Any]) -> list[Any]:
    """Unwrap lists of one value, which Elasticsearch's ``fields`` always gives."""
    if list not in set(map(type, values)):
        return values
    return [
        (value[0] if value else None) if isinstance(value, list) and len(value) < 2 else value
        for value in values
    ]


def _is_uniform(values: list[Any], dtype: pl.DataType) -> bool:
    """Return whether all values, or all parts of lists, are of the wanted type already."""
    kinds = set(map(type, values)) - {type(None)}
    if isinstance(dtype, pl.List):
        parts = chain.from_iterable(value for value in values if value)
        return kinds <= {list} and _is_uniform(list(parts), inner_type(dtype))
    return dtype != pl.Datetime and all(_TYPES.get(kind) == dtype for kind in kinds)


def convert_value(value: object, dtype: pl.DataType) -> object:
    """Convert one value to a field's type.

    Parameters
    ----------
    value : object
        The value, not None.
    dtype : polars.DataType
        The field's type.

    Raises
    ------
    ValueError
        If it cannot be converted, or something else of
        :data:`~epnkit.sources.values.unreadable.CONVERSION_ERRORS`.
    """
    if isinstance(dtype, pl.List):
        convert = _CONVERT.get(type(inner_type(dtype)), _as_text)
        parts = value if isinstance(value, list) else [value]
        return [None if part is None else convert(part) for part in parts]
    if isinstance(value, list) and dtype != pl.String:
        raise ValueError(f"several values, {str(value)[:60]}")
    return _CONVERT.get(type(dtype), _as_text)(value)


def _as_text(value: object) -> str | None:
    """Write any value as a text: what isn't plain as JSON; what is no number is nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return orjson.dumps(value, default=str).decode()


def _as_integer(value: object) -> int:
    if isinstance(value, str):
        return int(_require_figures(value))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int):
        return int(value)
    raise ValueError(f"{value!r} is not a whole number")


def _as_float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not a number")
    return float(_require_figures(value) if isinstance(value, str) else value)


def _require_figures(text: str) -> str:
    """Refuse what is a number to Python alone: ``1_000``, and figures beyond ASCII."""
    if "_" in text or not text.isascii():
        raise ValueError(f"{text!r} is not a number")
    return text


def _as_boolean(value: object) -> bool:
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError(f"{value!r} is neither true nor false")


def _as_date(value: object) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


_CONVERT: dict[type[pl.DataType], Callable[[object], object]] = {
    pl.Int64: _as_integer,
    pl.UInt64: _as_integer,
    pl.Float64: _as_float,
    pl.Boolean: _as_boolean,
    pl.Datetime: to_naive_utc,
    pl.Date: _as_date,
    pl.Binary: lambda value: value,
}
