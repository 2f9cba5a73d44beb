"""Units that records and files name, in astropy's spelling: texts that anyone may have written."""

from __future__ import annotations

import re

import astropy.units as u

#: Numbers so long that astropy, which computes a power before it finds it too large, may not end.
_HUGE = re.compile(r"[0-9]{6}")


def parse_unit(text: str) -> u.UnitBase | None:
    """Parse a unit; None if it is none, or one that no number can be given in.

    Parameters
    ----------
    text : str
        A unit as :class:`astropy.units.Unit` takes it.

    Examples
    --------
    >>> parse_unit("10**-10 m"), parse_unit("parsnip"), parse_unit("MHz9999")
    (Unit("1e-10 m"), None, None)
    """
    if not text.strip() or _HUGE.search(text):
        return None
    try:
        found = u.Unit(text)
        scale = abs(found.decompose().scale)
    except (ValueError, TypeError, ArithmeticError):
        return None
    return found if 0.0 < scale < float("inf") else None
