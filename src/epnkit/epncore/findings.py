"""Findings that are not about a row: of a table's schema, a VOTable, a registry record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from epnkit.epncore.rulebook import RULES, Severity
from epnkit.epncore.rules import FINDINGS


@dataclass(frozen=True)
class RuleFinding:
    """One breach of a rule.

    Parameters
    ----------
    rule : int
        The number of the rule.
    column : str
        The column it is about; empty for none.
    value : str
        What was found.
    message : str
        What is wrong, for a person.
    severity : {'MUST', 'SHOULD'}, optional
        How bad it is, if that differs from the rule's own level.
    """

    rule: int
    column: str
    value: str
    message: str
    severity: Severity | None = None


def to_frame(findings: Iterable[RuleFinding]) -> pl.DataFrame:
    """Return findings in the form of `epnkit.epncore.rules.check_rows` does, without rows.

    Parameters
    ----------
    findings : iterable of RuleFinding
        The findings; one that comes twice is reported once.

    Returns
    -------
    polars.DataFrame
        In the form of `epnkit.epncore.rules.FINDINGS`, ``row`` being NULL.
    """
    once = dict.fromkeys(findings)
    rows = [
        (None, f.rule, f.severity or RULES[f.rule].severity, f.column, f.value, f.message)
        for f in once
    ]
    return pl.DataFrame(rows, schema=FINDINGS, orient="row")
