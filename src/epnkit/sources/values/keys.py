r"""Keys of records as one text each, the form in which the tracking table holds them.

The values of a key's fields are joined by vertical bars. So that no two keys have one text, and any
text gives its key back, some values are written in another way, which ordinary ones are not:

- null is written ``\N``;
- a text with a NUL, or one that begins as these forms do (``\x`` or ``\N``), is written ``\x``,
  followed by its bytes in UTF-8 as capital hexadecimal figures;
- so is a text with a bar, except in the last field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

#: How null is written.
NULL = "\\N"

#: What stands before figures.
FIGURES = "\\x"

#: What separates the values of a key.
SEPARATOR = "|"

_SPECIAL = re.compile(r"\\[xN]")


def key_expression(names: Sequence[str]) -> pl.Expr:
    """Return the key of each record of a frame.

    Parameters
    ----------
    names : sequence of str
        The fields that make the key.
    """
    last = len(names) - 1
    parts = [
        _part_expression(pl.col(name).cast(pl.String), n == last) for n, name in enumerate(names)
    ]
    return pl.concat_str(parts, separator=SEPARATOR)


def _part_expression(text: pl.Expr, is_last: bool) -> pl.Expr:
    special = text.str.contains("\x00", literal=True) | text.str.contains(r"^\\[xN]")
    if not is_last:
        special |= text.str.contains(SEPARATOR, literal=True)
    figures = pl.lit(FIGURES) + text.str.encode("hex").str.to_uppercase()
    return pl.when(special).then(figures).otherwise(text).fill_null(NULL)


def write_key(values: Sequence[str | int | None]) -> str:
    r"""Write a key.

    Examples
    --------
    >>> write_key(["2021/a.fits", 3])
    '2021/a.fits|3'
    >>> print(write_key(["a|b", None]))
    \x617C62|\N
    """
    last = len(values) - 1
    return SEPARATOR.join(_write_part(value, n == last) for n, value in enumerate(values))


def _write_part(value: str | int | None, is_last: bool) -> str:
    if value is None:
        return NULL
    text = str(value)
    if "\0" in text or _SPECIAL.match(text) or (not is_last and SEPARATOR in text):
        return FIGURES + text.encode().hex().upper()
    return text


def read_key(key: str, fields: int) -> list[str | None]:
    """Take a key apart that has so many fields.

    Examples
    --------
    >>> read_key("2021/a.fits|3", 2)
    ['2021/a.fits', '3']
    """
    return [_read_part(part) for part in key.split(SEPARATOR, fields - 1)]


def _read_part(text: str) -> str | None:
    if text == NULL:
        return None
    return bytes.fromhex(text[2:]).decode() if text.startswith(FIGURES) else text
