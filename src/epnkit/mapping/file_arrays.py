"""The arrays of files that data sets are made of, as the web server reads them."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import polars as pl

from epnkit.mapping.outcome import Outcome


def file_array(parts: pl.Series, url: pl.Series) -> Outcome:
    """Write arrays of files for the column ``file_array``, which the service ``files`` reads.

    Parameters
    ----------
    parts : polars.Series
        JSON: a list with an object for each part (each tile of a mosaic), which has ``grid``, the
        lengths of the axes along which there are files; ``frame``, the shape of what a file holds;
        ``names``, the files, the last axis fastest; and perhaps ``hdu`` and ``tile``.
    url : polars.Series
        What the names are appended to; without it the service gives names alone.

    Returns
    -------
    Outcome
        Compressed JSON (zlib) in base64: a text without a character that EPN-TAP forbids.

    Examples
    --------
    >>> parts = pl.Series(['[{"grid":[2],"frame":[],"names":["a","b"]}]', None])
    >>> made = file_array(parts, pl.Series(["https://e.example/", None])).values
    >>> read_file_array(made[0])["url"], made[1]
    ('https://e.example/', None)
    """
    made = [
        None if text is None else _pack(text, address)
        for text, address in zip(parts, url, strict=True)
    ]
    return Outcome.fine(pl.Series("file_array", made, dtype=pl.String))


def file_list(names: pl.Series, urls: pl.Series, sizes: pl.Series) -> Outcome:
    """Write lists of files for the column ``file_array``: a part of them can be asked for.

    Parameters
    ----------
    names, urls : polars.Series
        The files of each record and their addresses, lists of texts of the same lengths; other
        lengths are no addresses.
    sizes : polars.Series
        Their lengths in bytes, lists of numbers.

    Returns
    -------
    Outcome
        As of :func:`file_array`; null without a file.

    Examples
    --------
    >>> names, urls = pl.Series([["a.fits"], []]), pl.Series([["https://e.example/1"], []])
    >>> made = file_list(names, urls, pl.Series([[2880], []])).values
    >>> read_file_array(made[0])["parts"][0]["urls"], made[1]
    (['https://e.example/1'], None)
    """
    rows = zip(names.to_list(), urls.to_list(), sizes.to_list(), strict=True)
    made = [_pack(json.dumps([_describe_list(*row)]), None) if row[0] else None for row in rows]
    return Outcome.fine(pl.Series("file_array", made, dtype=pl.String))


def _describe_list(
    names: list[str], urls: list[str | None] | None, sizes: list[int | None] | None
) -> dict[str, Any]:
    """Describe files along one axis, without addresses or lengths that are not one for each."""
    part: dict[str, Any] = {"grid": [len(names)], "frame": [], "names": names}
    given = {"urls": urls, "sizes": sizes}
    return part | {k: v for k, v in given.items() if v is not None and len(v) == len(names)}


def _pack(parts: str, url: str | None) -> str:
    content = f'{{"url":{json.dumps(url or "")},"parts":{parts}}}'
    return base64.b64encode(zlib.compress(content.encode())).decode("ascii")


def read_file_array(text: str) -> dict[str, Any]:
    """Read what :func:`file_array` wrote.

    Parameters
    ----------
    text : str
        A value of the column.

    Examples
    --------
    >>> read_file_array(file_array(pl.Series(["[]"]), pl.Series([None])).values[0])
    {'url': '', 'parts': []}
    """
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return found
