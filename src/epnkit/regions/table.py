"""Contours in a CSV table: read, drawn, and written with what `epnkit footprint` adds."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from epnkit.errors import RegionError
from epnkit.regions.footprints import Footprints, Images, Options, footprints

#: Columns that a table must have, in any case.
NEEDED: Final = (
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
ADDED: Final = ("s_region", "coverage", "c1min", "c1max", "c2min", "c2max", "area_deg2", "flags")


@dataclass(frozen=True)
class Table:
    """Rows of text under their columns, and the line of the file on which each ends."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, name: str) -> list[str]:
        """Return one column, the case of its name aside."""
        at = [column.strip().lower() for column in self.columns].index(name)
        return [row[at] if at < len(row) else "" for row in self.rows]


def read(path: Path) -> Table:
    """Read a CSV table.

    Raises
    ------
    RegionError
        The file is not CSV, or a needed column is missing.
    """
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.reader(file)
        try:
            columns = next(reader, [])
            pairs = [(row, reader.line_num) for row in reader if row]
        except csv.Error as error:
            raise RegionError(
                "not a CSV table",
                where=f"{path}:{reader.line_num}",
                why=str(error),
                cure="Look for a quote that is not closed.",
            ) from error
    missing = [name for name in NEEDED if name not in [c.strip().lower() for c in columns]]
    if missing:
        raise RegionError(
            "columns are missing: " + ", ".join(missing),
            where=f"{path}:1",
            cure="Name them in the first line, in any case: " + ", ".join(NEEDED) + ".",
        )
    return Table(columns, [row for row, _ in pairs], [line for _, line in pairs])


def draw(table: Table, options: Options) -> Footprints:
    """Draw the contours of a table."""
    keys = ("date_obs", "cdelt1", "cdelt2", "center_x", "center_y", "r_sun")
    images = Images(*(np.array(table.column(key), dtype=object) for key in keys))
    start_x, start_y = (
        np.array(table.column(key), dtype=object) for key in ("cc_x_pix", "cc_y_pix")
    )
    return footprints(table.column("chain_code"), start_x, start_y, images, options)


def _cell(value: float) -> str:
    """Return a number as text, nothing for none."""
    return "" if np.isnan(value) else f"{value:.7f}"


def added(found: Footprints) -> Iterator[list[str]]:
    """Give what is added to each row; a bad one has empty columns but for its flags."""
    numbers = (found.c1min, found.c1max, found.c2min, found.c2max, found.area_deg2)
    for row in range(len(found.s_region)):
        cells = [_cell(values[row]) for values in numbers]
        yield [found.stc(row) or "", found.coverage[row] or "", *cells, found.words(row)]


def lines(table: Table, found: Footprints) -> Iterator[Sequence[str]]:
    """Give the table with what is added, its header first."""
    yield [*table.columns, *ADDED]
    width = len(table.columns)
    for row, more in zip(table.rows, added(found), strict=True):
        yield [*row[:width], *[""] * (width - len(row)), *more]


def complaints(table: Table, found: Footprints) -> list[tuple[int, str]]:
    """Return the line number and the error of each bad row."""
    pairs = zip(table.lines, found.errors, strict=True)
    return [(line, error) for line, error in pairs if error is not None]
