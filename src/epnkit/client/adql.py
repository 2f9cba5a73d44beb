"""A search as a query in ADQL 2.0 of one table, with what the table has no columns for left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin

from epnkit.client.terms import Box, Cone, Polygon, SearchTerms
from epnkit.epncore.columns import COLUMNS
from epnkit.quoting import sql_text

#: Where words of a free text may occur.
TEXT_COLUMNS = (
    "granule_uid",
    "granule_gid",
    "obs_id",
    "target_name",
    "target_region",
    "feature_name",
    "instrument_host_name",
    "instrument_name",
    "measurement_type",
    "file_name",
    "species",
)

#: How many values DaCHS writes in the time in which it reads one name of a query: its parser takes
#: 3.4 ms a name, and a value 1 to 2.5 microseconds; twice that, as few answers reach their limit.
VALUES_A_NAME = 4000


@dataclass(frozen=True)
class TableQuery:
    """A query of one table.

    Parameters
    ----------
    text : str
        The ADQL.
    columns : tuple of str
        What is wanted of its answer.
    left_out : tuple of str
        Terms of the search for which the table has no column: they do not restrict the rows.
    """

    text: str
    columns: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Condition:
    """A condition, with the columns that it needs."""

    term: str
    needs: tuple[str, ...]
    text: str


def write_query(
    table: str,
    known: Collection[str],
    terms: SearchTerms,
    *,
    limit: int,
    columns: Collection[str] = (),
    order: str = "",
) -> TableQuery:
    """Write the query of a table.

    It names its columns only if that is quicker than to read all of them.

    Parameters
    ----------
    table : str
        Its full name.
    known : collection of str
        The columns that it has, each as TAP_SCHEMA writes it: in quotes if ADQL wants them
        (TAP 1.1, section 4.3).
    terms : SearchTerms
        What is asked for.
    limit : int
        How many rows are wanted at most.
    columns : collection of str
        The columns that are wanted; by default those of EPNcore. ``*`` is all that it has.
    order : str
        The column that rows are ordered by, if the table has it.

    Examples
    --------
    >>> found = write_query("a.epn_core", ["time_min"], SearchTerms(level=3, where="1=1"), limit=9)
    >>> found.text, found.left_out
    ('SELECT * FROM a.epn_core WHERE (1=1)', ('level',))
    """
    written = {name.strip('"'): name for name in known}
    every = "*" in columns
    wanted = [*written] if every else [n for n in columns or COLUMNS if n in written]
    conditions = list(_write_conditions(terms, written))
    used = [each.text for each in conditions if {*each.needs} <= {*written}]
    left_out = tuple(each.term for each in conditions if not {*each.needs} <= {*written})
    unwanted = (len(written) - len(wanted)) * limit
    names = ", ".join(written[name] for name in wanted)
    selected = "*" if unwanted <= VALUES_A_NAME * len(wanted) else names
    text = f"SELECT {selected} FROM {table}"  # noqa: S608 - names are the service's own
    if used:
        text += f" WHERE {' AND '.join(used)}"
    if order in written:
        text += f" ORDER BY {written[order]}"
    return TableQuery(text, tuple(wanted), left_out)


def _write_conditions(terms: SearchTerms, known: Collection[str]) -> Iterator[_Condition]:
    for term, names in (
        ("time", ("time_min", "time_max")),
        ("frequency", ("spectral_range_min", "spectral_range_max")),
    ):
        if limits := getattr(terms, term):
            yield _Condition(term, names, _overlap(*names, *limits))
    for term, name in (
        ("target", "target_name"),
        ("instrument", "instrument_name"),
        ("host", "instrument_host_name"),
        ("kind", "dataproduct_type"),
    ):
        if value := getattr(terms, term):
            yield _Condition(term, (name,), _is_in_list(name, value))
    if terms.level is not None:
        yield _Condition("level", ("processing_level",), f"processing_level = {terms.level:d}")
    if terms.place is not None:
        yield _write_place(terms.place, terms.frame, known)
    for word in terms.text.split():
        yield _write_word(word, known)
    if terms.where.strip():
        yield _Condition("where", (), f"({terms.where.strip()})")


def _overlap(low: str, high: str, start: float, end: float) -> str:
    return f"{high} >= {start!r} AND {low} <= {end!r}"


def _is_in_list(name: str, value: str) -> str:
    """Require a value, or one of a list joined by ``#`` (EPN-TAP 2.0, section 2.2), in any case."""
    # Without parentheses, which the parser of DaCHS takes twice the time for.
    return f"'#' || LOWER({name}) || '#' LIKE {sql_text(f'%#{value.strip().lower()}#%')}"


def _write_word(word: str, known: Collection[str]) -> _Condition:
    columns = [name for name in TEXT_COLUMNS if name in known]
    pattern = sql_text(f"%{word.lower()}%")
    each = " OR ".join(f"LOWER({name}) LIKE {pattern}" for name in columns)
    return _Condition("text", () if columns else TEXT_COLUMNS, f"({each})")


def _write_place(place: Cone | Box | Polygon, frame: str, known: Collection[str]) -> _Condition:
    """Require a footprint that overlaps; rows without one, by the limits of their coordinates."""
    boxes = [_within(*box) for box in _bound(place)]
    limits = f"({' OR '.join(boxes)})" if len(boxes) > 1 else boxes[0]
    needs = ("c1min", "c1max", "c2min", "c2max", "spatial_frame_type")
    text = limits
    if "s_region" in known and not isinstance(place, Box):
        shape = _write_shape(place)
        text = f"(1 = INTERSECTS(s_region, {shape}) OR (s_region IS NULL AND {limits}))"
    return _Condition("place", needs, f"spatial_frame_type = {sql_text(frame)} AND {text}")


def _write_shape(place: Cone | Polygon) -> str:
    if isinstance(place, Cone):
        return f"CIRCLE('', {place.longitude!r}, {place.latitude!r}, {place.radius!r})"
    return f"POLYGON('', {', '.join(repr(value) for point in place.points for value in point)})"


def _within(west: float, east: float, south: float, north: float) -> str:
    """Overlap of limits of longitude and latitude; those of a row may cross the meridian 0."""
    plain = f"c1min <= {east!r} AND c1max >= {west!r}"
    crossing = f"c1min > c1max AND (c1min <= {east!r} OR c1max >= {west!r})"
    return f"(c2max >= {south!r} AND c2min <= {north!r} AND (({plain}) OR ({crossing})))"


def _bound(place: Cone | Box | Polygon) -> list[tuple[float, float, float, float]]:
    """Bound a place by boxes that do not cross the meridian 0."""
    west, east, south, north = _limits(place)
    if east - west >= 360:
        return [(0.0, 360.0, south, north)]
    west, east = west % 360, east % 360
    if west <= east:
        return [(west, east, south, north)]
    return [(west, 360.0, south, north), (0.0, east, south, north)]


def _limits(place: Cone | Box | Polygon) -> tuple[float, float, float, float]:
    if isinstance(place, Box):
        return place.west, place.east, place.south, place.north
    if isinstance(place, Cone):
        return _cone_limits(place)
    longitudes, latitudes = zip(*_unwind(place.points), strict=True)
    return min(longitudes), max(longitudes), min(latitudes), max(latitudes)


def _cone_limits(cone: Cone) -> tuple[float, float, float, float]:
    south, north = cone.latitude - cone.radius, cone.latitude + cone.radius
    if south <= -90 or north >= 90:
        return 0.0, 360.0, max(south, -90.0), min(north, 90.0)
    half = degrees(asin(sin(radians(cone.radius)) / cos(radians(cone.latitude))))
    return cone.longitude - half, cone.longitude + half, south, north


def _unwind(points: Collection[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Give points whose longitudes go on over the meridian 0, the short way round."""
    last: float | None = None
    for longitude, latitude in points:
        if last is not None:
            longitude = last + (longitude - last + 180) % 360 - 180
        last = longitude
        yield longitude, latitude
