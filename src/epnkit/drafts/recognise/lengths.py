"""Units of length, in kilometres: km, astronomical units, and radii of bodies."""

from __future__ import annotations

import re
from functools import cache

from epnkit.drafts.inspect.tables import read_table


def kilometres_of(unit: str, bodies: frozenset[str] = frozenset()) -> float | None:
    """Return a unit of length in kilometres; None if it is none, or it may be of several bodies.

    Parameters
    ----------
    unit : str
        A name or a symbol, in any spelling: km, AU, R_E, Rs.
    bodies : frozenset of str
        What was looked at: the radius of the only body is meant by its first letter.

    Examples
    --------
    >>> kilometres_of("R_E"), kilometres_of("AU"), kilometres_of("nT")
    (6378.1, 149597870.7, None)
    >>> kilometres_of("Rs"), kilometres_of("Rs", frozenset(["Saturn"]))
    (None, 60268.0)
    """
    plain = re.sub(r"[^a-z]", "", unit.lower())
    if (known := _units().get(unit.strip().lower())) is not None:
        return known
    radii = read_table("lengths")["radii"]
    only = next(iter(bodies)) if len(bodies) == 1 else ""
    if only in radii and plain in {f"r{only[0].lower()}", "rp", "radii", "radius"}:
        return float(radii[only])
    symbols = read_table("lengths")["symbols"]
    body = next((body for body in radii if plain in symbols.get(body, ())), "")
    return float(radii[body]) if body else None


def may_be_length(unit: str) -> bool:
    """Return whether a text is a unit of length, or a radius of one of several bodies."""
    plain = re.sub(r"[^a-z]", "", unit.lower())
    return plain in read_table("lengths")["symbols"]["several"] or kilometres_of(unit) is not None


@cache
def _units() -> dict[str, float]:
    table = read_table("lengths")
    return {
        other: table["kilometres"][u] for u, others in table["units"].items() for other in others
    }
