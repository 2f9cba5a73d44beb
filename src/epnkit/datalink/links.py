"""Declaring the links of a granule, and compiling them while it is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from epnkit.epncore import vocabularies
from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import evaluate, fields_of


@dataclass(frozen=True)
class Link:
    """One link that datalink offers for each granule.

    The values are declared as those of a mapping: a constant, an expression over the fields of the
    record, or :func:`~epnkit.mapping.declare.of` a function and the fields it reads.

    Parameters
    ----------
    semantics : str
        A term of the IVOA's datalink vocabulary, with its ``#``: ``#this``, ``#preview``.
    url
        Where it leads; a granule whose value is null or empty has no such link.
    description
        What lies there, for people.
    content_type : optional
        The media type.
    content_length : optional
        The length in bytes.

    Raises
    ------
    ConfigurationError
        Where the vocabulary has no such term.
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
                cure="Take a term of http://www.ivoa.net/rdf/datalink/core, with its #.",
            )

    @property
    def fields(self) -> set[str]:
        """The fields of a record that the link reads."""
        return {n for value in self._values.values() for n in fields_of(value)}

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
        """Give the link of each record, as a JSON object; null where it has none."""
        columns = [_series(name, value, records) for name, value in self._values.items()]
        links = pl.DataFrame(columns)
        absent = pl.col("url").is_null() | (pl.col("url") == "")
        written = pl.when(~absent).then(pl.struct(pl.all()).struct.json_encode())
        return links.select(written.alias("link")).to_series()


def compile_links(links: tuple[Link, ...], records: pl.DataFrame) -> pl.Series:
    """Write the links of each record as one JSON array.

    Parameters
    ----------
    links : tuple of Link
        What the service declares.
    records : polars.DataFrame
        One row a granule: its record.

    Returns
    -------
    polars.Series
        A string a row; ``[]`` where there is no link.
    """
    if not links:
        return pl.Series(["[]"]).new_from_index(0, len(records))
    columns = [link.of(records).alias(str(number)) for number, link in enumerate(links)]
    joined = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
    return pl.DataFrame(columns).select(
        pl.concat_str(pl.lit("["), joined, pl.lit("]"))
    ).to_series()  # fmt: skip


def _series(name: str, value: object, records: pl.DataFrame) -> pl.Series:
    made = evaluate(value, records)
    values = made if isinstance(made, pl.Series) else made.values
    return values.cast(pl.Int64 if name == "content_length" else pl.String).alias(name)
