"""The media types of files, by the endings of their names."""

from __future__ import annotations

from typing import Any

import polars as pl

from epnkit.mapping.declare import compute

#: The types of what archives hold, by ending (EPN-TAP 2.0, section 2.2.1).
TYPES = {
    "asdf": "application/x-asdf",
    "bz2": "application/x-bzip2",
    "cdf": "application/x-cdf",
    "csv": "text/csv",
    "dat": "application/octet-stream",
    "fit": "application/fits",
    "fits": "application/fits",
    "fts": "application/fits",
    "gif": "image/gif",
    "gz": "application/x-gzip",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "lbl": "text/plain",
    "pdf": "application/pdf",
    "png": "image/png",
    "tab": "text/plain",
    "txt": "text/plain",
    "zip": "application/zip",
}


def media_type(names: pl.Series) -> pl.Series:
    """Return the media type of files by the ending of their names or addresses, in any case.

    Parameters
    ----------
    names : polars.Series
        Names or URLs.

    Returns
    -------
    polars.Series
        Media types; null if nothing is known of the ending.

    Examples
    --------
    >>> media_type(pl.Series(["a.FITS", "b.unknown"])).to_list()
    ['application/fits', None]
    """
    endings = names.cast(pl.String).str.extract(r"\.(\w+)$", 1).str.to_lowercase()
    return endings.replace_strict(TYPES, default=None, return_dtype=pl.String)


def access(
    url: pl.Expr, size: pl.Expr | None = None, kind: str | pl.Expr | None = None
) -> dict[str | tuple[str, ...], Any]:
    """Declare the columns about a granule's file, for a mapping or one of its products.

    Parameters
    ----------
    url : polars.Expr
        Where the file is; a granule without one has neither type nor length.
    size : polars.Expr, optional
        Its length in bytes; ``access_estsize`` is in kbyte (EPN-TAP 2.0, section 2.2.1).
    kind : str or polars.Expr, optional
        Its media type, if the ending of the name does not say it.

    Examples
    --------
    >>> sorted(access(pl.col("url"), pl.col("size")))
    ['access_estsize', 'access_format', 'access_url']
    """
    given = pl.lit(kind) if isinstance(kind, str) else kind
    declared = compute(media_type, url) if given is None else pl.when(url.is_not_null()).then(given)
    columns: dict[str | tuple[str, ...], Any] = {"access_url": url, "access_format": declared}
    if size is None:
        return columns
    return {**columns, "access_estsize": pl.when(url.is_not_null()).then((size / 1024).ceil())}
