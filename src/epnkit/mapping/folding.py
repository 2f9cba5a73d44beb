"""Several records about one thing, such as the repeated rows of a join, as one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Fold:
    """Several records about one thing, such as the repeated rows of a join.

    Records that follow one another and agree in ``by`` become one; the fields of ``collect``
    become sorted lists of their distinct values, the other fields are those of the first record.

    Parameters
    ----------
    by : tuple of str
        The fields in which they agree.
    collect : tuple of str
        The fields that differ.

    Examples
    --------
    >>> rows = pl.DataFrame({"id": [1, 1], "noaa": [7, 8]})
    >>> fold(rows, Fold(by=("id",), collect=("noaa",))).rows()
    [(1, [7, 8])]
    """

    by: tuple[str, ...]
    collect: tuple[str, ...]


def fold(records: pl.DataFrame, rule: Fold, notes: str = "", summed: str = "") -> pl.DataFrame:
    """Make one record of those that agree in ``rule.by``.

    Parameters
    ----------
    records : polars.DataFrame
        The records.
    rule : Fold
        Which of them to fold, and how.
    notes : str
        The field whose texts are joined, if there is one.
    summed : str
        The field whose numbers are summed, if there is one: a hash of each record that the source
        made, which counts for all of them together.
    """
    others = [n for n in records.columns if n not in (*rule.by, *rule.collect, notes)]
    joined = pl.col(notes).drop_nulls().unique(maintain_order=True).str.join("; ")
    return records.group_by(rule.by, maintain_order=True).agg(
        *(pl.col(n).sum() if n == summed else pl.col(n).first() for n in others),
        *([joined.replace("", None)] if notes in records.columns else []),
        *(pl.col(name).drop_nulls().unique().sort() for name in rule.collect),
    )
