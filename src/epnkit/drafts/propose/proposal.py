"""A proposal for columns of EPNcore: what to declare, from which fields, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import polars as pl

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import CodeValue
from epnkit.epncore.columns import COLUMNS
from epnkit.errors import MappingError
from epnkit.mapping.declare import Mapping

#: From which confidence on a proposal counts as sure.
SURE = 0.9

#: The share of records that may have nothing for a column that every granule should have.
_ABSENT = 0.02

#: How many values a reason lists.
_LISTED = 3

#: The share of records that may be refused before a proposal is dropped.
_REFUSED = 0.05


@dataclass(frozen=True)
class Proposal:
    """What is proposed for a column, or for a group made together.

    Parameters
    ----------
    columns : tuple of str
        The columns of EPNcore.
    value : CodeValue
        The value, and its declaration.
    fields : tuple of str
        The fields it comes from; none for a constant.
    confidence : float
        From 0 to 1; from :data:`SURE` on it counts as sure.
    reason : str
        Why, in a few words.
    with_unit : callable, optional
        Makes the value again with the unit that a person says; None if the unit is no guess.
    """

    columns: tuple[str, ...]
    value: CodeValue
    fields: tuple[str, ...]
    confidence: float
    reason: str
    with_unit: Callable[[str], CodeValue] | None = field(default=None, compare=False, repr=False)

    @property
    def sure(self) -> bool:
        """Whether it may stand without a person's decision."""
        return self.confidence >= SURE

    def cap(self, most: float, reason: str) -> Proposal:
        """Return the same with less confidence, and why."""
        return replace(self, confidence=min(self.confidence, most), reason=reason)


def validate(proposal: Proposal, sample: Sample) -> Proposal | None:
    """Apply a proposal to the sample; None if it doesn't fit the records."""
    try:
        refused, absent = _measure_losses(proposal, sample.records)
    except MappingError:
        return None
    if refused > _REFUSED or absent == 1.0:
        return None
    if absent > _ABSENT and all(COLUMNS[name].mandatory for name in proposal.columns):
        return proposal.cap(0.7, f"{proposal.reason}; {absent:.0%} of the sample have none")
    if refused:
        return proposal.cap(0.85, f"{proposal.reason}; {refused:.0%} of the sample don't fit")
    return proposal


def _measure_losses(proposal: Proposal, records: pl.DataFrame) -> tuple[float, float]:
    """Return the shares of the records that are refused, and that get no value."""
    key = proposal.columns if len(proposal.columns) > 1 else proposal.columns[0]
    mapped = Mapping({key: proposal.value.value}).apply(records)
    refused = mapped.refusals["record"].n_unique() / max(len(records), 1)
    empty = max((column.null_count() for column in mapped.granules), default=0)
    return refused, 1.0 if len(mapped.granules) == 0 else empty / len(mapped.granules)


def abbreviate(values: Iterable[object]) -> str:
    """List the first three of some values in order, for a reason.

    Examples
    --------
    >>> abbreviate(["Venus", "Mars", "Mars", "Io", "Titan"])
    'Io, Mars, Titan ...'
    """
    listed = sorted({str(value) for value in values})
    return ", ".join(listed[:_LISTED]) + (" ..." if len(listed) > _LISTED else "")
