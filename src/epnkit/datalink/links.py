"""Declaring the links of a granule, and compiling them while it is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from epnkit.epncore import vocabularies
from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import evaluate, fields_of
from epnkit.mapping.media_types import media_type

#: The prefix of a granule's columns, among the fields of its record.
_OF_GRANULE = "granule."


@dataclass(frozen=True)
class Link:
    """One link that datalink offers for each granule.

    The values are declared as those of a mapping: a constant, an expression over the fields of the
    record or over columns of its granule (:func:`granule`), or
    :func:`~epnkit.mapping.declare.of` a function and the fields it reads.

    Parameters
    ----------
    semantics : str
        A term of the IVOA's datalink vocabulary, with its ``#``: ``#this``, ``#preview``.
    url
        The address; a granule whose value is null or empty has no such link.
    description
        What is there, for people.
    content_type : optional
        The media type; by default from the file extension of the URL.
    content_length : optional
        The length in bytes.

    Raises
    ------
    ConfigurationError
        If the vocabulary has no such term.
    """

    semantics: str
    url: Any
    description: Any
    content_type: Any = None
    content_length: Any = None

    def __post_init__(self) -> None:
        if self.semantics.removeprefix("#") not in vocabularies.load("datalink"):
            raise ConfigurationError(
                f"datalink has no semantics {self.semantics}",
                cure="Use a term of http://www.ivoa.net/rdf/datalink/core, with its #.",
            )

    @property
    def fields(self) -> set[str]:
        """The fields of a record that the link reads."""
        return {name for name in self._names if not name.startswith(_OF_GRANULE)}

    @property
    def columns(self) -> set[str]:
        """The columns of the granule that the link reads."""
        return {name.removeprefix(_OF_GRANULE) for name in self._names - self.fields}

    @property
    def _names(self) -> set[str]:
        return {name for value in self._values.values() for name in fields_of(value)}

    @property
    def _values(self) -> dict[str, Any]:
        return {
            "semantics": self.semantics,
            "url": self.url,
            "description": self.description,
            "content_type": self.content_type,
            "content_length": self.content_length,
        }

    def of(self, records: pl.DataFrame) -> pl.Series:
        """Return the link of each record, as a JSON object; null if it has none."""
        columns = [_evaluate(name, value, records) for name, value in self._values.items()]
        links = pl.DataFrame(columns)
        if self.content_type is None:
            links = links.with_columns(media_type(links["url"]).alias("content_type"))
        absent = pl.col("url").is_null() | (pl.col("url") == "")
        written = pl.when(~absent).then(pl.struct(pl.all()).struct.json_encode())
        return links.select(written.alias("link")).to_series()


def granule(column: str) -> pl.Expr:
    """Refer to a column of the granule, where a link is declared."""
    return pl.col(_OF_GRANULE + column)


def this(description: Any, length: pl.Expr | None = None) -> Link:
    """Declare the link to the granule's own file: what access_url and access_format say.

    Parameters
    ----------
    description
        What is there, for people.
    length : polars.Expr, optional
        Its length in bytes; access_estsize is too coarse for it.
    """
    url, kind = granule("access_url"), granule("access_format")
    return Link("#this", url, description, kind, length)


def companion(semantics: str, name: str, description: Any, content_type: str | None = None) -> Link:
    """Declare the link to a companion of a file, as the source of files declares it by name.

    Parameters
    ----------
    semantics : str
        A term of datalink, with its ``#``.
    name : str
        The companion's name in the source file; its address is the field ``<name>.url``, its
        length ``<name>.size``.
    description
        What is there, for people.
    content_type : str, optional
        The media type; by default from the file extension of the URL.
    """
    return Link(semantics, pl.col(f"{name}.url"), description, content_type, pl.col(f"{name}.size"))


def documentation(url: Any, description: Any) -> Link:
    """Declare the link to a page that explains the data."""
    return Link("#documentation", url, description, "text/html")


def compile_links(
    links: tuple[Link, ...], records: pl.DataFrame, granules: pl.DataFrame, origin: pl.Series
) -> pl.Series:
    """Write the links of each granule as one JSON array.

    Parameters
    ----------
    links : tuple of Link
        What the service declares.
    records : polars.DataFrame
        The records of a batch.
    granules : polars.DataFrame
        The granules that were made of them.
    origin : polars.Series
        For each granule the number of its record.

    Returns
    -------
    polars.Series
        A string a granule; ``[]`` if there is no link.
    """
    if not links:
        return pl.Series(["[]"]).new_from_index(0, len(granules))
    values = _join_columns(links, records, granules, origin)
    columns = [link.of(values).alias(str(number)) for number, link in enumerate(links)]
    joined = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
    return pl.DataFrame(columns).select(pl.concat_str(pl.lit("["), joined, pl.lit("]"))).to_series()


def _join_columns(
    links: tuple[Link, ...], records: pl.DataFrame, granules: pl.DataFrame, origin: pl.Series
) -> pl.DataFrame:
    """Join the fields and columns that the links read, one row for each granule."""
    fields = set().union(*(link.fields for link in links))
    columns = set().union(*(link.columns for link in links))
    numbered = pl.DataFrame([origin.alias("number of its record")])
    of_record = records[origin].select(sorted(fields))  # not before: fewer fields, no rows
    of_granule = granules.select(pl.col(name).alias(_OF_GRANULE + name) for name in sorted(columns))
    return pl.concat([numbered, of_record, of_granule], how="horizontal")


def _evaluate(name: str, value: object, records: pl.DataFrame) -> pl.Series:
    made = evaluate(value, records)
    values = made if isinstance(made, pl.Series) else made.values
    return values.cast(pl.Int64 if name == "content_length" else pl.String).alias(name)
