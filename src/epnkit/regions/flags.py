"""What was done to a region, and why a row has none."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class Flag(IntFlag):
    """What was done to a contour on its way to the sphere; several may hold."""

    CLIPPED = 1  #: cut at the limb and closed along it
    JOINED = 2  #: opened at a pinch, or parts joined by a thin strip
    FILLED = 4  #: a sealed bay or hole became part of the region
    DEGENERATE = 8  #: a line or a point, given its pixels as area
    SIMPLIFIED = 16  #: vertices were dropped within the tolerance
    NO_POLYGON = 32  #: pgsphere can't hold the shape: only the coverage does
    OFF_LIMB = 64  #: wholly off the limb: no region
    BAD = 128  #: the row can't be drawn; its error says why
    OBSERVER_ASSUMED = 256  #: the header does not say where the spacecraft was

    def words(self) -> str:
        """Return the flags as words, separated by spaces."""
        return " ".join(
            str(flag.name).lower().replace("_", "-") for flag in Flag if flag.value & self.value
        )


class Fault(IntEnum):
    """Why a row can't be drawn."""

    NONE = 0
    EMPTY = 1
    DIGIT = 2
    OPEN = 3
    IMAGE = 4
    DATE = 5
    SIZE = 6
    OBSERVER = 7
    START = 8


#: What is said of a fault, after the standards of `epnkit.errors`: what, why, what to do.
EXPLANATIONS: Final[dict[Fault, str]] = {
    Fault.EMPTY: "empty chain code: the row has no contour. Leave the region empty",
    Fault.DIGIT: "bad chain code: only the digits 0 to 7 name a direction",
    Fault.OPEN: "open contour: the chain code does not return to its start. It may be truncated",
    Fault.IMAGE: "bad image scale: cdelt, center or r_sun is missing, not finite or zero",
    Fault.DATE: "bad date: date_obs is not an ISO 8601 time of an existing day",
    Fault.SIZE: "contour too wide: it spans more pixels than any image has",
    Fault.OBSERVER: "no observer: the apparent radius or the position is missing or not outside "
    "the Sun",
    Fault.START: "bad start: the first pixel is missing or not a number",
}
