"""From the rows of a database to columns of one type, the same in every batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from epnkit.modules import requires_extra
from epnkit.sources.values.times import to_naive_utc
from epnkit.sources.values.unreadable import (
    CONVERSION_ERRORS,
    Problems,
    add_problems,
    null_misfits,
    record_failures,
)

Row = Sequence[Any]

_PYTHON: dict[type, pl.DataType] = {
    bool: pl.Boolean(),
    int: pl.Int64(),
    float: pl.Float64(),
    Decimal: pl.Float64(),
    str: pl.String(),
    dt.datetime: pl.Datetime("us"),
    dt.date: pl.Date(),
    dt.time: pl.Time(),
    dt.timedelta: pl.Duration("us"),
    bytes: pl.Binary(),
    bytearray: pl.Binary(),
    memoryview: pl.Binary(),
}

_NONE: frozenset[type] = frozenset({type(None)})


@dataclass(frozen=True)
class SqlColumn:
    """A column of a result: its name, the type it gets, and how its bytes are read.

    Parameters
    ----------
    name : str
        As the database spells it.
    dtype : polars.DataType
        What the column becomes.
    encoding : str, optional
        The encoding of bytes that are text.
    from_driver : bool
        Whether the type is the driver's own, rather than declared or inferred.
    lossy : bool
        Whether values may lose digits: decimals and single precision become doubles.
    database_type : str
        The type in the database, if it decides how values are selected: PostgreSQL's own name of
        it, for MariaDB and MySQL polars's name of what the driver gives.
    in_order_by : bool
        Whether records are ordered by the column: values must be selected as the database compares
        them, since reading continues by them.
    selected_as_text : bool
        Whether it is a date or time that is selected as text.
    is_hex : bool
        Whether it is selected as the hexadecimal digits of its bytes.
    expression : str
        The SQL expression that selects it; empty if the column itself is selected.
    """

    name: str
    dtype: pl.DataType
    encoding: str | None = None
    from_driver: bool = True
    lossy: bool = False
    database_type: str = ""
    in_order_by: bool = False
    selected_as_text: bool = False
    is_hex: bool = False
    expression: str = ""

    @property
    def field(self) -> str:
        """The name under which records carry it."""
        return self.name.lower()


def type_of_python(kind: object) -> pl.DataType | None:
    """Return the column type for a Python type; None if it is unknown. A decimal stays one."""
    if kind is Decimal:
        return pl.Decimal()
    return _PYTHON.get(kind) if isinstance(kind, type) else None


def parse_type(name: str) -> pl.DataType:
    """Return the type that a source's schema names: ``Float64``, ``List(String)``.

    Parameters
    ----------
    name : str
        The type as polars writes it; times become microseconds without a zone, as everywhere.

    Examples
    --------
    >>> parse_type("List(Int64)")
    List(Int64)
    """
    kind, _, inner = name.partition("(")
    if kind == "List":
        return pl.List(parse_type(inner.removesuffix(")")))
    return pl.Datetime("us") if kind == "Datetime" else getattr(pl, kind)()


def infer_type(values: Sequence[object]) -> pl.DataType:
    """Infer a column's type from values: one type, a float for mixed numbers, else text."""
    kinds = {_PYTHON.get(type(value), pl.String()) for value in values if value is not None}
    if kinds == {pl.Int64(), pl.Float64()}:
        return pl.Float64()
    return kinds.pop() if len(kinds) == 1 else pl.String()


def build_frame(rows: Sequence[Row], columns: Sequence[SqlColumn]) -> pl.DataFrame:
    """Build a batch.

    Parameters
    ----------
    rows : sequence of sequences
        The rows from the driver.
    columns : sequence of SqlColumn
        The columns of the batch.

    Returns
    -------
    polars.DataFrame
        The batch; it has a column :data:`~epnkit.sources.base.UNREADABLE` if a value does not fit
        the type of its column, and is null.
    """
    lists = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    problems: Problems = {}
    series = [
        _build_series(column, values, problems)
        for column, values in zip(columns, lists, strict=True)
    ]
    return add_problems(pl.DataFrame(series), problems)


def _build_series(column: SqlColumn, values: Sequence[object], problems: Problems) -> pl.Series:
    if column.selected_as_text:
        texts = [None if value is None else str(value) for value in values]
        return parse_temporal_text(
            pl.Series(column.field, texts, dtype=pl.String), column, problems
        )

    if column.is_hex:
        values = [None if value is None else bytes.fromhex(str(value)) for value in values]

    def build(given: Sequence[object]) -> pl.Series:
        fitted = _convert_values(column, given)
        return pl.Series(column.field, fitted, dtype=column.dtype, strict=True)

    try:
        return build(values)
    except CONVERSION_ERRORS:
        why = f"is not of type {column.dtype}"
        if column.dtype == pl.String:
            why = "is no text in its encoding (see `encoding` in the source file)"
        return build(null_misfits(column.field, values, lambda v: build([v]), problems, why))


def parse_temporal_text(texts: pl.Series, column: SqlColumn, problems: Problems) -> pl.Series:
    """Parse dates or times that the database wrote as texts.

    Parameters
    ----------
    texts : polars.Series
        The texts.
    column : SqlColumn
        The column that they are from.
    problems : dict
        Texts that are no date or time of Python are noted here, and become null.
    """
    parsed = _parse_at_once(texts, column.dtype)
    if parsed is None:
        parse = _PARSERS[type(column.dtype)]
        values = [None if text is None else _parse_one(parse, text) for text in texts]
        parsed = pl.Series(column.field, values, dtype=column.dtype)
        what = "date" if column.dtype == pl.Date else "time"
        record_failures(problems, texts, parsed, f"is no {what} of the years 1 to 9999")
    return parsed


def _parse_at_once(texts: pl.Series, dtype: pl.DataType) -> pl.Series | None:
    """Parse all by Arrow, which is quick; return None if it refuses one."""
    with requires_extra("sql"):
        import pyarrow as pa

    if dtype == pl.Time:
        return None
    wanted = pa.date32() if dtype == pl.Date else pa.timestamp("us")
    try:
        found = texts.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(wanted)
    except pa.ArrowInvalid:
        return None
    parsed = pl.Series(texts.name, pl.from_arrow(found), dtype=dtype)
    # Python has no year 0.
    return None if (parsed.dt.year() < 1).any() else parsed


def _parse_one(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except ValueError:
        return None


#: How a text of the database is parsed; a column of times may be declared as dates.
_PARSERS: Mapping[type[pl.DataType], Callable[[str], object]] = {
    pl.Date: lambda text: dt.datetime.fromisoformat(text).date(),
    pl.Datetime: dt.datetime.fromisoformat,
    pl.Time: dt.time.fromisoformat,
}


def _convert_values(column: SqlColumn, values: Sequence[object]) -> Sequence[object]:
    """Convert the values of a column, unless they have the wanted type already."""
    kinds = frozenset(map(type, values)) - _NONE
    wanted = {kind for kind, dtype in _PYTHON.items() if dtype == column.dtype}
    if kinds <= wanted - {Decimal, bytearray, memoryview} and not _has_zone(values):
        return values
    convert = _converter(column)
    return [None if value is None else convert(value) for value in values]


def _has_zone(values: Sequence[object]) -> bool:
    """Return whether times carry a zone; a driver gives either all of them one or none."""
    first = next((value for value in values if value is not None), None)
    return isinstance(first, dt.datetime) and first.tzinfo is not None


def _converter(column: SqlColumn) -> Callable[[Any], object]:
    if column.dtype == pl.String:
        return lambda value: _as_text(value, column.encoding or "utf-8")
    if isinstance(column.dtype, pl.List):
        return lambda value: parse_array(value, column.dtype)
    return _CONVERTERS.get(type(column.dtype), lambda value: value)


def _as_text(value: object, encoding: str) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(encoding)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _as_date(value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def _as_integer(value: object) -> int:
    number = Decimal(str(value))
    if number != number.to_integral_value():
        raise ValueError(f"{value!r} is not a whole number")
    return int(number)


def _as_boolean(value: object) -> bool:
    """Convert a flag: PyMySQL gives a bit as a byte, and a text may be a word."""
    if isinstance(value, str):
        found = _FLAGS.get(value.strip().lower())
        if found is None:
            raise ValueError(f"{value!r} is neither true nor false")
        return found
    return any(value) if isinstance(value, bytes) else bool(value)


#: Texts that are flags.
_FLAGS = {
    **dict.fromkeys(("1", "t", "true", "y", "yes", "on"), True),
    **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False),
}


def _as_time(value: object) -> dt.time:
    """Convert a time of day; PyMySQL gives the time since midnight."""
    if isinstance(value, dt.timedelta):
        return (dt.datetime.min + value).time()
    return value if isinstance(value, dt.time) else dt.time.fromisoformat(str(value))


def parse_array(value: Any, dtype: pl.DataType) -> list[object]:
    """Parse an array that PostgreSQL wrote as JSON; one of several dimensions is flattened."""
    parts = orjson.loads(value) if isinstance(value, str | bytes) else value
    flat = list(_flatten(parts)) if isinstance(parts, list) else [parts]
    inner = dtype.inner if isinstance(dtype, pl.List) else pl.String()
    if inner == pl.Float64:  # JSON has texts for what is no number
        return [None if part is None else float(part) for part in flat]
    if inner == pl.String:
        return [part if part is None or isinstance(part, str) else _as_json(part) for part in flat]
    return flat


def _flatten(parts: list[Any]) -> Iterator[Any]:
    for part in parts:
        yield from _flatten(part) if isinstance(part, list) else (part,)


def _as_json(value: object) -> str:
    return orjson.dumps(value).decode()


_CONVERTERS: Mapping[type[pl.DataType], Callable[[Any], object]] = {
    pl.Int64: _as_integer,
    pl.Float64: float,
    pl.Boolean: _as_boolean,
    pl.Time: _as_time,
    pl.Datetime: to_naive_utc,
    pl.Date: _as_date,
    pl.Binary: bytes,
}
