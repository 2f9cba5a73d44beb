"""Reading requests of HAPI; what is not understood is refused, and never echoed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from epnkit.streaming.feeds import Feed, Parameter
from epnkit.streaming.hapi.status import HapiError
from epnkit.streaming.index import Extent
from epnkit.streaming.times import cut_down, parse_time, step_up, write_time

Format = Literal["csv", "binary", "json"]

#: The formats of data.
FORMATS: tuple[Format, ...] = ("csv", "binary", "json")

#: The names of HAPI 2.x, which servers of version 3 may take (HAPI 3.3.1, section 1.1).
_OLD_NAMES = {"id": "dataset", "time.min": "start", "time.max": "stop"}

#: What the parameter of times is called.
TIME = "Time"


@dataclass(frozen=True)
class DataRequest:
    """A request of data.

    Parameters
    ----------
    feed : Feed
        Of what.
    parameters : tuple of Parameter
        Which parameters, without the time.
    start, stop : int
        The first time, and the one before which it ends, nanoseconds since 1970.
    format : {"csv", "binary", "json"}
        The form of the answer.
    header : bool
        Whether the metadata come first.
    """

    feed: Feed
    parameters: tuple[Parameter, ...]
    start: int
    stop: int
    format: Format
    header: bool


def read_query(
    items: Iterable[tuple[str, str]], known: Sequence[str], required: Sequence[str] = ()
) -> dict[str, str]:
    """Read the names and values of a request, by the names of HAPI 3.

    Raises
    ------
    HapiError
        1401 for a name that is not known, 1400 for one that stands twice or is missing.
    """
    found: dict[str, str] = {}
    for name, value in items:
        current = _OLD_NAMES.get(name, name)
        if current not in known:
            raise HapiError(1401, f"known are {', '.join(known)}" if known else "none is known")
        if current in found:
            raise HapiError(1400, f"{current} is given twice")
        found[current] = value
    for name in required:
        if not found.get(name):
            raise HapiError(_missing_code(name), f"{name} is missing")
    return found


def _missing_code(name: str) -> int:
    return {"start": 1402, "stop": 1403}.get(name, 1400)


def find_feed(feeds: Mapping[str, Feed], query: Mapping[str, str]) -> Feed:
    """Find the feed that is asked for.

    Raises
    ------
    HapiError
        1406 if there is none.
    """
    feed = feeds.get(query["dataset"])
    if feed is None:
        raise HapiError(1406, "see /hapi/catalog")
    return feed


def choose_parameters(
    parameters: Sequence[Parameter], query: Mapping[str, str]
) -> tuple[Parameter, ...]:
    """Choose the parameters that are asked for, without the time.

    Raises
    ------
    HapiError
        1407 for one that there is not, 1411 for another order or one that stands twice.
    """
    asked = [name for name in query.get("parameters", "").split(",") if name]
    if not asked:
        return tuple(parameters)
    order = [TIME, *(each.name for each in parameters)]
    if not {*asked} <= {*order}:
        raise HapiError(1407, "see /hapi/info")
    numbers = [order.index(name) for name in asked]
    if numbers != sorted({*numbers}):
        raise HapiError(1411, f"the order is {', '.join(order)}")
    return tuple(each for each in parameters if each.name in asked)


def read_references(query: Mapping[str, str]) -> bool:
    """Read whether references in metadata are to be resolved.

    Raises
    ------
    HapiError
        1412 for another value than true or false.
    """
    value = query.get("resolve_references", "true")
    if value not in ("true", "false"):
        raise HapiError(1412, "true and false are known")
    return value == "true"


def read_data_request(feeds: Mapping[str, Feed], items: Iterable[tuple[str, str]]) -> DataRequest:
    """Read a request of data.

    Raises
    ------
    HapiError
        With the code for what is wrong.
    """
    query = read_query(
        items,
        ("dataset", "start", "stop", "parameters", "include", "format"),
        ("dataset", "start", "stop"),
    )
    feed = find_feed(feeds, query)
    chosen = query.get("format") or "csv"
    if chosen not in FORMATS:
        raise HapiError(1409, f"known are {', '.join(FORMATS)}")
    if query.get("include", "header") not in ("header", ""):
        raise HapiError(1410, "header is known")
    start, stop = _read_span(query)
    parameters = choose_parameters(feed.list_parameters(), query)
    _require_extent(feed, start, stop)
    _require_duration(feed.about.longest, stop - start)
    header = query.get("include") == "header"
    return DataRequest(feed, parameters, start, stop, chosen, header)


def _read_span(query: Mapping[str, str]) -> tuple[int, int]:
    start, stop = _read_time(query["start"], 1402), _read_time(query["stop"], 1403)
    if start >= stop:
        raise HapiError(1404)
    return start, stop


def _read_time(text: str, code: int) -> int:
    try:
        return parse_time(text)
    except ValueError as error:
        raise HapiError(code, "restricted ISO 8601 is known, such as 2016-01-30T22:47Z") from error


def bound_dates(extent: Extent, digits: int) -> tuple[int, int]:
    """Return startDate and stopDate: what holds all records, the last one before the end."""
    return cut_down(extent.start, digits), step_up(extent.stop, digits)


def _require_extent(feed: Feed, start: int, stop: int) -> None:
    extent, digits = feed.measure(), feed.about.digits
    if extent is None:
        raise HapiError(1405, "the data set is empty")
    first, last = bound_dates(extent, digits)
    if start < first or stop > last:
        spans = f"{write_time(first, digits)} to {write_time(last, digits)}"
        raise HapiError(1405, f"the data set spans {spans}")


def _require_duration(longest: timedelta, span: int) -> None:
    if span > longest.total_seconds() * 1e9:
        raise HapiError(1408, f"at most {longest.days} days; ask for parts one after the other")
