"""Text and lists in general (EPN-TAP 2.0, section 1.2): rules 15 to 18, 20, 31 and 119."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.epncore.columns import Column
from epnkit.epncore.rowrules.base import Check, GranuleRows
from epnkit.quoting import XML_FORBIDDEN

#: Columns whose values follow a syntax of their own, checked by rules of their own.
_OWN_SYNTAX = frozenset(
    {
        "measurement_type",
        "access_format",
        "access_md5",
        "map_projection",
        "species_inchikey",
        "bib_reference",
    }
)

_SPECIAL = r"\"'`\\\x00-\x1f\x7f"


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of what every text must hold to, and of values that must be there."""
    yield from map(_check_required, (c for c in rows.columns if c.required))
    links = {column.name for column in rows.texts if _is_url(column)}  # rule 118 is stricter
    for name, held in rows.granules.schema.items():
        if held == pl.String and name not in links:
            forbidden = pl.col(name).str.contains(XML_FORBIDDEN)
            yield Check(119, name, forbidden, "has a character that XML cannot hold")
    for column in rows.texts:
        if not _is_geometry(column):
            yield from _check_text(column)
    if rows.has("granule_uid"):
        yield _check_ascii()


def _is_geometry(column: Column) -> bool:
    return column.dachs_type in {"spoly", "smoc"}


def _is_url(column: Column) -> bool:
    return column.ucd.startswith("meta.ref.url")


def _check_required(column: Column) -> Check:
    return Check(20, column.name, pl.col(column.name).is_null(), "has no value")


def _check_text(column: Column) -> Iterator[Check]:
    value = pl.col(column.name).str
    yield Check(16, column.name, value.contains(r"^\s|\s$"), "begins or ends with a blank")
    if column.hash_list in {"yes", "may"}:
        yield Check(18, column.name, value.contains(r"^#|#$|##"), "has a # without an item")
    if column.lower_case and not column.allowed_values and column.name not in _OWN_SYNTAX:
        yield Check(15, column.name, value.contains(r"\p{Lu}"), "has capital letters")
    if not (_is_url(column) or column.allowed_values or column.name in _OWN_SYNTAX):
        yield _check_special(column)


def _check_special(column: Column) -> Check:
    # a # in granule_uid breaks rule 31, in service_title rule 93
    has_own_rule = column.name in {"granule_uid", "service_title"}
    more = "#" if column.hash_list == "no" and not has_own_rule else ""
    broken = pl.col(column.name).str.contains(f"[{_SPECIAL}{more}]")
    return Check(17, column.name, broken, "has a quote or another special character")


def _check_ascii() -> Check:
    # blanks, quotes and control characters are reported by rules 16 and 17
    broken = pl.col("granule_uid").str.contains(r"[^\x00-\x7f]|#")
    return Check(31, "granule_uid", broken, "has # or a character outside ASCII")
