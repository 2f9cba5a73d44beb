"""A first look at a source: its fields, and the values that some of its records have in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from epnkit.drafts.inspect.words import split_words
from epnkit.errors import SourceError
from epnkit.sources.base import Source

#: How many records are looked at.
SIZE = 500


#: What the reader of files says of a file, beside what stands in it.
_OF_FILE = frozenset(
    ["path", "file_name", "file_size", "modified", "address", "url", "unreadable", "line"]
)


@dataclass(frozen=True)
class Field:
    """One field of the records, with its values in the sample.

    Parameters
    ----------
    name : str
        As the source gives it, dotted if it lies in a document within.
    values : polars.Series
        One a record; null if the record has none.
    """

    name: str
    values: pl.Series

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the name's last part, without its namespace, in one spelling each."""
        return split_words(self.name.rsplit(".", 1)[-1].rsplit(":", 1)[-1])

    @cached_property
    def context(self) -> tuple[str, ...]:
        """The words of the documents in which the field lies."""
        return split_words(self.name.rsplit(".", 1)[0]) if "." in self.name else ()

    @cached_property
    def given(self) -> pl.Series:
        """The values that are there, blank texts left out."""
        present = self.values.drop_nulls()
        if present.dtype != pl.String:
            return present
        return present.filter(present.str.strip_chars() != "")

    @cached_property
    def texts(self) -> pl.Series:
        """The values that are there, as trimmed texts; none if they are no texts."""
        if self.given.dtype != pl.String:
            return pl.Series(self.name, [], dtype=pl.String)
        return self.given.str.strip_chars()

    @cached_property
    def numbers(self) -> pl.Series:
        """The values that are numbers, or texts of numbers; empty unless all of them are."""
        if not (self.given.dtype.is_numeric() or self.given.dtype == pl.String):
            return pl.Series(self.name, [], dtype=pl.Float64)
        made = self.given.cast(pl.Float64, strict=False)
        return made if made.null_count() == 0 else made.clear()

    @property
    def is_words(self) -> bool:
        """Whether the values are texts, or lists of texts, and not numbers written as texts."""
        dtype = self.given.dtype
        is_text = dtype in (pl.String, pl.List(pl.String))
        return is_text and len(self.given) > 0 and self.numbers.is_empty()

    @property
    def complete(self) -> bool:
        """Whether every record of the sample has a value."""
        return len(self.values) > 0 and len(self.given) == len(self.values)

    @cached_property
    def distinct(self) -> int:
        """How many different values there are; 0 for lists and documents."""
        return 0 if self.given.dtype.is_nested() else self.given.n_unique()

    @property
    def unique(self) -> bool:
        """Whether the values of all records of the sample differ."""
        return self.complete and self.distinct == len(self.values)


@dataclass(frozen=True)
class Sample:
    """Some records of a source.

    Parameters
    ----------
    kind : str
        The kind of the source, as in its source file.
    records : polars.DataFrame
        The first records.
    count : int
        How many records the source has.
    """

    kind: str
    records: pl.DataFrame
    count: int

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The fields, by their names."""
        return {name: Field(name, self.records[name]) for name in self.records.columns}

    @cached_property
    def of_table(self) -> frozenset[str]:
        """The fields that the reader of files adds, where they speak of a table and not of a row.

        A file of which there are several records is no file of one of them.
        """
        path = self.fields.get("path")
        is_table = self.kind == "files" and path is not None and not path.unique
        return _OF_FILE if is_table else frozenset()

    def __iter__(self) -> Iterator[Field]:
        """Go through the fields that have a value somewhere, and speak of a record."""
        named = (field for name, field in self.fields.items() if name not in self.of_table)
        return (field for field in named if len(field.given))


def read_sample(source: Source, kind: str) -> Sample:
    """Read the first records of a source.

    Raises
    ------
    SourceError
        If it has none: nothing could be proposed.
    """
    first = next(iter(source.batches(size=SIZE)), None)
    if first is None or first.is_empty():
        raise SourceError(
            "the source has no records",
            where=source.label,
            why="a mapping is proposed by looking at some",
            cure="Give a source, a table or a directory that holds records",
        )
    return Sample(kind, first.head(SIZE), source.count())
