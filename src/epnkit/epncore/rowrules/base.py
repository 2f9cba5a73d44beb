"""What every check of rows is made of: the rows, a Boolean expression, and a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from epnkit.epncore.columns import COLUMNS, Column
from epnkit.epncore.rulebook import Severity


@dataclass(frozen=True)
class Check:
    """One way to break one rule.

    Parameters
    ----------
    rule : int
        The number of the rule.
    column : str
        The column under which a breach is reported.
    broken : polars.Expr
        True where a row breaks the rule; null counts as false. If it names one column alone, each
        row's value of that column decides.
    message : str
        What is wrong, for a person.
    severity : {'MUST', 'SHOULD'}, optional
        How bad it is, if that differs from the rule's own level.
    shows : tuple of str
        Other columns whose values are shown as well.
    """

    rule: int
    column: str
    broken: pl.Expr
    message: str
    severity: Severity | None = None
    shows: tuple[str, ...] = ()


@dataclass(frozen=True)
class GranuleRows:
    """Granules to check, nothing being NULL everywhere (no void strings, no NaN).

    Parameters
    ----------
    granules : polars.DataFrame
        The rows, columns of EPNcore in the types of the standard.
    service : str
        The name of the schema.
    frame : str
        The spatial frame where rows don't say it.
    extra : mapping of str to Column
        The service's own columns.
    schemes : collection of str
        The schemes that links may have.
    """

    granules: pl.DataFrame
    service: str
    frame: str
    extra: Mapping[str, Column]
    schemes: tuple[str, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the columns that are there."""
        return frozenset(self.granules.columns)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns that are there and described."""
        known = {**self.extra, **COLUMNS}
        return [known[name] for name in self.granules.columns if name in known]

    @cached_property
    def texts(self) -> list[Column]:
        """The text columns that are there and really hold text."""
        held = self.granules.schema
        return [c for c in self.columns if c.epn_type == "text" and held[c.name] == pl.String]

    def has(self, *names: str) -> bool:
        """Return whether all these columns are there."""
        return self.names.issuperset(names)

    def column(self, name: str) -> pl.Expr:
        """Return a column, or NULL if the table has none of that name."""
        return pl.col(name) if name in self.names else pl.lit(None)

    def is_empty(self, name: str) -> pl.Expr:
        """Return where a column holds nothing; everywhere when it is not there."""
        return pl.col(name).is_null() if name in self.names else pl.lit(value=True)

    def is_in_frame(self, *kinds: str) -> pl.Expr:
        """Return which rows are in one of these frames, by the row or else by the service."""
        if "spatial_frame_type" in self.names:
            return pl.col("spatial_frame_type").is_in(list(kinds))
        return pl.lit(self.frame in kinds)

    def list_contains(self, name: str, item: str) -> pl.Expr:
        """Return where a list joined by ``#`` holds an item; nowhere without the column."""
        if name not in self.names:
            return pl.lit(value=False)
        return self.where(name, lambda value: item in value.split("#"))

    def distinct(self, name: str) -> list[str]:
        """Return the different values of a text column, without NULL."""
        if name not in self._distinct:
            self._distinct[name] = self.granules[name].drop_nulls().unique().to_list()
        return self._distinct[name]

    @cached_property
    def _distinct(self) -> dict[str, list[str]]:
        return {}

    def where(self, name: str, predicate: Callable[[str], bool]) -> pl.Expr:
        """Return where a text column holds a value of a kind, each different value tested once."""
        return is_one_of(name, filter(predicate, self.distinct(name)))


def is_one_of(name: str, values: Iterable[str]) -> pl.Expr:
    """Return where a text column holds one of some values."""
    return pl.col(name).is_in(pl.Series(list(values), dtype=pl.String).implode())
