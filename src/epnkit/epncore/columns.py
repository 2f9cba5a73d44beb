"""The columns of EPNcore 2.0 (EPN-TAP 2.0, sections 2 and 3), read from packaged data.

Nothing else in epnkit spells out a type, a unit, a UCD or a requirement of a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import polars as pl

from epnkit.epncore import packaged
from epnkit.errors import ConfigurationError

EpnType = Literal["text", "integer", "float", "double", "timestamp"]

#: How each type of the standard is held in a table of granules.
_POLARS: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "double": pl.Float64(),
    "timestamp": pl.Datetime("us"),
}

#: How a free column is stored by DaCHS when nothing else is said.
_DACHS: Mapping[str, str] = {
    "text": "text",
    "integer": "bigint",
    "float": "double precision",
    "double": "double precision",
    "timestamp": "timestamp",
}


@dataclass(frozen=True)
class Column:
    """One column, of EPNcore or a service's own.

    Parameters
    ----------
    name : str
        The column's name.
    section : str
        ``mandatory``, ``common``, the name of an extension, or ``free`` for a service's own.
    epn_type : {'text', 'integer', 'float', 'double', 'timestamp'}
        The type as the standard names it.
    dachs_type : str
        The type that DaCHS stores: ``text``, ``double precision``, ``spoly``, ``smoc``...
    unit, ucd : str
        As in the standard's table; empty if they depend on a kind (see ``unit_in``).
    required : bool
        Whether each row must hold a value.
    hash_list : {'yes', 'may', 'no', ''}
        Whether a value may be a list joined by ``#``; ``may`` if the standard does not say.
    lower_case : bool
        Whether values are lower case for want of another standard.
    allowed_values : tuple of str
        The closed list of values, if there is one.
    vocabulary : str
        The packaged vocabulary of the values, if there is one.
    low, high : float or None
        The range of the values, in the column's unit.
    wraps : bool
        Whether the column is a longitude or azimuth, whose start may exceed its end.
    by_kind : {'', 'frame', 'particle'}
        On what the unit and the UCD depend.
    description : str
        What the column holds.
    """

    name: str
    section: str
    epn_type: EpnType
    dachs_type: str
    unit: str = ""
    ucd: str = ""
    required: bool = False
    hash_list: str = ""
    lower_case: bool = False
    allowed_values: tuple[str, ...] = ()
    vocabulary: str = ""
    low: float | None = None
    high: float | None = None
    wraps: bool = False
    by_kind: Literal["", "frame", "particle"] = ""
    description: str = ""

    @property
    def mandatory(self) -> bool:
        """Whether every EPN-TAP table has this column."""
        return self.section == "mandatory"

    @property
    def extension(self) -> str:
        """The extension that the column belongs to; empty for the core and for free columns."""
        return "" if self.section in {"mandatory", "common", "free"} else self.section

    @cached_property
    def limit(self) -> Literal["", "min", "max"]:
        """Which end of a pair the column is, by its name."""
        if self.name.endswith("min"):
            return "min"
        return "max" if self.name.endswith("max") else ""

    @cached_property
    def quantity(self) -> str:
        """The name without ``min`` or ``max``, that both ends of a pair share."""
        return self.name[:-3].rstrip("_") if self.limit else self.name

    def unit_in(self, kind: str) -> str:
        """Return the unit in a frame (or of a kind of particle spectrum).

        Parameters
        ----------
        kind : str
            A value of spatial_frame_type, or of particle_spectral_type.

        Returns
        -------
        str
            The unit as the standard spells it (section 3.1, table 2); empty for none.

        Raises
        ------
        ConfigurationError
            If the standard knows no such frame or kind.
        """
        return _kind_row(self, kind)["unit"] if self.by_kind else self.unit

    def ucd_in(self, kind: str) -> str:
        """Return the UCD in a frame (or of a kind of particle spectrum).

        Parameters
        ----------
        kind : str
            A value of spatial_frame_type, or of particle_spectral_type.

        Returns
        -------
        str
            The UCD with its ``stat.min`` or ``stat.max``; empty in the frame ``none``.

        Raises
        ------
        ConfigurationError
            If the standard knows no such frame or kind.
        """
        if not self.by_kind:
            return self.ucd
        stem = _kind_row(self, kind)["ucd"]
        return f"{stem};stat.{self.limit}" if stem else ""


def _read_kinds() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["quantity"], row["kind"]): row for row in packaged.read_rows("kinds.csv")}


_KINDS = _read_kinds()


def _kind_row(column: Column, kind: str) -> dict[str, str]:
    found = _KINDS.get((column.quantity, kind))
    if found is None:
        known = sorted(name for quantity, name in _KINDS if quantity == column.quantity)
        raise ConfigurationError(
            f"{column.name} is not defined for {kind!r}",
            why="its unit and UCD depend on that (EPN-TAP 2.0, section 3.1)",
            cure=f"Give one of {', '.join(known)}",
        )
    return found


def _parse_number(text: str) -> float | None:
    return float(text) if text else None


_BY_KIND: Mapping[str, Literal["", "frame", "particle"]] = {
    "@frame": "frame",
    "@particle": "particle",
}
_EPN_TYPES: Mapping[str, EpnType] = {
    "text": "text",
    "integer": "integer",
    "float": "float",
    "double": "double",
    "timestamp": "timestamp",
}


def _parse_column(row: Mapping[str, str]) -> Column:
    kind = _BY_KIND.get(row["unit"], "")
    return Column(
        name=row["name"],
        section=row["section"],
        epn_type=_EPN_TYPES[row["type"]],
        dachs_type=row["dachs"],
        unit="" if row["unit"] in _BY_KIND else row["unit"],
        ucd="" if row["ucd"] in _BY_KIND else row["ucd"],
        required=row["filled"] == "yes",
        hash_list=row["list"],
        lower_case=row["lower"] == "yes",
        allowed_values=tuple(row["allowed"].split("|")) if row["allowed"] else (),
        vocabulary=row["vocabulary"],
        low=_parse_number(row["low"]),
        high=_parse_number(row["high"]),
        wraps=row["wraps"] == "yes",
        by_kind=kind,
        description=row["description"],
    )


#: Every column of the standard by its name, in the standard's order.
COLUMNS: Mapping[str, Column] = {
    row["name"]: _parse_column(row) for row in packaged.read_rows("columns.csv")
}

#: The values of spatial_frame_type.
FRAMES = COLUMNS["spatial_frame_type"].allowed_values


def free_column(
    name: str, epn_type: EpnType, *, unit: str = "", ucd: str = "", description: str = ""
) -> Column:
    """Describe a column that a service adds of its own (section 1.2).

    Parameters
    ----------
    name : str
        The name, not one of the standard's.
    epn_type : {'text', 'integer', 'float', 'double', 'timestamp'}
        The type.
    unit, ucd, description : str
        The metadata; the UCD must be valid UCD1+ (rule 24).

    Returns
    -------
    Column
        The description, its section ``free``.

    Raises
    ------
    ConfigurationError
        If the standard already has a column of that name.
    """
    if name in COLUMNS:
        raise ConfigurationError(
            f"{name} is a column of EPNcore",
            cure="Leave it out of the service's own columns: its metadata are fixed",
        )
    return Column(
        name,
        "free",
        epn_type,
        _DACHS[epn_type],
        unit,
        ucd,
        hash_list="may" if epn_type == "text" else "",
        description=description,
    )


def polars_type(name: str) -> pl.DataType:
    """Return the type in which a table of granules holds a column.

    Parameters
    ----------
    name : str
        The name of a column of the standard.

    Returns
    -------
    polars.DataType
        String (geometries included), Int64, Float64 or Datetime in microseconds (UTC, naive).

    Raises
    ------
    ConfigurationError
        If the standard has no such column.
    """
    return _POLARS[get_column(name).epn_type]


def get_column(name: str) -> Column:
    """Return a column of the standard.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Column
        The column.

    Raises
    ------
    ConfigurationError
        If the standard has no such column; the error names similar ones.
    """
    if name not in COLUMNS:
        raise ConfigurationError(f"{name!r} is not a column of EPNcore 2.0", cure=_suggest(name))
    return COLUMNS[name]


def _suggest(name: str) -> str:
    close = get_close_matches(name, COLUMNS, n=3)
    return (
        f"Did you mean {' or '.join(close)}? Otherwise declare it as free"
        if close
        else "Declare it as free"
    )


def find_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Find the pairs of minimum and maximum among names of the standard.

    Parameters
    ----------
    names : iterable of str
        Names of columns.

    Returns
    -------
    list of tuple of str
        (name of the minimum, name of the maximum), where both are there.
    """
    held = set(names)
    found = [column for column in COLUMNS.values() if column.limit == "min" and column.name in held]
    both = [(column.name, column.name[:-3] + "max") for column in found]
    return [pair for pair in both if pair[1] in held]
