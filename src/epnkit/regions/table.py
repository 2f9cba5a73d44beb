"""Contours in a CSV table: read, drawn, and written with what `epnkit footprint` adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from epnkit.errors import RegionError
from epnkit.regions.contours.footprints import Footprints, Images, Options, footprints
from epnkit.tables import CsvError, read_rows

#: Columns that a table must have, in any case.
REQUIRED_COLUMNS: Final = (
    "date_obs",
    "cdelt1",
    "cdelt2",
    "center_x",
    "center_y",
    "r_sun",
    "cc_x_pix",
    "cc_y_pix",
    "chain_code",
)

#: Columns that are added.
ADDED_COLUMNS: Final = (
    "s_region",
    "coverage",
    "c1min",
    "c1max",
    "c2min",
    "c2max",
    "area_deg2",
    "flags",
)


@dataclass(frozen=True)
class ContourTable:
    """Rows of text under their columns, and the line of the file on which each ends."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, name: str) -> list[str]:
        """Return one column, the case of its name aside."""
        at = [column.strip().lower() for column in self.columns].index(name)
        return [row[at] if at < len(row) else "" for row in self.rows]


def read_table(path: Path) -> ContourTable:
    """Read a CSV table.

    Raises
    ------
    RegionError
        The file is not CSV, or a needed column is missing.
    """
    try:
        (_, columns), *pairs = list(read_rows(path)) or [(1, [])]
    except CsvError as error:
        raise RegionError(
            "not a CSV table",
            where=f"{path}:{error.line}",
            why=str(error),
            cure="Look for a quote that is not closed.",
        ) from error
    missing = [
        name for name in REQUIRED_COLUMNS if name not in [c.strip().lower() for c in columns]
    ]
    if missing:
        raise RegionError(
            "columns are missing: " + ", ".join(missing),
            where=f"{path}:1",
            cure="Name them in the first line, in any case: " + ", ".join(REQUIRED_COLUMNS) + ".",
        )
    return ContourTable(columns, [row for _, row in pairs], [line for line, _ in pairs])


def draw_table(table: ContourTable, options: Options) -> Footprints:
    """Draw the contours of a table."""
    keys = ("date_obs", "cdelt1", "cdelt2", "center_x", "center_y", "r_sun")
    images = Images(*(np.array(table.column(key), dtype=object) for key in keys))
    start_x, start_y = (
        np.array(table.column(key), dtype=object) for key in ("cc_x_pix", "cc_y_pix")
    )
    return footprints(table.column("chain_code"), start_x, start_y, images, options)


def _format_number(value: float) -> str:
    """Return a number as text, nothing for none."""
    return "" if np.isnan(value) else f"{value:.7f}"


def added_columns(found: Footprints) -> Iterator[list[str]]:
    """Return what is added to each row; a bad one has empty columns but for its flags."""
    numbers = (found.c1min, found.c1max, found.c2min, found.c2max, found.area_deg2)
    for row in range(len(found.s_region)):
        cells = [_format_number(values[row]) for values in numbers]
        yield [found.stc(row) or "", found.coverage[row] or "", *cells, found.words(row)]


def output_rows(table: ContourTable, found: Footprints) -> Iterator[Sequence[str]]:
    """Return the table with what is added, its header first."""
    yield [*table.columns, *ADDED_COLUMNS]
    width = len(table.columns)
    for row, more in zip(table.rows, added_columns(found), strict=True):
        yield [*row[:width], *[""] * (width - len(row)), *more]


def list_errors(table: ContourTable, found: Footprints) -> list[tuple[int, str]]:
    """Return the line number and the error of each bad row."""
    pairs = zip(table.lines, found.errors, strict=True)
    return [(line, error) for line, error in pairs if error is not None]
