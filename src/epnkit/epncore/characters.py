"""Characters in texts: which columns hold more than ASCII, which a VOTable of ``char`` mangles."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.epncore.findings import RuleFinding
from epnkit.epncore.published import DeclaredTable

#: The rule on types of texts.
UNICODE = 120

_CURE = 'declare the column after the mixin in q.rd with type="unicode"'


def find_beyond_ascii(granules: pl.DataFrame) -> list[str]:
    """Name the columns of texts in which a character is not of ASCII."""
    texts = [name for name, held in granules.schema.items() if held == pl.String]
    if not texts or granules.is_empty():
        return []
    # As many bytes as characters: the quickest proof that all are of ASCII.
    column = pl.col(texts)
    found = granules.select((column.str.len_bytes() != column.str.len_chars()).any()).row(0)
    return [name for name, beyond in zip(texts, found, strict=True) if beyond]


def check_declared_texts(table: DeclaredTable, granules: pl.DataFrame) -> Iterator[RuleFinding]:
    """Find columns declared as ``char`` whose texts DaCHS would serve with ``?`` (rule 120).

    Parameters
    ----------
    table : DeclaredTable
        The table, as the RD declares it.
    granules : polars.DataFrame
        What the mapping makes for it.

    Yields
    ------
    RuleFinding
        The column, the first such value, and what to do.
    """
    declared = {field.name: field.datatype for field in table.fields}
    for name in find_beyond_ascii(granules):
        if declared.get(name) == "char":
            beyond = granules[name].str.len_bytes() != granules[name].str.len_chars()
            first = granules[name].filter(beyond)[0]
            yield RuleFinding(UNICODE, name, first, f"would be served with ?: {_CURE}")
