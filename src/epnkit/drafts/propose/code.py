"""Values for a mapping, together with the Python that declares them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from epnkit.mapping.declare import Computed, of
from epnkit.quoting import python_text, python_value


@dataclass(frozen=True)
class CodeValue:
    """A value as a mapping takes it, and how it is written in ``service.py``.

    Parameters
    ----------
    value
        A constant, an expression, or a conversion of fields.
    code : str
        The same in Python.
    """

    value: Any
    code: str


def constant(value: str | int | float) -> CodeValue:
    """Declare one value for all granules."""
    return CodeValue(value, python_value(value))


def column(name: str) -> CodeValue:
    """Declare a field's value as it is."""
    return CodeValue(pl.col(name), f"pl.col({python_text(name)})")


def literal(value: str) -> CodeValue:
    """Declare a part of an identifier that is the same in all."""
    return CodeValue(pl.lit(value), f"pl.lit({python_text(value)})")


def call(function: Callable[..., Any], *arguments: str | CodeValue, **settings: Any) -> CodeValue:
    """Declare what a function of epnkit makes of fields, or of other values."""
    values = [each if isinstance(each, str) else each.value for each in arguments]
    value: Computed = of(function, *values, **settings)
    words = [python_text(each) if isinstance(each, str) else each.code for each in arguments]
    words += [f"{name}={python_value(setting)}" for name, setting in settings.items()]
    return CodeValue(value, f"of({', '.join([function.__name__, *words])})")


def joint(first: str, second: str, separator: str) -> CodeValue:
    """Declare the texts of two fields as one, with a mark between them."""
    words = ", ".join(map(python_text, (first, second)))
    return CodeValue(
        pl.concat_str(first, second, separator=separator),
        f"pl.concat_str({words}, separator={python_text(separator)})",
    )


def joined_list(name: str) -> CodeValue:
    """Declare the texts of a list as one text."""
    return CodeValue(pl.col(name).list.join(","), f'pl.col({python_text(name)}).list.join(",")')


def quotient(name: str, divisor: float) -> CodeValue:
    """Declare a number in another unit."""
    if divisor == 1:
        return number(name)
    return CodeValue(
        pl.col(name).cast(pl.Float64) / divisor,
        f"pl.col({python_text(name)}).cast(pl.Float64) / {divisor:g}",
    )


def fill_nulls(name: str, value: str | float) -> CodeValue:
    """Declare a field's value, and another one where there is none."""
    cast = ".cast(pl.String)" if isinstance(value, str) else ""
    field = pl.col(name).cast(pl.String) if isinstance(value, str) else pl.col(name)
    return CodeValue(
        field.fill_null(value),
        f"pl.col({python_text(name)}){cast}.fill_null({python_value(value)})",
    )


def first_of(names: tuple[str, ...]) -> CodeValue:
    """Declare the first of several fields that has a value."""
    return CodeValue(
        pl.coalesce(*names), f"pl.coalesce({', '.join(python_text(name) for name in names)})"
    )


def number(name: str) -> CodeValue:
    """Declare a field's value as a number, be it a text of one."""
    return CodeValue(pl.col(name).cast(pl.Float64), f"pl.col({python_text(name)}).cast(pl.Float64)")


def longitude(name: str) -> CodeValue:
    """Declare a longitude from 0 to 360 degrees, where a field counts from -180."""
    return CodeValue(
        pl.col(name).cast(pl.Float64) % 360.0,
        f"pl.col({python_text(name)}).cast(pl.Float64) % 360.0",
    )


def kilobytes(name: str) -> CodeValue:
    """Declare a size that is given in bytes (EPN-TAP wants kilobytes)."""
    return CodeValue(
        (pl.col(name).cast(pl.Float64) / 1024).ceil(),
        f"(pl.col({python_text(name)}).cast(pl.Float64) / 1024).ceil()",
    )


def translation(name: str, words: dict[str, Any]) -> CodeValue:
    """Declare a field's words in those of EPN-TAP."""
    value = pl.col(name).cast(pl.String).replace_strict(words, default=None)
    table = python_value(words)
    return CodeValue(
        value, f"pl.col({python_text(name)}).cast(pl.String).replace_strict({table}, default=None)"
    )


def part_before(name: str, mark: str) -> CodeValue:
    """Declare the part of a text that comes before a mark (ISTP's ``WIND>Wind Laboratory``)."""
    return CodeValue(
        pl.col(name).str.split(mark).list.first().str.strip_chars(),
        f"pl.col({python_text(name)}).str.split({python_text(mark)}).list.first().str.strip_chars()",
    )
