"""What every reader gives: the granules, the table's declaration, and what else was seen."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from epnkit.epncore.columns import COLUMNS, polars_type
from epnkit.epncore.findings import Finding
from epnkit.epncore.published import Answer, Field, Record, Table


@dataclass(frozen=True)
class Read:
    """One target, read.

    Parameters
    ----------
    target : str
        What was read: a path, or a URL with a table.
    table : Table or None
        The table's declaration; None where there is none to look at.
    granules : polars.DataFrame or None
        Rows; None where there are none to look at.
    whole : bool
        Whether these are all the rows of the table.
    answer : Answer or None
        What a VOTable says beside its table; None where there was no VOTable.
    record : Record or None
        The registry record; None where there is none to look at.
    findings : tuple of Finding
        What was found while reading.
    frame : str
        The spatial frame, where the declaration tells it.
    service : str
        The name of the schema; empty where it isn't known.
    looked_at, not_looked_at : tuple of str
        What a person should know of the extent of the check.
    """

    target: str
    table: Table | None = None
    granules: pl.DataFrame | None = None
    whole: bool = False
    answer: Answer | None = None
    record: Record | None = None
    findings: tuple[Finding, ...] = ()
    frame: str = ""
    service: str = ""
    looked_at: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


def misfits(granules: pl.DataFrame) -> list[Finding]:
    """Find columns of numbers that hold text which is none (rule 29).

    Parameters
    ----------
    granules : polars.DataFrame
        Rows, of which some columns may be text because a file could not say better.

    Returns
    -------
    list of Finding
        One for each such column, with the first value.
    """
    texts = [
        name
        for name, held in granules.schema.items()
        if held == pl.String and name in COLUMNS and polars_type(name).is_numeric()
    ]
    return [finding for name in texts for finding in _misfit(granules[name], polars_type(name))]


def _misfit(values: pl.Series, wanted: pl.DataType) -> list[Finding]:
    numbers = values.cast(wanted, strict=False)
    if wanted.is_integer():
        # 12.0 is a whole number, however it is written
        numbers = numbers.fill_null(
            values.cast(pl.Float64, strict=False).cast(wanted, strict=False)
        )
    bad = values.filter(numbers.is_null() & values.is_not_null() & (values != ""))
    if bad.is_empty():
        return []
    return [Finding(29, values.name, bad[0], f"is no number, in {len(bad)} rows")]


def undescribed(granules: pl.DataFrame) -> Table:
    """Give the declaration of a file that says no more than the names of its columns."""
    return Table(tuple(Field(name) for name in granules.columns), described=False)
