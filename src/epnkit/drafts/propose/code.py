"""Values for a mapping, together with the Python that declares them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from epnkit.mapping.declare import Computed, of


@dataclass(frozen=True)
class Made:
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


def text(value: str) -> str:
    """Write a text as Python does, in double quotes, with everything odd escaped."""
    return json.dumps(value, ensure_ascii=False)


def constant(value: str | int | float) -> Made:
    """Declare one value for all granules."""
    return Made(value, text(value) if isinstance(value, str) else repr(value))


def column(name: str) -> Made:
    """Declare a field's value as it is."""
    return Made(pl.col(name), f"pl.col({text(name)})")


def literal(value: str) -> Made:
    """Declare a part of an identifier that is the same in all."""
    return Made(pl.lit(value), f"pl.lit({text(value)})")


def computed(function: Callable[..., Any], *arguments: str | Made, **settings: Any) -> Made:
    """Declare what a function of epnkit makes of fields, or of other values."""
    values = [each if isinstance(each, str) else each.value for each in arguments]
    value: Computed = of(function, *values, **settings)
    words = [text(each) if isinstance(each, str) else each.code for each in arguments]
    words += [f"{name}={_code(setting)}" for name, setting in settings.items()]
    return Made(value, f"of({', '.join([function.__name__, *words])})")


def divided(name: str, divisor: float) -> Made:
    """Declare a number in another unit."""
    if divisor == 1:
        return number(name)
    return Made(
        pl.col(name).cast(pl.Float64) / divisor,
        f"pl.col({text(name)}).cast(pl.Float64) / {divisor:g}",
    )


def number(name: str) -> Made:
    """Declare a field's value as a number, be it a text of one."""
    return Made(pl.col(name).cast(pl.Float64), f"pl.col({text(name)}).cast(pl.Float64)")


def kilobytes(name: str) -> Made:
    """Declare a size that is given in bytes (EPN-TAP wants kilobytes)."""
    return Made(
        (pl.col(name).cast(pl.Float64) / 1024).ceil(),
        f"(pl.col({text(name)}).cast(pl.Float64) / 1024).ceil()",
    )


def translated(name: str, words: dict[str, Any]) -> Made:
    """Declare a field's words in those of EPN-TAP."""
    value = pl.col(name).cast(pl.String).replace_strict(words, default=None)
    table = json.dumps(words, ensure_ascii=False)
    return Made(
        value, f"pl.col({text(name)}).cast(pl.String).replace_strict({table}, default=None)"
    )


def before(name: str, mark: str) -> Made:
    """Declare the part of a text that comes before a mark (ISTP's ``WIND>Wind Laboratory``)."""
    return Made(
        pl.col(name).str.split(mark).list.first().str.strip_chars(),
        f"pl.col({text(name)}).str.split({text(mark)}).list.first().str.strip_chars()",
    )


def _code(value: object) -> str:
    return text(value) if isinstance(value, str) else repr(value)
