"""What every reader gives: the granules, the table's declaration, and what else was seen."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from epnkit.epncore.columns import COLUMNS, polars_type
from epnkit.epncore.findings import RuleFinding
from epnkit.epncore.published import DeclaredField, DeclaredTable, RegistryRecord, VotableMetadata
from epnkit.epncore.rowrules.access import LINK_SCHEMES


@dataclass(frozen=True)
class TargetContents:
    """What was read of one target.

    Parameters
    ----------
    target : str
        What was read: a path, or a URL with a table.
    table : DeclaredTable or None
        The table's declaration; None if there is none to look at.
    granules : polars.DataFrame or None
        Rows; None if there are none to look at.
    whole : bool
        Whether these are all the rows of the table.
    answer : VotableMetadata or None
        What a VOTable says besides its table; None if there was no VOTable.
    record : RegistryRecord or None
        The registry record; None if there is none to look at.
    findings : tuple of RuleFinding
        What was found while reading.
    frame : str
        The spatial frame, if the declaration says it.
    service : str
        The name of the schema; empty if it isn't known.
    schemes : tuple of str
        The schemes that its links may have.
    looked_at, not_looked_at : tuple of str
        What a person should know of the extent of the check.
    excess : str
        Why a load of these records would be given up; empty if it would not.
    """

    target: str
    table: DeclaredTable | None = None
    granules: pl.DataFrame | None = None
    whole: bool = False
    answer: VotableMetadata | None = None
    record: RegistryRecord | None = None
    findings: tuple[RuleFinding, ...] = ()
    frame: str = ""
    service: str = ""
    looked_at: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    schemes: tuple[str, ...] = LINK_SCHEMES
    excess: str = ""


def find_misfits(granules: pl.DataFrame) -> list[RuleFinding]:
    """Find columns of numbers that hold text which is none (rule 29).

    Parameters
    ----------
    granules : polars.DataFrame
        Rows, of which some columns may be text because a file could not say better.

    Returns
    -------
    list of RuleFinding
        One for each such column, with the first value.
    """
    texts = [
        name
        for name, held in granules.schema.items()
        if held == pl.String and name in COLUMNS and polars_type(name).is_numeric()
    ]
    return [
        finding for name in texts for finding in _find_misfit(granules[name], polars_type(name))
    ]


def _find_misfit(values: pl.Series, wanted: pl.DataType) -> list[RuleFinding]:
    numbers = values.cast(wanted, strict=False)
    if wanted.is_integer():
        # 12.0 is a whole number, however it is written
        numbers = numbers.fill_null(
            values.cast(pl.Float64, strict=False).cast(wanted, strict=False)
        )
    bad = values.filter(numbers.is_null() & values.is_not_null() & (values != ""))
    if bad.is_empty():
        return []
    return [RuleFinding(29, values.name, bad[0], f"is no number, in {len(bad)} rows")]


def table_of_names(granules: pl.DataFrame) -> DeclaredTable:
    """Return the declaration of a file that says no more than the names of its columns."""
    return DeclaredTable(tuple(DeclaredField(name) for name in granules.columns), described=False)
