"""What a telescope on the Earth sees of the Sun: fields, heliocentric angles, the whole disc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.mapping.declare import compute
from epnkit.mapping.footprints import as_columns
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_times, from_numbers, numbers
from epnkit.regions import SOLAR_RADIUS, circles
from epnkit.regions.images.outlines import outlines
from epnkit.regions.solar.observers import ObserverPosition, locate_observers
from epnkit.regions.solar.times import to_tt

Floats = NDArray[np.float64]

#: By how much the cosine of a heliocentric angle and µ may differ: both are rounded.
MU_TOLERANCE = 0.002

#: By how much an angle and the pointing may differ, in degrees, before it is flagged: telescopes on
#: the ground point to some arcseconds, which are degrees near the limb.
POINTING_TOLERANCE = 3.0

#: The order of the coverage of a whole disc: cells of 3.7 degrees.  Its edge lies at the limb,
#: where that is 0.2 % of the radius as the telescope sees it.  Each order more doubles the
#: bytes of a granule, and takes three times as long to copy (docs/topics/scale.md).
DISC_ORDER = 4


#: To what the point below the observer, and the radius, are rounded for the coverage, in degrees: a
#: twentieth of a cell, and the Earth is above the same point for twenty minutes.
DISC_STEP = 0.2


#: The columns of a field that :func:`field_of_view` gives.
FIELD = (
    "s_region",
    "coverage",
    "c1min",
    "c1max",
    "c2min",
    "c2max",
    "footprint_area",
    "footprint_flags",
)

#: The columns of a whole disc that :func:`whole_disc` gives.
DISC = (
    "subobserver_longitude_min",
    "subobserver_longitude_max",
    "subobserver_latitude_min",
    "subobserver_latitude_max",
    "coverage",
)

#: The columns of :func:`pointing` that are not EPNcore's, with their types; the RD takes them from
#: ``epnkit/q#pointing``.
POINTING = {
    "footprint_area": "double",
    "footprint_flags": "text",
    "theta": "double",
    "mu": "double",
    "theta_origin": "text",
}

#: The value of a column that a mapping declares: a field's name, or an expression.
Given = str | pl.Expr


def pointing(
    *,
    date: Given,
    x: Given,
    y: Given,
    width: Given,
    height: Given,
    rotation: Given,
    theta: Given,
    mu: Given,
) -> dict[str | tuple[str, ...], Any]:
    """Declare field and heliocentric angle of observations of a part of the Sun, for a mapping.

    Parameters
    ----------
    date, x, y, width, height, rotation : str or polars.Expr
        As :func:`field_of_view` takes them.
    theta, mu : str or polars.Expr
        As :func:`heliocentric_angles` takes them.

    Examples
    --------
    >>> names = ("date", "x", "y", "width", "height", "rotation", "theta", "mu")
    >>> sorted(len(key) for key in pointing(**{name: name for name in names}))
    [3, 8]
    """
    return {
        FIELD: compute(field_of_view, date, x, y, width, height, rotation),
        ("theta", "mu", "theta_origin"): compute(heliocentric_angles, theta, mu, date, x, y),
    }


def disc_view(*, date: Given) -> dict[str | tuple[str, ...], Any]:
    """Declare the view of images of the whole disc, for a mapping.

    Parameters
    ----------
    date : str or polars.Expr
        As :func:`whole_disc` takes it.

    Examples
    --------
    >>> ((names, _),) = disc_view(date="date_obs").items()
    >>> names[-1]
    'coverage'
    """
    return {DISC: compute(whole_disc, date)}


def field_of_view(
    date: pl.Series,
    x: pl.Series,
    y: pl.Series,
    width: pl.Series,
    height: pl.Series,
    rotation: pl.Series | None = None,
) -> dict[str, Any]:
    """Draw rectangular fields, of a camera or of a slit and its scan, on the Carrington sphere.

    Parameters
    ----------
    date : polars.Series
        Times as texts or datetimes (UTC).
    x, y : polars.Series
        The field's centre, helioprojective: arcseconds west and north of the disc's.
    width, height : polars.Series
        The field's sides, arcseconds; a missing one leaves the record without a footprint.
    rotation : polars.Series, optional
        How far the field is turned, degrees counter-clockwise (FITS's CROTA2); missing is 0.

    Returns
    -------
    dict
        The columns of :data:`FIELD`.  A field off the limb has no region and is flagged; one that
        is cut by it follows the limb.

    Examples
    --------
    >>> one = [pl.Series([value]) for value in ("2017-09-29T09:00:00", 200.0, -100.0, 65.0, 46.0)]
    >>> drawn = field_of_view(*one)
    >>> round(drawn["c2min"][0], 1), round(drawn["c2max"][0], 1)
    (-0.8, 2.1)
    """
    turned = numbers(rotation) if rotation is not None else np.zeros(len(date))
    middle, sides = (
        np.column_stack([numbers(a), numbers(b)]) for a, b in ((x, y), (width, height))
    )
    corners = _find_corners(middle, sides, np.nan_to_num(turned))
    times = as_times(date)
    good = np.isfinite(corners).all(axis=(1, 2)) & times.is_not_null().to_numpy()
    rings = [ring if known else None for ring, known in zip(corners, good, strict=True)]
    made = as_columns(outlines(rings, times))
    made = made.rename({"area": "footprint_area", "flags": "footprint_flags"})
    # A record without a pointing is no bad one: it has no field.
    flags = pl.col("footprint_flags").replace("bad", None)
    return {name: made.with_columns(flags)[name] for name in FIELD}


def _find_corners(middle: Floats, sides: Floats, turn: Floats) -> Floats:
    """Return the corners of rectangles, shape (n, 4, 2); NaN if a part is missing or no side."""
    half = np.where(sides > 0, sides / 2, np.nan)
    across = half[:, :1] * np.array([-1, 1, 1, -1])
    up = half[:, 1:] * np.array([-1, -1, 1, 1])
    cosine, sine = np.cos(np.radians(turn))[:, None], np.sin(np.radians(turn))[:, None]
    turned = np.stack([cosine * across - sine * up, sine * across + cosine * up], axis=2)
    corners: Floats = middle[:, None, :] + turned
    return corners


@dataclass(frozen=True)
class Angles:
    """Heliocentric angles, and where they come from.

    Parameters
    ----------
    theta : Outcome
        Degrees between the line of sight and the vertical; refused if µ contradicts it.
    mu : polars.Series
        Its cosine.
    origin : polars.Series
        ``given``, ``mu`` or ``pointing``, what theta was made of, joined by a hash with
        ``off_pointing`` if the pointing contradicts it.
    """

    theta: Outcome
    mu: pl.Series
    origin: pl.Series


def heliocentric_angles(
    theta: pl.Series, mu: pl.Series, date: pl.Series, x: pl.Series, y: pl.Series
) -> Angles:
    """Take heliocentric angles as given, or compute them, and compare them with each other.

    Parameters
    ----------
    theta : polars.Series
        Angles, degrees; null or NaN if not given.
    mu : polars.Series
        Their cosines.
    date, x, y : polars.Series
        Time and pointing, as for :func:`field_of_view`.

    Examples
    --------
    >>> given = [pl.Series([value]) for value in (20.369, 0.937, "2017-09-29", 235.0, 236.6)]
    >>> found = heliocentric_angles(*given)
    >>> found.theta.values[0], found.mu[0], found.origin[0]
    (20.369, 0.937, 'given')
    >>> beyond = heliocentric_angles(pl.Series([60.0]), *given[1:])
    >>> beyond.theta.reasons[0]
    'theta 60.0 is no angle whose cosine is mu 0.937'
    """
    angle, cosine = _within(theta, 0, 90), _within(mu, 0, 1)
    pointed = pointing_angles(date, x, y)
    has_angle, has_cosine = np.isfinite(angle), np.isfinite(cosine)
    of_mu = np.degrees(np.arccos(np.where(has_cosine, cosine, np.nan)))
    best = np.where(has_angle, angle, np.where(has_cosine, of_mu, pointed))
    contrary = np.abs(np.cos(np.radians(angle)) - cosine) > MU_TOLERANCE
    off = np.abs(best - pointed) > POINTING_TOLERANCE
    origin = np.where(has_angle, "given", np.where(has_cosine, "mu", "pointing"))
    words = pl.Series("origin", np.where(off, np.char.add(origin, "#off_pointing"), origin))
    values = from_numbers(best, theta.name).round(9)
    known = from_numbers(np.where(has_cosine, cosine, np.cos(np.radians(best))), mu.name).round(9)
    return Angles(
        Outcome(values, _describe_contradictions(theta, mu, contrary)),
        known,
        words.set(values.is_null(), None),
    )


def pointing_angles(date: pl.Series, x: pl.Series, y: pl.Series) -> Floats:
    """Compute the heliocentric angle at a pointing, degrees; NaN off the limb or without one.

    At the distance D, a point of the Sun (radius R) that is seen ρ from the disc's centre has the
    angle θ with sin θ = sin ρ · D/R: the sines' law in the triangle of centre, point and observer.

    Parameters
    ----------
    date, x, y : polars.Series
        Time and pointing, as for :func:`field_of_view`.
    """
    away = np.radians(np.hypot(numbers(x), numbers(y)) / 3600)
    sine = np.sin(away) * _locate_earth(date).distance / SOLAR_RADIUS
    angles: Floats = np.degrees(np.arcsin(np.where(sine <= 1, sine, np.nan)))
    return angles


def whole_disc(date: pl.Series) -> dict[str, pl.Series]:
    """Describe the view of a whole disc: the point below the observer, and the coverage.

    EPN-TAP wants no box for half a sphere, but the point below the observer (section 2.1.4), and
    its text since then a coverage.

    Parameters
    ----------
    date : polars.Series
        Times as texts or datetimes (UTC).

    Returns
    -------
    dict
        The columns of :data:`DISC`: the point in Carrington degrees, and a MOC in ASCII.

    Examples
    --------
    >>> seen = whole_disc(pl.Series(["2014-09-02T11:03:10"]))
    >>> round(seen[DISC[0]][0], 2), round(seen[DISC[2]][0], 2)
    (201.44, 7.21)
    """
    position = _locate_earth(date)
    lon, lat = np.degrees(position.longitude), np.degrees(position.latitude)
    radius = np.degrees(np.arccos(SOLAR_RADIUS / position.distance))
    degrees = zip(DISC, (lon, lon, lat, lat), strict=False)
    points = [from_numbers(each, name).round(9) for name, each in degrees]
    columns = [*points, _cover_discs(np.column_stack([lon, lat, radius]))]
    return dict(zip(DISC, columns, strict=True))


def _cover_discs(circle: Floats) -> pl.Series:
    """Return the coverages of circles, shape (n, 3); those that are nearly the same once."""
    steps = pl.DataFrame(np.round(circle / DISC_STEP), schema=["lon", "lat", "radius"])
    different = steps.filter(pl.all_horizontal(pl.all().is_finite())).unique(maintain_order=True)
    found = circles(
        *(different.to_numpy() * DISC_STEP).T, moc_order=DISC_ORDER, wide_order=DISC_ORDER
    )
    covered = pl.Series(DISC[-1], found.coverage, dtype=pl.String)
    joined = steps.join(
        different.with_columns(covered), on=steps.columns, how="left", maintain_order="left"
    )
    return joined[DISC[-1]]


def _locate_earth(date: pl.Series) -> ObserverPosition:
    """Return where the Earth is at each time, NaN if there is none."""
    days, good = to_tt(as_times(date))
    found = locate_observers("earth", days, np.full(len(days), np.nan), SOLAR_RADIUS)
    return ObserverPosition(*(np.where(good, each, np.nan) for each in found))


def _within(given: pl.Series, low: float, high: float) -> Floats:
    """Return numbers within bounds; headers hold -1 and 999 for what is unknown."""
    values = numbers(given)
    return np.where((values >= low) & (values <= high), values, np.nan)


def _describe_contradictions(
    theta: pl.Series, mu: pl.Series, contrary: NDArray[np.bool_]
) -> pl.Series:
    reasons: list[str | None] = [None] * len(theta)
    for row in np.flatnonzero(contrary).tolist():
        reasons[row] = f"theta {theta[row]} is no angle whose cosine is mu {mu[row]}"
    return pl.Series(theta.name, reasons, dtype=pl.String)
