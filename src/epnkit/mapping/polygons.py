"""Polygons that a source holds as such, written so that pgsphere takes them, or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.mapping.outcome import Outcome

#: The rule on polygons, by which those are refused that the database would not take.
POLYGON_RULE: Final = 83

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_POINT = rf"\(\s*{_NUMBER}d\s*,\s*{_NUMBER}d\s*\)"

#: How STC-S begins, with the name of a frame, which may have a number: ``POLYGON J2000``.
_HEAD = r"(?i)^\s*polygon(?:\s+[a-z_]\w*)*"

#: pgsphere's literal; STC-S; DALI's numbers alone.
_FORMS = (
    rf"^\s*\{{\s*{_POINT}(?:\s*,\s*{_POINT})*\s*\}}\s*$"
    rf"|{_HEAD}(?:\s+{_NUMBER}){{6,}}\s*$"
    rf"|^\s*{_NUMBER}(?:[\s,]+{_NUMBER}){{5,}}\s*$"
)

#: A literal as epnkit itself writes it, which stays as it is.
_VERTEX = r"\([0-9]+(\.[0-9]+)?d,-?[0-9]+(\.[0-9]+)?d\)"
_PLAIN = re.compile(rf"\{{{_VERTEX}(,{_VERTEX})*\}}")

#: Why a polygon is none, by the code of :func:`epnkit.regions.geometry.sphere.check_pgsphere`.
_FAULTS = {
    1: "is a polygon whose edges cross",
    2: "is a polygon of a hemisphere or more",
    3: "is a polygon of too many vertices",
    4: "is a polygon with fewer than three vertices",
}


def are_polygons(given: pl.Series) -> Outcome:
    """Write polygons as pgsphere's literals, and refuse what it would not take.

    Parameters
    ----------
    given : polars.Series
        Texts (pgsphere's literals, STC-S, or DALI's numbers), or lists of degrees.

    Examples
    --------
    >>> outcome = are_polygons(pl.Series(["Polygon J2000 1 0 2 0 2 1", "Circle ICRS 1 0 2"]))
    >>> outcome.values.to_list()
    ['{(1.0d,0.0d),(2.0d,0.0d),(2.0d,1.0d)}', None]
    >>> outcome.reasons[1]
    "'Circle ICRS 1 0 2' is no polygon"
    """
    lists = read_polygon_numbers(given)
    texts = given if given.dtype == pl.String else pl.Series([None] * len(given), dtype=pl.String)
    present = given.is_not_null() & (texts.fill_null("x").str.strip_chars() != "")
    made = [
        _write_polygon(text, numbers) if there else (None, None)
        for text, numbers, there in zip(texts, lists, present, strict=True)
    ]
    reasons = [
        f"{_shorten(text if text is not None else numbers)} {fault}" if fault else None
        for (_, fault), text, numbers in zip(made, texts, lists, strict=True)
    ]
    values = pl.Series(given.name, [literal for literal, _ in made], dtype=pl.String)
    return Outcome(values, pl.Series(given.name, reasons, dtype=pl.String))


def read_polygon_numbers(given: pl.Series) -> pl.Series:
    """Read the numbers of polygons.

    Parameters
    ----------
    given : polars.Series
        Texts or lists, as :func:`are_polygons` takes them.

    Returns
    -------
    polars.Series
        Lists of degrees, longitude and latitude by turns; null where there is no polygon.
    """
    if given.dtype != pl.String:
        return given.cast(pl.List(pl.Float64))
    written = pl.select(pl.when(given.str.contains(_FORMS)).then(given)).to_series()
    return written.str.replace(_HEAD, "").str.extract_all(_NUMBER).cast(pl.List(pl.Float64))


def _write_polygon(text: str | None, numbers: Any) -> tuple[str | None, str | None]:
    """Return the literal of a polygon, or what is wrong with it."""
    if numbers is None or len(numbers) % 2 or len(numbers) < 6:
        return None, "is no polygon"
    degrees = np.asarray(numbers, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(degrees).all():
        return None, "has a number that is not finite"
    if np.abs(degrees[:, 1]).max() > 90:
        return None, "has a latitude beyond a pole"
    kept = degrees[list(_find_different(degrees))]
    kept, fault = _fit_pgsphere(kept)
    if fault:
        return None, fault
    within = bool(((degrees[:, 0] >= 0) & (degrees[:, 0] < 360)).all())
    if text is not None and within and np.array_equal(kept, degrees) and _PLAIN.fullmatch(text):
        return text, None
    points = (f"({_format(lon % 360)}d,{_format(lat)}d)" for lon, lat in kept.tolist())
    return f"{{{','.join(points)}}}", None


def _find_different(degrees: NDArray[np.float64]) -> Iterator[int]:
    """Find the vertices that differ from the one before; the last one is before the first."""
    before = degrees[-1]
    for number, vertex in enumerate(degrees):
        if (vertex != before).any():
            yield number
        before = vertex


def _fit_pgsphere(degrees: NDArray[np.float64]) -> tuple[NDArray[np.float64], str | None]:
    """Return a polygon as pgsphere takes it, or what is wrong with it.

    Only one of which two edges lie on one line changes: by 1e-5 degree, as those that are drawn.
    """
    from epnkit.regions.geometry import sphere  # numba, which few services need
    from epnkit.regions.shapes.rings import unit_vectors

    ring = np.ascontiguousarray(unit_vectors(degrees[:, 0], degrees[:, 1]))
    if len(sphere.drop_redundant_vertices(ring)) < 3:
        return degrees, "is a polygon too small to be one"
    fault = _FAULTS.get(int(sphere.check_pgsphere(ring)))
    if fault or not _is_aligned(ring):
        return degrees, fault
    moved = sphere.remove_alignment(ring)
    if sphere.check_pgsphere(moved) != sphere.GOOD or _is_aligned(moved):
        return degrees, "is a polygon with edges on one line"
    return sphere.to_degrees(moved), None


def _is_aligned(ring: NDArray[np.float64]) -> bool:
    from epnkit.regions.geometry import sphere

    return len(ring) > 3 and bool(sphere.is_aligned(sphere.gnomonic(ring)[0]))


def _format(number: float) -> str:
    return np.format_float_positional(number, trim="0")


def _shorten(value: Any) -> str:
    return repr(value.to_list() if isinstance(value, pl.Series) else value)[:80]
