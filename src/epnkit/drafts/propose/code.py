"""Values for a mapping, together with the Python that declares them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from epnkit.drafts.inspect.sample import Field
from epnkit.mapping.declare import Computed, compute
from epnkit.mapping.translations import translate
from epnkit.quoting import python_text, python_value

#: How many characters a date has.
_DATE_LENGTH = 10

#: The function of a mapping that a conversion is declared with.
COMPUTE = compute.__name__


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


def numbers_of(field: Field) -> str | CodeValue:
    """Declare the numbers of a field: its name, or its texts with points for decimal commas."""
    if not field.decimal_comma:
        return field.name
    code = f'pl.col({python_text(field.name)}).str.replace(",", ".")'
    return CodeValue(pl.col(field.name).str.replace(",", "."), code)


def _as_column(given: str | CodeValue) -> CodeValue:
    return column(given) if isinstance(given, str) else given


def column(name: str) -> CodeValue:
    """Declare a field's value as it is."""
    return CodeValue(pl.col(name), f"pl.col({python_text(name)})")


def text(name: str) -> CodeValue:
    """Declare a field's value as a text."""
    return CodeValue(pl.col(name).cast(pl.String), f"pl.col({python_text(name)}).cast(pl.String)")


def literal(value: str) -> CodeValue:
    """Declare a part of an identifier that is the same in all."""
    return CodeValue(pl.lit(value), f"pl.lit({python_text(value)})")


def call(function: Callable[..., Any], *arguments: str | CodeValue, **settings: Any) -> CodeValue:
    """Declare what a function of epnkit makes of fields, or of other values."""
    values = [each if isinstance(each, str) else each.value for each in arguments]
    value: Computed = compute(function, *values, **settings)
    words = [python_text(each) if isinstance(each, str) else each.code for each in arguments]
    words += [f"{name}={python_value(setting)}" for name, setting in settings.items()]
    return CodeValue(value, f"{COMPUTE}({', '.join([function.__name__, *words])})")


def join_texts(first: str | CodeValue, second: str | CodeValue, separator: str) -> CodeValue:
    """Declare the texts of two fields, or of other values, as one, with a mark between them."""
    given = (first, second)
    values = [each if isinstance(each, str) else each.value for each in given]
    words = ", ".join(python_text(each) if isinstance(each, str) else each.code for each in given)
    return CodeValue(
        pl.concat_str(*values, separator=separator),
        f"pl.concat_str({words}, separator={python_text(separator)})",
    )


def join_list(name: str) -> CodeValue:
    """Declare the texts of a list as one text."""
    return CodeValue(pl.col(name).list.join(","), f'pl.col({python_text(name)}).list.join(",")')


def scale(given: str | CodeValue, factor: float) -> CodeValue:
    """Declare a number in another unit: multiplied, or divided if the factor is below 1."""
    plain = number(given)
    if factor == 1:
        return plain
    if factor < 1:
        divisor = 1.0 / factor
        return CodeValue(plain.value / divisor, f"{plain.code} / {_write_number(divisor)}")
    return CodeValue(plain.value * factor, f"{plain.code} * {_write_number(factor)}")


def scale_by(given: str | CodeValue, by: str, factors: dict[str, float]) -> CodeValue:
    """Declare a number whose unit another field tells: multiplied by the factor for its value."""
    plain, factor = number(given), by_value(by, factors)
    return CodeValue(plain.value * factor.value, f"{plain.code} * {factor.code}")


def by_value(name: str, values: dict[str, Any]) -> CodeValue:
    """Declare one of some values, by a field's; none for a value that is not known."""
    return CodeValue(
        pl.col(name).replace_strict(values, default=None),
        f"pl.col({python_text(name)}).replace_strict({python_value(values)}, default=None)",
    )


def choose(name: str, given: CodeValue, otherwise: CodeValue) -> CodeValue:
    """Declare one value where a field has one, and another where it has none."""
    return CodeValue(
        pl.when(pl.col(name).is_not_null()).then(given.value).otherwise(otherwise.value),
        f"pl.when(pl.col({python_text(name)}).is_not_null()).then({given.code})"
        f".otherwise({otherwise.code})",
    )


def where_missing(names: tuple[str, ...], value: CodeValue) -> CodeValue:
    """Declare a value where none of some fields has one, and none elsewhere."""
    missing = pl.all_horizontal(pl.col(name).is_null() for name in names)
    listed = ", ".join(f"pl.col({python_text(name)}).is_null()" for name in names)
    return CodeValue(pl.when(missing).then(value.value), f"pl.when({listed}).then({value.code})")


def _write_number(value: float) -> str:
    """Write a number in few figures if they are enough: 1e+09."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


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


def first_value(values: list[CodeValue]) -> CodeValue:
    """Declare the first of one or more values that is there."""
    if len(values) == 1:
        return values[0]
    code = ", ".join(each.code for each in values)
    return CodeValue(pl.coalesce(*(each.value for each in values)), f"pl.coalesce({code})")


def least_of(values: list[CodeValue]) -> CodeValue:
    """Declare the least of several values of a record."""
    code = ", ".join(each.code for each in values)
    return CodeValue(
        pl.min_horizontal(*(each.value for each in values)), f"pl.min_horizontal({code})"
    )


def greatest_of(values: list[CodeValue]) -> CodeValue:
    """Declare the greatest of several values of a record."""
    code = ", ".join(each.code for each in values)
    return CodeValue(
        pl.max_horizontal(*(each.value for each in values)), f"pl.max_horizontal({code})"
    )


def with_clock(day: str, clock: str) -> CodeValue:
    """Declare a time, of which the time of day is in another field if the first has only a date."""
    name, joined = python_text(day), join_texts(day, clock, "T")
    whole = pl.col(day).str.len_chars() > _DATE_LENGTH
    value = pl.when(whole).then(pl.col(day)).otherwise(pl.coalesce(joined.value, pl.col(day)))
    code = (
        f"pl.when(pl.col({name}).str.len_chars() > {_DATE_LENGTH}).then(pl.col({name}))"
        f".otherwise(pl.coalesce({joined.code}, pl.col({name})))"
    )
    return CodeValue(value, code)


def number_or_null(given: str | CodeValue) -> CodeValue:
    """Declare the numbers of a field; texts that are none, 0 and -1 stand for nothing."""
    plain = _as_column(given)
    value = plain.value.cast(pl.Float64, strict=False)
    code = f"{plain.code}.cast(pl.Float64, strict=False)"
    return CodeValue(value.replace([0.0, -1.0], None), f"{code}.replace([0.0, -1.0], None)")


def number(given: str | CodeValue) -> CodeValue:
    """Declare a field's value, or another one, as a number, be it a text of one."""
    plain = _as_column(given)
    return CodeValue(plain.value.cast(pl.Float64), f"{plain.code}.cast(pl.Float64)")


def longitude(given: str | CodeValue) -> CodeValue:
    """Declare a longitude from 0 to 360 degrees, where a field counts from -180."""
    plain = number(given)
    return CodeValue(plain.value % 360.0, f"{plain.code} % 360.0")


def opposite(given: str | CodeValue, around: bool) -> CodeValue:
    """Declare an angle that is counted the other way: a longitude to the west, or a latitude.

    Parameters
    ----------
    given : str or CodeValue
        The field, or its numbers.
    around : bool
        Whether it is a longitude, from 0 to 360 degrees.
    """
    plain = number(given)
    if around:
        return CodeValue(-plain.value % 360.0, f"-{plain.code} % 360.0")
    return CodeValue(-plain.value, f"-{plain.code}")


def apply_sign(given: str | CodeValue, side: str, negative: str) -> CodeValue:
    """Declare an angle whose sign is a letter in another field; one of E or W is a longitude."""
    plain, mark = number(given), python_text(negative)
    down = pl.col(side).str.strip_chars() == negative
    value = pl.when(down).then(-plain.value).otherwise(plain.value)
    code = (
        f"pl.when(pl.col({python_text(side)}).str.strip_chars() == {mark})"
        f".then(-{plain.code}).otherwise({plain.code})"
    )
    around = negative in "EW"
    return CodeValue(value % 360.0, f"{code} % 360.0") if around else CodeValue(value, code)


def kilobytes(name: str) -> CodeValue:
    """Declare a size that is given in bytes (EPN-TAP wants kilobytes)."""
    return CodeValue(
        (pl.col(name).cast(pl.Float64) / 1024).ceil(),
        f"(pl.col({python_text(name)}).cast(pl.Float64) / 1024).ceil()",
    )


def translation(name: str, words: dict[str, Any]) -> CodeValue:
    """Declare a field's words in those of EPN-TAP; a word that is not known is refused."""
    return call(translate, name, words=words)


def part_before(name: str, mark: str) -> CodeValue:
    """Declare the part of a text that comes before a mark (ISTP's ``WIND>Wind Laboratory``)."""
    return CodeValue(
        pl.col(name).str.split(mark).list.first().str.strip_chars(),
        f"pl.col({python_text(name)}).str.split({python_text(mark)}).list.first().str.strip_chars()",
    )
