"""Dividing what a load reads into windows of the cursor, and writing them as JSON."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any

from epnkit.errors import ConfigurationError, SourceError
from epnkit.service import Service
from epnkit.sources.base import CursorValue, Divisible, Source, Window

#: The minimum of windows for each worker, so that none waits long for the last one.
_WINDOWS_PER_WORKER = 4

#: The maximum of records in a window: in a large load, two to five batches.
_LARGEST = 50_000


def plan_windows(
    service: Service, source: Source, window: Window, records: int, workers: int
) -> list[Window]:
    """Divide a window so that several workers share it.

    Parameters
    ----------
    service : Service
        The service.
    source : Source
        Says where to divide.
    window : Window
        What to read.
    records : int
        How many records that is.
    workers : int
        How many workers there are.

    Returns
    -------
    list of Window
        In the order of the source.

    Raises
    ------
    ConfigurationError
        If the source or the service cannot be divided.
    SourceError
        If the source says wrongly where to divide.
    """
    if service.cursor is None or not isinstance(source, Divisible):
        raise ConfigurationError(
            "the load cannot be divided among several processes",
            where=source.label,
            why="the service has no cursor"
            if service.cursor is None
            else "this kind of source cannot be divided into windows",
            cure="Load without --jobs and --dask.",
        )
    size = min(_LARGEST, records // (_WINDOWS_PER_WORKER * workers) + 1)
    return divide(window, source.cut_points(window, size), source.label)


def divide(window: Window, cuts: list[CursorValue], where: str = "") -> list[Window]:
    """Divide a window at some values of the cursor; no record is left out or read twice.

    Parameters
    ----------
    window : Window
        The window.
    cuts : list
        Ascending values in it; records of one value stay together.
    where : str
        The source, for messages.

    Returns
    -------
    list of Window
        In ascending order; the last one has the records without a value, if the window has them.

    Raises
    ------
    SourceError
        If numbers or times do not ascend, so that records would be read twice.  The order of texts
        is the source's own.
    """
    _require_ascending(cuts, where)
    bounds = list(pairwise([window.low, *cuts, window.high]))
    return [
        Window(
            low,
            high,
            low_closed=window.low_closed if number == 0 else True,
            high_closed=window.high_closed if number == len(bounds) - 1 else False,
            nulls=window.nulls and number == len(bounds) - 1,
        )
        for number, (low, high) in enumerate(bounds)
    ]


def _require_ascending(cuts: list[CursorValue], where: str) -> None:
    for low, high in pairwise(cuts):
        if not (isinstance(low, str) or low < high):  # type: ignore[operator]
            raise SourceError(
                "the source cannot be divided among several processes",
                where=where,
                why=f"the values of the cursor at which to divide do not ascend: {low}, {high}",
                cure="Load without --jobs and --dask.",
            )


def window_to_json(window: Window) -> dict[str, Any]:
    """Write a window as JSON holds it.

    Parameters
    ----------
    window : Window
        The window.

    Examples
    --------
    >>> window_to_json(Window(low=datetime(2011, 1, 1), high=7, nulls=False))["low"]
    ['time', '2011-01-01T00:00:00']
    """
    return {
        "low": _value_to_json(window.low),
        "high": _value_to_json(window.high),
        "closed": [window.low_closed, window.high_closed],
        "nulls": window.nulls,
    }


def window_from_json(written: dict[str, Any]) -> Window:
    """Read what :func:`window_to_json` wrote.

    Parameters
    ----------
    written : dict
        The window as JSON.
    """
    low_closed, high_closed = written["closed"]
    return Window(
        _value_from_json(written["low"]),
        _value_from_json(written["high"]),
        low_closed=low_closed,
        high_closed=high_closed,
        nulls=written["nulls"],
    )


def _value_to_json(value: CursorValue | date | None) -> list[Any] | None:
    if isinstance(value, datetime):
        return ["time", value.isoformat()]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    # JSON keeps other values exactly: floats have all their digits.
    return None if value is None else ["value", value]


def _value_from_json(written: list[Any] | None) -> Any:
    if written is None:
        return None
    kind, value = written
    read = {"time": datetime.fromisoformat, "date": date.fromisoformat}
    return read[kind](value) if kind in read else value
