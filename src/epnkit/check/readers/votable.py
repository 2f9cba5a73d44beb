"""A VOTable as granules, declarations and faults; what is none is refused with the reason."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

import numpy as np
import polars as pl
from astropy.io import votable

from epnkit.check.readers.read import TargetContents
from epnkit.epncore.columns import COLUMNS, polars_type
from epnkit.epncore.published import DeclaredField, DeclaredTable, VotableMetadata
from epnkit.errors import CheckError

#: What to do about an answer that is not whole.
OVERFLOW_CURE = "Ask for fewer rows (--rows), or raise the service's limit"


def parse(
    document: bytes, where: str, *, name: str = "", overflow_cure: str = OVERFLOW_CURE
) -> TargetContents:
    """Read a VOTable.

    Parameters
    ----------
    document : bytes
        The whole document.
    where : str
        The file or URL it came from, for messages.
    name : str, optional
        The full name of the table, if it is known.
    overflow_cure : str
        What to do if rows were left out.

    Returns
    -------
    TargetContents
        The granules of its first table, the fields, and what it says about the whole.

    Raises
    ------
    CheckError
        If it is no VOTable (an HTML page, say), is cut off, reports an error, has no table, or
        says that rows were left out (QUERY_STATUS OVERFLOW).
    """
    tree, faults = _parse_tree(document, where)
    _refuse_status(tree, where, overflow_cure)
    tables = list(tree.iter_tables())
    if not tables:
        raise CheckError("the VOTable has no table", where=where, cure="Ask for its rows")
    first = tables[0]
    resources = list(_iterate_resources(tree.resources))
    answer = VotableMetadata(
        sum(len(resource.time_systems) for resource in resources),
        sum(len(resource.coordinate_systems) for resource in resources),
        faults,
        names_bodies=str(tree.version) >= "1.5",
    )
    table = DeclaredTable(tuple(map(_to_field, first.fields)), name=name)
    return TargetContents(where, table, _to_granules(first), answer=answer)


def _parse_tree(document: bytes, where: str) -> tuple[Any, tuple[str, ...]]:
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            tree = votable.parse(io.BytesIO(document), verify="warn")
    except (ValueError, votable.exceptions.VOWarning, EOFError, IndexError) as error:
        raise CheckError(
            "this cannot be read as a VOTable",
            where=where,
            why=_explain(document, str(error)),
            cure="Look at what is served there, and check again",
        ) from error
    # astropy names what breaks the standard E.., and what it merely dislikes W..
    broken = [w.message for w in warned if re.match(r"E\d", w.category.__name__)]
    return tree, tuple(dict.fromkeys(map(str, broken)))


def _explain(document: bytes, error: str) -> str:
    head = document[:300].decode("utf-8", "replace").strip()
    if re.match(r"(?i)<!doctype html|<html", head):
        words = re.sub(r"<[^>]*>|\s+", " ", head).split()
        return f"it is an HTML page: {' '.join(words)[:120]}"
    if not head:
        return "it is empty"
    return f"it is cut off, or not XML ({error})" if "<VOTABLE" in head else error


def _refuse_status(tree: Any, where: str, overflow_cure: str) -> None:
    for info in (
        info for resource in _iterate_resources(tree.resources) for info in resource.infos
    ):
        if info.name != "QUERY_STATUS" or info.value == "OK":
            continue
        if info.value == "OVERFLOW":
            raise CheckError(
                "not all rows were delivered (QUERY_STATUS OVERFLOW)",
                where=where,
                cure=overflow_cure,
            )
        raise CheckError(
            "the service reports an error",
            where=where,
            why=info.content,
            cure="Check the name of the table, or ask the operator of the service.",
        )


def _iterate_resources(resources: Any) -> Any:
    for resource in resources:
        yield resource
        yield from _iterate_resources(resource.resources)


def _to_field(field: Any) -> DeclaredField:
    text = [getattr(field, name) for name in ("arraysize", "unit", "ucd", "xtype")]
    array, unit, ucd, xtype = ("" if value is None else str(value) for value in text)
    return DeclaredField(field.name, field.datatype, array, unit, ucd, xtype)


def _to_granules(table: Any) -> pl.DataFrame:
    names = table.array.dtype.names or ()
    columns = zip(table.fields, names, strict=True)
    return pl.DataFrame([_to_series(field.name, table.array[name]) for field, name in columns])


def _to_series(name: str, values: Any) -> pl.Series:
    if values.dtype == object or values.ndim > 1:
        filled = [_to_value(value) for value in values]
        column = COLUMNS.get(name)
        as_text = column is not None and polars_type(name) == pl.String and not _has_lists(filled)
        return pl.Series(name, filled, dtype=pl.String if as_text else None, strict=False)
    if values.dtype.kind in "SU":
        return pl.Series(name, np.asarray(values.filled("")).tolist(), dtype=pl.String)
    series = pl.Series(name, np.asarray(values.data).astype(values.dtype.newbyteorder("=")))
    mask = np.broadcast_to(np.asarray(values.mask), values.shape)
    return series.set(pl.Series(mask), None) if mask.any() else series


def _has_lists(values: list[Any]) -> bool:
    return any(isinstance(value, list) for value in values)


def _to_value(value: Any) -> Any:
    if value is None or value is np.ma.masked:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        return np.asarray(value, dtype=float).ravel().tolist() or None
    return str(value)
