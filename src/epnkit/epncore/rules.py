"""Checking granules by the rules of EPN-TAP 2.0: each row by itself, and the table as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import polars as pl

from epnkit.epncore.columns import COLUMNS, Column, polars_type
from epnkit.epncore.rowrules import (
    access,
    description,
    enumerations,
    extensions,
    pairs,
    regions,
    space,
    spectra,
    texts,
    times,
)
from epnkit.epncore.rowrules.access import LINK_SCHEMES
from epnkit.epncore.rowrules.base import Check, GranuleRows
from epnkit.epncore.rulebook import ENFORCED, RULES
from epnkit.quoting import printable

__all__ = ["ENFORCED", "FINDINGS", "RULES", "check_rows", "check_table"]

#: The form of what is found: one row for each breach.
FINDINGS = pl.Schema(
    {
        "row": pl.UInt32(),
        "rule": pl.UInt16(),
        "level": pl.String(),
        "column": pl.String(),
        "value": pl.String(),
        "message": pl.String(),
    }
)

_PARTS = (
    texts,
    enumerations,
    pairs,
    times,
    spectra,
    space,
    regions,
    description,
    access,
    extensions,
)

_NO_COLUMNS: Mapping[str, Column] = MappingProxyType({})


def check_rows(
    granules: pl.DataFrame,
    *,
    service: str,
    frame: str,
    extra: Mapping[str, Column] = _NO_COLUMNS,
    schemes: tuple[str, ...] = LINK_SCHEMES,
) -> pl.DataFrame:
    """Check rows, each by itself.

    Parameters
    ----------
    granules : polars.DataFrame
        The rows, their columns named as in EPNcore. Void strings and NaN count as NULL.
        ``s_region`` is text (pgsphere's literal or STC-S) or lists of degrees, ``coverage`` a MOC
        in ASCII; dates are timestamps or text.
    service : str
        The name of the schema, which service_title must repeat; empty if it isn't known.
    frame : str
        The spatial frame of the service; a column spatial_frame_type goes before it.
    extra : mapping of str to Column, optional
        The service's own columns.
    schemes : tuple of str, optional
        The schemes that links may have.

    Returns
    -------
    polars.DataFrame
        The findings, in the form of `FINDINGS`: the index of the row in `granules`, the number of
        the rule, MUST or SHOULD, the column, its value as text that is safe to print, and what is
        wrong. Ordered by rule, column and row.
    """
    rows = GranuleRows(_normalize(granules, extra), service, frame, extra, schemes)
    checks = [check for part in _PARTS for check in part.checks(rows)]
    return _evaluate(rows, _drop_unbroken(rows, checks))


def check_table(granules: pl.DataFrame) -> pl.DataFrame:
    """Check what all rows of a table together decide (rules 30, 35 and 104).

    Parameters
    ----------
    granules : polars.DataFrame
        All the rows of the table.

    Returns
    -------
    polars.DataFrame
        The findings, in the form of `FINDINGS`.
    """
    rows = GranuleRows(_normalize(granules, {}), "", "", {}, LINK_SCHEMES)
    return _evaluate(rows, list(_table_checks(rows)))


def _normalize(granules: pl.DataFrame, extra: Mapping[str, Column]) -> pl.DataFrame:
    """Make NULL of void strings and NaN, and numbers of columns that should hold numbers."""
    types = {name: polars_type(name) for name in granules.columns if name in COLUMNS}
    return granules.with_columns(
        _normalize_value(pl.col(name), held, types.get(name))
        for name, held in granules.schema.items()
    )


def _normalize_value(value: pl.Expr, held: pl.DataType, wanted: pl.DataType | None) -> pl.Expr:
    if held == pl.String and wanted is not None and wanted.is_numeric():
        return value.cast(wanted, strict=False)
    if held == pl.String:
        return value.replace("", None)
    if held == pl.Null and wanted is not None:
        return value.cast(wanted)
    return value.fill_nan(None) if held.is_float() else value


#: How many rows share each value of a column, on average and at least, for its values to be checked
#: before its rows; and how many of the first rows are looked at, to find such columns.
_SHARED_BY, _LOOKED_AT = 8, 400


def _drop_unbroken(rows: GranuleRows, checks: list[Check]) -> list[Check]:
    """Drop the checks of one column that none of its values breaks, if many rows share each."""
    by_column: defaultdict[str, list[int]] = defaultdict(list)
    for place, check in enumerate(checks):
        names = check.broken.meta.root_names()
        if len(names) == 1:
            by_column[names[0]].append(place)
    unbroken: set[int] = set()
    for name, places in by_column.items():
        shared = _find_shared(rows, name)
        if shared is not None:
            flags = (checks[place].broken.any().alias(str(place)) for place in places)
            hits = shared.to_frame().select(flags).row(0)
            unbroken.update(place for place, hit in zip(places, hits, strict=True) if not hit)
    return [check for place, check in enumerate(checks) if place not in unbroken]


def _find_shared(rows: GranuleRows, name: str) -> pl.Series | None:
    """Return the different values of a text column, NULL too, if many rows share each."""
    values = rows.granules[name]
    first = values.head(_LOOKED_AT)
    if values.dtype != pl.String or first.n_unique() * _SHARED_BY > len(first):
        return None
    different = rows.distinct(name)
    if len(different) * _SHARED_BY > len(values):
        return None
    null = [None] if values.null_count() else []
    return pl.Series(name, [*different, *null], dtype=pl.String)


def _evaluate(rows: GranuleRows, checks: list[Check]) -> pl.DataFrame:
    """Evaluate all checks in one pass, and list what they find."""
    flags = rows.granules.select(
        check.broken.fill_null(value=False).alias(str(place)) for place, check in enumerate(checks)
    )
    hits = flags.select(pl.all().any()).row(0) if checks and flags.height else ()
    broken = [place for place, hit in enumerate(hits) if hit]
    found = [_list_breaches(rows, checks[place], flags[str(place)]) for place in broken]
    return pl.concat([FINDINGS.to_frame(), *found]).sort(
        "rule", "column", "row", maintain_order=True
    )


def _list_breaches(rows: GranuleRows, check: Check, flag: pl.Series) -> pl.DataFrame:
    rule = RULES[check.rule]
    broken = rows.granules.with_row_index("__row").filter(_full_length(flag, rows.granules.height))
    return broken.select(
        row=pl.col("__row").cast(pl.UInt32),
        rule=pl.lit(check.rule, dtype=pl.UInt16),
        level=pl.lit(check.severity or rule.severity),
        column=pl.lit(check.column),
        value=_shown_value(rows, check).map_elements(printable, return_dtype=pl.String),
        message=pl.lit(check.message),
    )


def _full_length(flag: pl.Series, height: int) -> pl.Series:
    return flag if len(flag) == height else flag.new_from_index(0, height)


def _shown_value(rows: GranuleRows, check: Check) -> pl.Expr:
    """Return the values to show: the column's alone, or several with their names."""
    names = [name for name in (check.column, *check.shows) if rows.has(name)]
    if len(names) == 1:
        return _as_text(rows, names[0]).fill_null("")
    texts_ = [pl.format("{}={}", pl.lit(n), _as_text(rows, n).fill_null("")) for n in names]
    return pl.concat_str(texts_, separator=", ") if texts_ else pl.lit("")


def _as_text(rows: GranuleRows, name: str) -> pl.Expr:
    if isinstance(rows.granules.schema[name], pl.List | pl.Array):
        return pl.col(name).cast(pl.List(pl.String)).list.join(" ")
    return pl.col(name).cast(pl.String)


def _table_checks(rows: GranuleRows) -> Iterator[Check]:
    if rows.has("granule_uid"):
        uid = pl.col("granule_uid")
        yield Check(30, "granule_uid", uid.is_duplicated() & uid.is_not_null(), "is not unique")
        yield from _references(rows)
    if rows.has("obs_id", "granule_gid", "access_url"):
        key: Iterable[pl.Expr] = (pl.col("obs_id"), pl.col("granule_gid"))
        item = rows.list_contains("dataproduct_type", "ci")
        broken = pl.struct(*key).is_duplicated() & pl.col("access_url").is_not_null() & ~item
        message = "two files of one observation have the same granule_gid"
        yield Check(35, "obs_id", broken, message, shows=("granule_gid",))


def _references(rows: GranuleRows) -> Iterator[Check]:
    if not rows.has("internal_reference"):
        return
    known = frozenset(rows.distinct("granule_uid"))
    broken = rows.where(
        "internal_reference", lambda value: any(i not in known for i in value.split("#") if i)
    )
    yield Check(104, "internal_reference", broken, "names a granule that is not in this service")
