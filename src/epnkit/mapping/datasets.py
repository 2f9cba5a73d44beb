"""Data sets that are known by the names of their files, and what a catalogue says of each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.errors import ConfigurationError
from epnkit.mapping.declare import compute
from epnkit.mapping.outcome import Outcome


@dataclass(frozen=True)
class Dataset:
    """A data set.

    Parameters
    ----------
    name : str
        Its name, the ``granule_gid`` of its granules.
    files : str
        A pattern that the names of its files hold, and no others.
    columns : dict
        What all its granules have in common, by columns of EPNcore.

    Raises
    ------
    ConfigurationError
        If the pattern cannot be read.
    """

    name: str
    files: str
    columns: Mapping[str, str | int | float]

    def __post_init__(self) -> None:
        try:
            re.compile(self.files)
        except re.error as error:
            raise ConfigurationError(
                f"the pattern of {self.name} cannot be read",
                where=self.files,
                why=str(error),
                cure="Correct the regular expression in service.py.",
            ) from error


def read_datasets(path: Path) -> tuple[Dataset, ...]:
    """Read the data sets of a service.

    Parameters
    ----------
    path : pathlib.Path
        A ``datasets.toml`` with a table ``[[dataset]]`` for each.

    Raises
    ------
    ConfigurationError
        If the file is not there, or a data set is incomplete.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["dataset"]
        return tuple(Dataset(**each) for each in entries)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            "the data sets cannot be read",
            where=str(path),
            why=str(error),
            cure="Give each [[dataset]] a name, a pattern files, and [dataset.columns].",
        ) from error


def dataset_columns(
    datasets: Sequence[Dataset], field: str = "file_name"
) -> dict[str | tuple[str, ...], Any]:
    """Declare the columns that a file's data set fixes; files of no data set are refused.

    Parameters
    ----------
    datasets : sequence of Dataset
        The data sets; the first whose pattern fits counts.
    field : str
        The field with the file's name.

    Examples
    --------
    >>> kronos = Dataset("n3e", r"^N3e_", {"instrument_name": "rpws"})
    >>> sorted(dataset_columns([kronos]))
    ['granule_gid', 'instrument_name']
    """
    names = dict.fromkeys(name for dataset in datasets for name in dataset.columns)
    columns: dict[str | tuple[str, ...], Any] = {
        name: _column_by_file(datasets, field, name) for name in names
    }
    gid = _first_match(field, [(dataset.files, dataset.name) for dataset in datasets])
    return {"granule_gid": compute(_require_known, field, gid), **columns}


def _column_by_file(datasets: Sequence[Dataset], field: str, column: str) -> pl.Expr:
    return _first_match(field, [(each.files, each.columns.get(column)) for each in datasets])


def _first_match(field: str, values: list[tuple[str, Any]]) -> pl.Expr:
    """Return the value of the first pattern that fits, be it null."""
    chosen = pl.lit(None)
    for pattern, value in reversed(values):
        chosen = pl.when(pl.col(field).str.contains(pattern)).then(pl.lit(value)).otherwise(chosen)
    return chosen


def _require_known(names: pl.Series, datasets: pl.Series) -> Outcome:
    return Outcome.checked(names, datasets, "is a file of no data set that is served")
