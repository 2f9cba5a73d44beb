"""Feeds: what can be asked for by time, with its parameters; data sets are one kind of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

from epnkit.streaming.blocks import Block
from epnkit.streaming.declare import FILL
from epnkit.streaming.index import Extent


@dataclass(frozen=True)
class Bins:
    """What the values of a spectrum belong to.

    Parameters
    ----------
    name, unit, label : str
        As the data set declares them.
    centers : tuple of float or str
        The values, or the name of the parameter that has them record by record.
    """

    name: str
    unit: str
    label: str
    centers: tuple[float, ...] | str


@dataclass(frozen=True)
class Parameter:
    """A parameter, as answers have it.

    Parameters
    ----------
    name : str
        Its name.
    type : {"isotime", "string", "double", "integer"}
        HAPI's type.
    unit : str, optional
        Its unit.
    description, label : str
        What it is, for people.
    size : int
        How many values a record has; 0 for a scalar.
    length : int
        Bytes of a text.
    fill : str, optional
        What stands for a missing value.
    bins : Bins, optional
        What its values belong to.
    is_uri : bool
        Whether its texts are addresses.
    scale : {"log", "linear"}
        How a plot colours it.
    frame, component : str, optional
        The coordinate system, and which coordinate it is.
    """

    name: str
    type: Literal["isotime", "string", "double", "integer"]
    unit: str | None
    description: str
    label: str
    size: int = 0
    length: int = 0
    fill: str | None = None
    bins: Bins | None = None
    is_uri: bool = False
    scale: Literal["log", "linear"] = "log"
    frame: str | None = None
    component: str | None = None


@dataclass(frozen=True)
class About:
    """What is said of a feed.

    Parameters
    ----------
    id, title, description : str
        For people and requests.
    service : str
        The service that it is of.
    digits : int
        Digits of a second in its times.
    cadence : datetime.timedelta, optional
        How far apart records are.
    longest : datetime.timedelta
        The longest span of a request.
    stamp : str
        Where in its measurement the time of a record is.
    resource : str, optional
        A page about it.
    """

    id: str
    title: str
    description: str
    service: str
    digits: int
    longest: timedelta
    cadence: timedelta | None = None
    stamp: str = "begin"
    resource: str | None = None


class Feed(Protocol):
    """What can be asked for by time."""

    @property
    def about(self) -> About:
        """What is said of it."""

    def measure(self) -> Extent | None:
        """Say what it spans; None if it is empty."""

    def list_parameters(self) -> tuple[Parameter, ...]:
        """List its parameters, without the time."""

    def read(self, names: Sequence[str], start: int, stop: int) -> Iterator[Block]:
        """Read some parameters, in their order."""

    def identify(self, start: int, stop: int) -> tuple[str, str]:
        """Return what changes when the answer does, and the newest modification of its granules."""


def fill_text(kind: str) -> str:
    """Return what stands for a missing number, as HAPI's headers have it."""
    return f"{FILL:.0e}".replace("e+", "e") if kind == "double" else str(-(2**31))


def shape_of(parameter: Parameter) -> tuple[int, ...]:
    """Return the shape of one record's values."""
    return (parameter.size,) if parameter.size else ()


def dtype_of(parameter: Parameter) -> Any:
    """Return numpy's type of a parameter in HAPI's binary form."""
    known = {"double": "<f8", "integer": "<i4"}
    return known.get(parameter.type) or f"S{parameter.length}"
