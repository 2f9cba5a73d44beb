"""Publications that granules belong to: data sets with a DOI."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.datalink.links import Link, documentation, granule
from epnkit.errors import ConfigurationError

#: A DOI without prefix (https://www.doi.org/doi-handbook, section 3).
_DOI = re.compile(r"10\.\d{4,9}/\S+")


@dataclass(frozen=True)
class Collection:
    """A published data set.

    Parameters
    ----------
    doi : str
        Its DOI.
    title : str
        Its title.
    where : dict of str to str
        Which granules belong to it: for columns of EPNcore, a regular expression that the value
        must match; by default all do.

    Raises
    ------
    ConfigurationError
        If the DOI or a pattern is invalid.
    """

    doi: str
    title: str
    where: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _DOI.fullmatch(self.doi):
            raise ConfigurationError(
                f"{self.doi!r} is not a DOI",
                cure="Write it as 10.25935/xxxx, without doi: or a host.",
            )
        for column, pattern in self.where.items():
            _require_pattern(column, pattern)

    @property
    def link(self) -> Link:
        """The link to its page, for each granule that belongs to it."""
        url = pl.when(self._condition(granule)).then(pl.lit(f"https://doi.org/{self.doi}"))
        return documentation(url, f"The data set that it is part of: {self.title}")

    @property
    def reference(self) -> pl.Expr:
        """The reference to it, over columns of EPNcore; null if a granule is not part of it."""
        return pl.when(self._condition(pl.col)).then(pl.lit(f"doi:{self.doi}"))

    def _condition(self, column: Any) -> pl.Expr:
        parts = [column(name).str.contains(pattern) for name, pattern in self.where.items()]
        return pl.all_horizontal(pl.lit(True), *parts)


def _require_pattern(column: str, pattern: str) -> None:
    """Check that polars can use a pattern: its syntax is not quite Python's."""
    try:
        pl.Series([""]).str.contains(pattern)
    except (pl.exceptions.ComputeError, TypeError) as error:
        raise ConfigurationError(
            f"{pattern!r} is not a pattern for {column}",
            why=" ".join(str(error).split()),
            cure=r"Write a regular expression; a bracket or star meant as such is \[ or \*.",
        ) from error


def read_collections(path: Path) -> tuple[Collection, ...]:
    """Read the collections of a service, which its RD reads too for the registry.

    Parameters
    ----------
    path : pathlib.Path
        A ``collections.toml`` with a table ``[[collection]]`` for each.

    Raises
    ------
    ConfigurationError
        If the file is not there, or a collection is incomplete.
    """
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["collection"]
        return tuple(Collection(**each) for each in listed)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            "its collections cannot be read",
            where=str(path),
            why=str(error),
            cure="Give each [[collection]] a doi, a title, and [collection.where] if needed.",
        ) from error


def add_references(granules: pl.DataFrame, collections: tuple[Collection, ...]) -> pl.DataFrame:
    """Add to ``bib_reference`` the collections that each granule is part of.

    Parameters
    ----------
    granules : polars.DataFrame
        Granules, whose own references come first.
    collections : tuple of Collection
        What the service declares.
    """
    if not collections:
        return granules
    own = [pl.col("bib_reference")] if "bib_reference" in granules.columns else []
    listed = pl.concat_list(*own, *(each.reference for each in collections)).list.drop_nulls()
    joined = listed.list.join("#")
    return granules.with_columns(pl.when(joined != "").then(joined).alias("bib_reference"))
