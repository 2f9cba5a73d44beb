"""Declaring the data sets that a service streams: which granules, how to read them, and axes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from epnkit.errors import ConfigurationError

if TYPE_CHECKING:
    from epnkit.streaming.readers.base import Reader

#: Identifiers that need no encoding in URLs, and are names in programming languages (HAPI 3.3.1,
#: section 8.2).
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}")

#: What stands for a missing number: large, exact as a double, and what HAPI's clients expect.
FILL = -1e31


#: What coordinates there are (HAPI 3.3.1, vectorComponents of a parameter).
COMPONENTS = (
    "x",
    "y",
    "z",
    "r",
    "rho",
    "latitude",
    "colatitude",
    "longitude",
    "longitude0",
    "altitude",
    "other",
)


@dataclass(frozen=True)
class Axis:
    """What the values of a spectrum belong to, in most cases frequencies.

    Parameters
    ----------
    name : str
        Its name in the reader's files.
    unit : str
        Its unit, as astropy writes it; the values are not converted.
    varies : bool
        Whether each record has its own values; then they are a parameter of the data set, too.
    label : str, optional
        What a plot says; by default the name.
    limits : tuple of float, optional
        The least and the greatest value, if it varies: views have channels between them.

    Raises
    ------
    ConfigurationError
        If it varies and has no limits.
    """

    name: str
    unit: str
    varies: bool = False
    label: str | None = None
    limits: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.varies and not (self.limits and 0 < self.limits[0] < self.limits[1]):
            raise ConfigurationError(
                f"the axis {self.name} varies, and has no limits",
                why="views of it have channels between its limits",
                cure="Declare limits=(LEAST, GREATEST), both above zero.",
            )


@dataclass(frozen=True)
class Variable:
    """A parameter of a data set.

    Parameters
    ----------
    name : str
        Its name, in requests and in answers.
    unit : str, optional
        Its unit, as astropy writes it; None for numbers without dimension.
    description : str
        What it is, for people.
    axis : Axis, optional
        What its values belong to, for a spectrum; a scalar has none.
    field : str, optional
        Its name in the reader's files; by default the same.
    type : {"double", "integer"}
        How it is sent.
    fill : float, optional
        What stands for a missing value in files, in addition to NaN and to what they declare
        themselves.
    label : str, optional
        What a plot says; by default the name.
    scale : {"log", "linear"}
        How the values are coloured in a plot.
    frame : str, optional
        The coordinate system, if it is a coordinate; of scalars only.
    component : str, optional
        Which coordinate it is, as HAPI calls them: ``longitude``, ``latitude``, ``x``.

    Raises
    ------
    ConfigurationError
        If it cannot have this name, or is a coordinate of no system or of no kind.
    """

    name: str
    unit: str | None
    description: str
    axis: Axis | None = None
    field: str | None = None
    type: Literal["double", "integer"] = "double"
    fill: float | None = None
    label: str | None = None
    scale: Literal["log", "linear"] = "log"
    frame: str | None = None
    component: str | None = None

    def __post_init__(self) -> None:
        _require_identifier(self.name, "parameter")
        if self.frame is None and self.component is None:
            return
        if not self.frame or self.component not in COMPONENTS or self.axis is not None:
            raise ConfigurationError(
                f"the parameter {self.name} cannot be a coordinate of this kind",
                why="a coordinate is a scalar, and has a system and a kind",
                cure=f"Declare frame=NAME and component, one of {', '.join(COMPONENTS)}.",
            )

    @property
    def source(self) -> str:
        """Its name in the reader's files."""
        return self.field or self.name


@dataclass(frozen=True)
class DataSet:
    """Granules whose files together are one stream of records.

    Parameters
    ----------
    dataset : str
        Its identifier: at most 31 letters, digits and underscores.
    title : str
        What it holds, in at most 40 characters.
    where : dict of str to str
        Which granules it holds: for columns of EPNcore, a regular expression of PostgreSQL that
        the value must match.
    reader : Reader
        How their files are read.
    variables : tuple of Variable
        Its parameters, in the order of the answers.
    cadence : datetime.timedelta, optional
        How far apart records are.
    longest : datetime.timedelta
        The longest span that one request may ask for.
    description : str
        What a user has to know.
    digits : {0, 3, 6, 9}
        Digits of a second in times.  A time with more of them is cut.
    stamp : {"begin", "center", "end", "other"}
        Where in its measurement the time of a record is.
    resource : str, optional
        The address of a page about the data.

    Raises
    ------
    ConfigurationError
        If an identifier is none, or a name stands twice.
    """

    dataset: str
    title: str
    where: Mapping[str, str]
    reader: Reader
    variables: tuple[Variable, ...]
    cadence: timedelta | None = None
    longest: timedelta = timedelta(days=366)
    description: str = ""
    digits: Literal[0, 3, 6, 9] = 3
    stamp: Literal["begin", "center", "end", "other"] = "begin"
    resource: str | None = None

    def __post_init__(self) -> None:
        _require_identifier(self.dataset, "data set")
        names = ["time", *(each.name.lower() for each in self.all_variables)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(
                f"the data set {self.dataset} has two parameters {', '.join(twice)}",
                why="names that differ in case alone are the same",
                cure="Give each parameter a name of its own.",
            )

    @property
    def selection(self) -> Mapping[str, str]:
        """Which granules it holds: of those that it declares, those that have a file."""
        return {"access_url": ".", **self.where}

    @property
    def all_variables(self) -> tuple[Variable, ...]:
        """The parameters, with the axes that vary in time before those that need them."""
        axes = {each.axis for each in self.variables if each.axis and each.axis.varies}
        ordered = sorted(axes, key=lambda axis: axis.name)
        described = (
            Variable(axis.name, axis.unit, f"{axis.label or axis.name} of each value", axis)
            for axis in ordered
        )
        return (*described, *self.variables)


@dataclass(frozen=True)
class Events:
    """Granules that are events: each is a record, with its end, its frequencies and its name.

    Parameters
    ----------
    dataset : str
        Its identifier: at most 31 letters, digits and underscores.
    title : str
        What it holds, in at most 40 characters.
    where : dict of str to str
        Which granules are events of it: for columns of EPNcore, a regular expression of PostgreSQL
        that the value must match.
    description : str
        What a user has to know.

    Raises
    ------
    ConfigurationError
        If the identifier is none.
    """

    dataset: str
    title: str
    where: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    def __post_init__(self) -> None:
        _require_identifier(self.dataset, "data set")


def _require_identifier(name: str, what: str) -> None:
    if not _IDENTIFIER.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a {what}",
            cure="Use at most 31 letters, digits and underscores, and no digit first.",
        )
