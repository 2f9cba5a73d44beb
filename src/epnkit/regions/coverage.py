"""The same shapes as multi-order coverage maps (MOC 2.0), for what a polygon can't hold."""

from __future__ import annotations

from epnkit.regions._compile import Floats
from epnkit.regions.draw import Drawn


def coverages(drawn: Drawn, scenes: Floats, order: int | None, wide_order: int) -> list[str | None]:
    """Return the coverage of each row in ASCII, None where none is asked for or needed."""
    return [None] * drawn.flags.size
