"""A first look at a source: its fields, and the values that some of its records have in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from epnkit.drafts.inspect.null_values import find_null_values
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.inspect.words import shorten, split_words
from epnkit.errors import SourceError
from epnkit.mapping.null_values import set_null_values
from epnkit.sources.base import Source

#: How many records are looked at.
SIZE = 500


#: The share of the values that have to be numbers in a field of numbers.
_NEARLY_ALL = 0.95

#: The most letters of a name that says nothing by itself.
_FEW_LETTERS = 2

#: Numbers with a decimal comma, and those of them that are no groups of thousands.
_COMMA = r"^[-+]?\d*(,\d+)?$"
_NO_THOUSANDS = r"^[-+]?(0?|0\d+|\d{4,}),|,(\d{1,2}|\d{4,})$"

#: What the reader of files says of a file, beside what stands in it.
_OF_FILE = frozenset(
    ["path", "file_name", "file_size", "modified", "address", "url", "unreadable", "line"]
)


#: What is about a document's file, and not about what the document describes.
_OF_DOCUMENT = frozenset(["file_name", "file_size"])


@dataclass(frozen=True)
class Field:
    """One field of the records, with its values in the sample.

    Parameters
    ----------
    name : str
        As the source gives it, dotted if it lies in a document within.
    values : polars.Series
        One a record; null if the record has none.
    description : str
        What the source says of it in few words, if its name is too short to say it.
    decimal_comma: bool
        Whether its texts are numbers with a decimal comma.
    """

    name: str
    values: pl.Series
    description: str = ""
    decimal_comma: bool = False

    @property
    def label(self) -> str:
        """What says what it is: the name's last part, or the description of a short name."""
        return self.description or self.name.rsplit(".", 1)[-1]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of what says what it is, without a namespace, in one spelling each."""
        return split_words(self.label.rsplit(":", 1)[-1])

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
        made = self._read_numbers(self.given)
        return made if made.null_count() == 0 else made.clear()

    @property
    def aligned_numbers(self) -> pl.Series:
        """Each record's value as a number; null if it is none."""
        return self._read_numbers(self.values)

    def _read_numbers(self, values: pl.Series) -> pl.Series:
        points = values.str.replace(",", ".") if self.decimal_comma else values
        return points.cast(pl.Float64, strict=False)

    @cached_property
    def most_numbers(self) -> pl.Series:
        """The values that are numbers, if nearly all are; conversions refuse the others."""
        if len(self.numbers) or self.given.dtype != pl.String:
            return self.numbers
        made = self._read_numbers(self.given).drop_nulls()
        return made if len(made) >= _NEARLY_ALL * len(self.given) else made.clear()

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

    @property
    def coverage(self) -> float:
        """The share of the records that have a value."""
        return len(self.given) / len(self.values) if len(self.values) else 0.0

    @property
    def constant(self) -> bool:
        """Whether all records of the sample that have a value have the same, and there are some."""
        return self.distinct == 1 and len(self.given) > 1

    @cached_property
    def distinct(self) -> int:
        """How many different values there are; 0 for lists and documents."""
        return 0 if self.given.dtype.is_nested() else self.given.n_unique()

    @property
    def unique(self) -> bool:
        """Whether the values of all records of the sample differ."""
        return self.complete and self.distinct == len(self.values)


@dataclass(frozen=True)
class UnitsByValue:
    """Units of a field that differ by record, and what tells which of them is meant.

    Parameters
    ----------
    field : str
        The field whose value tells it, such as that of the instrument; empty if none does.
    units : mapping of str to str
        The unit for each value of it; if no field tells it, each unit for itself.
    """

    field: str
    units: Mapping[str, str]


@dataclass(frozen=True)
class Declared:
    """What a source declares about its fields.

    Parameters
    ----------
    units : mapping of str to str
        The units of fields: those in the comments of FITS cards, and of the columns of tables.
    key : tuple of str
        The primary key of a table.
    changed : tuple of str
        The columns that a database sets when a row changes.
    ucds : mapping of str to str
        The UCDs that a VOTable gives of its columns.
    descriptions : mapping of str to str
        What comments of FITS cards and of columns of databases, or a VOTable, say of fields.
    about : str
        What a database says of the table as a whole: its name and its comment.
    units_by : mapping of str to UnitsByValue
        Units that comments of FITS cards give of one keyword, and that differ by file.
    """

    units: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    ucds: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    units_by: Mapping[str, UnitsByValue] = field(default_factory=dict)


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
    declared : Declared
        What the source says of its fields, without their values.
    null_values : mapping of str to tuple
        For each field the values that stand for none, which are null in the records.
    """

    kind: str
    records: pl.DataFrame
    count: int
    declared: Declared = field(default_factory=Declared)
    null_values: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The fields, by their names."""
        return {
            name: Field(
                name, self.records[name], self._describe(name), name in self._with_decimal_commas
            )
            for name in self.records.columns
        }

    @cached_property
    def _with_decimal_commas(self) -> frozenset[str]:
        """The fields whose numbers have a decimal comma, if it groups no thousands somewhere."""
        texts = {
            name: texts
            for name in self.records.columns
            if len(texts := Field(name, self.records[name]).texts)
            and texts.str.contains(",").any()
            and texts.str.contains(_COMMA).all()
        }
        shown = any(each.str.contains(_NO_THOUSANDS).any() for each in texts.values())
        return frozenset(texts) if shown else frozenset()

    def _describe(self, name: str) -> str:
        """Return the description of a field whose name is a letter or two; else nothing."""
        letters = sum(map(str.isalpha, name))
        return shorten(self.declared.descriptions.get(name, "")) if letters <= _FEW_LETTERS else ""

    @cached_property
    def of_table(self) -> frozenset[str]:
        """The fields that the reader of files adds, where they speak of a table and not of a row.

        A file of which there are several records is no file of one of them.
        """
        path = self.fields.get("path")
        if self.kind != "files" or path is None or not _are_tables(path):
            return frozenset()
        # A table that is served as a whole has one address; what differs by row is the row's own.
        own = {name for name in ("url", "address") if self._differs(name)}
        return _OF_FILE - own

    def _differs(self, name: str) -> bool:
        return name in self.fields and self.fields[name].distinct > 1

    @property
    def of_documents(self) -> bool:
        """Whether the records are files of JSON, each a document about something."""
        names = self.fields.get("file_name")
        if self.kind != "files" or names is None or not len(names.texts):
            return False
        return all(name.lower().endswith(".json") for name in names.texts)

    def __iter__(self) -> Iterator[Field]:
        """Go through the fields that have a value somewhere, and speak of a record."""
        left_out = _OF_DOCUMENT if self.of_documents else self.of_table
        named = (each for name, each in self.fields.items() if name not in left_out)
        return (each for each in named if len(each.given))


def _are_tables(path: Field) -> bool:
    """Return whether files hold a record a row: some hold several, or the only one is a table."""
    known = read_table("formats")
    endings = tuple(e for form in known["tables"]["formats"] for e in known["endings"][form])
    alone = len(path.values) == 1 and path.texts[0].lower().endswith(endings)
    return not path.unique or alone


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
    records = first.head(SIZE)
    nulls = find_null_values(records)
    return Sample(kind, set_null_values(records, nulls), source.count(), null_values=nulls)
