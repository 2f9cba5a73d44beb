"""Where EPN-TAP is going: advice from its text since the recommendation, never an error.

The recommendation is version 2.0 of 2022 (https://www.ivoa.net/documents/EPNTAP/20220822/); the
advice follows its repository as of 2025-04 (https://github.com/ivoa-std/EPNTAP), where it allows
what the recommendation allows too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from epnkit.epncore import vocabularies
from epnkit.epncore.published import DeclaredTable, VotableMetadata


@dataclass(frozen=True)
class Advice:
    """A change that the next text of the standard suggests.

    Parameters
    ----------
    column : str
        The column that it is about.
    count : int
        How many rows; 0 if it is about the table.
    text : str
        What to change.
    """

    column: str
    count: int
    text: str


#: One rule of advice, over the rows of a table.
_RowAdvice = Callable[[pl.DataFrame], Iterator[Advice]]


def advise(
    granules: pl.DataFrame | None,
    table: DeclaredTable | None = None,
    answer: VotableMetadata | None = None,
) -> tuple[Advice, ...]:
    """Advise on a table.

    Parameters
    ----------
    granules : polars.DataFrame, optional
        Its rows, or some of them.
    table : DeclaredTable, optional
        Its declaration.
    answer : VotableMetadata, optional
        What a VOTable says besides its table.

    Returns
    -------
    tuple of Advice
        In the order of the columns in the standard; empty if it is all there.
    """
    found: list[Advice] = []
    if granules is not None and granules.height:
        found += [each for rule in _ROW_RULES for each in rule(granules)]
    if table is not None:
        found += _advise_declaration(table)
    if answer is not None and granules is not None:
        found += _advise_answer(answer, granules)
    return tuple(found)


def _advise_time_scale(rows: pl.DataFrame) -> Iterator[Advice]:
    if "time_scale" not in rows.columns:
        return
    known = [*vocabularies.load("timescale").terms]
    other = rows.filter(pl.col("time_scale").cast(pl.String).is_in(known).not_())
    if other.height:
        value = other["time_scale"][0]
        yield Advice("time_scale", other.height, f"'{value}' is no term of the IVOA's timescale")


def _advise_map(rows: pl.DataFrame) -> Iterator[Advice]:
    if not {"dataproduct_type", "map_projection"} <= {*rows.columns}:
        return
    maps = rows.filter(
        pl.col("dataproduct_type").cast(pl.String).str.contains(r"(^|#)im(#|$)")
        & (pl.col("map_projection").cast(pl.String).fill_null("") != "")
    )
    if maps.height:
        yield Advice(
            "dataproduct_type", maps.height, "what is projected on a body is a map: 'ma', not 'im'"
        )


def _advise_disc(rows: pl.DataFrame) -> Iterator[Advice]:
    needed = {"spatial_frame_type", "c1min", "c1max", "c2min", "c2max", "dataproduct_type"}
    if not needed <= {*rows.columns}:
        return
    discs = rows.filter(
        (pl.col("spatial_frame_type").cast(pl.String) == "body")
        & (pl.col("dataproduct_type").cast(pl.String) == "im")
        & _measure("c1").is_in([180.0, 360.0])
        & (_measure("c2") == 180.0)
    )
    if discs.height:
        yield Advice(
            "c1min",
            discs.height,
            "an image of a whole disc has no box of 180 degrees, but subobserver_longitude_min to"
            " subobserver_latitude_max, north_pole_position, and its coverage as a MOC",
        )


def _measure(axis: str) -> pl.Expr:
    """Measure an extent; in a CSV file a column of numbers may have come as text."""
    high, low = (pl.col(f"{axis}{end}").cast(pl.Float64, strict=False) for end in ("max", "min"))
    return high - low


def _advise_solar_wind(rows: pl.DataFrame) -> Iterator[Advice]:
    if "target_region" not in rows.columns:
        return
    named = rows.filter(
        pl.col("target_region").cast(pl.String).str.contains(r"(?i)(^|#)solar[ _]wind(#|$)")
    )
    if named.height:
        yield Advice("target_region", named.height, "the term is 'solar-wind'")


def _advise_declaration(table: DeclaredTable) -> Iterator[Advice]:
    names = {field.name for field in table.fields}
    if "time_origin" in names and "time_refposition" not in names:
        yield Advice("time_origin", 0, "it is called time_refposition: a term of refposition")


def _advise_answer(answer: VotableMetadata, rows: pl.DataFrame) -> Iterator[Advice]:
    if "spatial_frame_type" not in rows.columns or answer.space_systems:
        return
    if answer.names_bodies and {*rows["spatial_frame_type"].cast(pl.String)} == {"body"}:
        yield Advice(
            "c1min", 0, "VOTable 1.5 has a COOSYS for bodies (BODY), which DaCHS 2.11 cannot write"
        )


_ROW_RULES: tuple[_RowAdvice, ...] = (
    _advise_map,
    _advise_time_scale,
    _advise_disc,
    _advise_solar_wind,
)
