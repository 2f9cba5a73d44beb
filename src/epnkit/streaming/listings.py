"""Feeds that epn_core itself is: when there are data, and lists of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.blocks import Block
from epnkit.streaming.declare import FILL, Events
from epnkit.streaming.feeds import About, Parameter, fill_text
from epnkit.streaming.index import Extent, Granule, Index
from epnkit.streaming.times import ROUNDED, SECOND, time_length, write_times

#: How many granules go into a block.
_ROWS = 2000

#: Digits of a second in availabilities, and in lists of files.
_DIGITS, _FINE_DIGITS = 3, 9

_TOGETHER = (
    "Granules that begin together are a millisecond apart, or a nanosecond if they are too many."
)

#: A millisecond, in nanoseconds: what clients written in JavaScript resolve.
_MILLISECOND = SECOND // 1000

#: What stands for a missing text.
_NONE = "-"

#: The longest addresses and names that are listed, in bytes.
_ADDRESS, _NAME = 512, 128


class _Listing:
    """Records made of granules, in the order of their beginnings."""

    def __init__(self, service: str, where: Mapping[str, str], index: Index) -> None:
        self.service, self.where, self.index = service, where, index

    def measure(self) -> Extent | None:
        """Say what it spans."""
        return self.index.measure(self.service, self.where)

    def read(self, names: Sequence[str], start: int, stop: int) -> Iterator[Block]:
        """Read the records of granules that begin in a span."""
        found = self._find_seconds(start, stop)
        timed = (each for each in self.time(found) if start <= each[0] < stop)
        while rows := list(islice(timed, _ROWS)):
            made = self.make_columns([granule for _, granule in rows])
            times = np.array([time for time, _ in rows])
            yield Block(times, tuple(made[name] for name in names))

    def _find_seconds(self, start: int, stop: int) -> Iterator[Granule]:
        """Find the granules of whole seconds, which have their times together."""
        first, last = start // SECOND * SECOND, -(-stop // SECOND) * SECOND
        return self.index.find(self.service, self.where, first, last)

    def time(self, granules: Iterable[Granule]) -> Iterator[tuple[int, Granule]]:
        """Give each record its time, which ascends."""
        raise NotImplementedError

    def make_columns(self, granules: list[Granule]) -> dict[str, NDArray[Any]]:
        """Make the columns of some records."""
        raise NotImplementedError

    def identify(self, start: int, stop: int) -> tuple[str, str]:
        """Return what changes when the answer does, and the newest modification of its granules."""
        digest, newest = hashlib.sha256(), ""
        for each in self._find_seconds(start, stop):
            digest.update(repr(each).encode())
            newest = max(newest, each.version)
        return digest.hexdigest()[:24], newest


class AvailabilityFeed(_Listing):
    """When a service has data: beginning and end of granules, once if several begin together.

    Parameters
    ----------
    service : str
        The service.
    index : Index
        Where granules are looked up.
    """

    def __init__(self, service: str, index: Index) -> None:
        super().__init__(service, {}, index)

    @property
    def about(self) -> About:
        """What is said of it."""
        return About(
            f"{self.service}/availability",
            f"{self.service}: when there are data"[:40],
            f"Beginning and end of the granules of {self.service}; those that begin together are"
            " one record, with the latest end.",
            self.service,
            _DIGITS,
            timedelta(days=366 * 300),
        )

    def list_parameters(self) -> tuple[Parameter, ...]:
        """List its parameters."""
        length = time_length(_DIGITS)
        return (Parameter("stop", "isotime", "UTC", "End of the granule", "Stop", length=length),)

    def time(self, granules: Iterable[Granule]) -> Iterator[tuple[int, Granule]]:
        """Join the granules that begin in the same millisecond."""
        for time, together in groupby(granules, lambda each: floor_time(each.start)):
            yield time, max(together, key=lambda each: each.stop)

    def make_columns(self, granules: list[Granule]) -> dict[str, NDArray[Any]]:
        """Make the columns of some granules."""
        ends = np.array([-floor_time(-each.stop) for each in granules])
        return {"stop": write_times(ends, _DIGITS)}


class _SpacedListing(_Listing):
    """A listing with a record a granule, of which those that begin together are spaced out."""

    def measure(self) -> Extent | None:
        """Say what it spans: to the end of the last second, in which granules are apart."""
        extent = super().measure()
        if extent is None:
            return None
        return replace(extent, stop=(floor_time(extent.stop) // SECOND + 1) * SECOND)

    def time(self, granules: Iterable[Granule]) -> Iterator[tuple[int, Granule]]:
        """Give granules that begin together times of their own."""
        return space_out(granules)


class FilesFeed(_SpacedListing):
    """The files of a service: a record a granule, with their addresses.

    Parameters
    ----------
    service : str
        The service.
    index : Index
        Where granules are looked up.
    """

    def __init__(self, service: str, index: Index) -> None:
        super().__init__(service, {"access_url": "."}, index)

    @property
    def about(self) -> About:
        """What is said of it."""
        return About(
            f"{self.service}/files",
            f"{self.service}: list of files"[:40],
            f"One record for each granule of {self.service} that has a file: the address of the"
            f" file and of a picture of it. {_TOGETHER}",
            self.service,
            _FINE_DIGITS,
            timedelta(days=366 * 300),
        )

    def list_parameters(self) -> tuple[Parameter, ...]:
        """List its parameters."""
        return (
            _text("file", "Address of the file", _ADDRESS, is_uri=True),
            _text("media_type", "Media type of the file", _NAME),
            _text("picture", "Address of a small picture", _ADDRESS, is_uri=True),
            _text("granule_uid", "Identifier of the granule in EPN-TAP", _NAME),
        )

    def make_columns(self, granules: list[Granule]) -> dict[str, NDArray[Any]]:
        """Make the columns of some granules."""
        return {
            "file": _encode([each.url for each in granules], _ADDRESS),
            "media_type": _encode([each.media_type for each in granules], _NAME),
            "picture": _encode([each.thumbnail for each in granules], _ADDRESS),
            "granule_uid": _encode([each.uid for each in granules], _NAME),
        }


class EventsFeed(_SpacedListing):
    """Events: a record a granule, with its end, its frequencies and what it shows.

    Parameters
    ----------
    service : str
        The service.
    events : Events
        What it declares.
    index : Index
        Where granules are looked up.
    """

    def __init__(self, service: str, events: Events, index: Index) -> None:
        super().__init__(service, events.where, index)
        self.events = events

    @property
    def about(self) -> About:
        """What is said of it."""
        return About(
            self.events.dataset,
            self.events.title,
            f"{self.events.description or self.events.title}. {_TOGETHER}",
            self.service,
            _FINE_DIGITS,
            timedelta(days=366 * 300),
        )

    def list_parameters(self) -> tuple[Parameter, ...]:
        """List its parameters."""
        length, fill = time_length(_DIGITS), fill_text("double")
        lowest, highest = (
            Parameter(name, "double", "Hz", f"{which} frequency of the event", label, fill=fill)
            for name, which, label in (
                ("lowest", "Lowest", "Lowest frequency"),
                ("highest", "Highest", "Highest frequency"),
            )
        )
        return (
            Parameter("stop", "isotime", "UTC", "End of the event", "Stop", length=length),
            lowest,
            highest,
            _text("feature", "What the event is", _NAME),
            _text("granule_uid", "Identifier of the granule in EPN-TAP", _NAME),
        )

    def make_columns(self, granules: list[Granule]) -> dict[str, NDArray[Any]]:
        """Make the columns of some events."""
        ends = np.array([-floor_time(-each.stop) for each in granules])
        return {
            "stop": write_times(ends, _DIGITS),
            "lowest": np.array([FILL if each.lowest is None else each.lowest for each in granules]),
            "highest": np.array(
                [FILL if each.highest is None else each.highest for each in granules]
            ),
            "feature": _encode([each.feature for each in granules], _NAME),
            "granule_uid": _encode([each.uid for each in granules], _NAME),
        }


def space_out(granules: Iterable[Granule]) -> Iterator[tuple[int, Granule]]:
    """Give granules times that ascend: those that begin together are a millisecond apart.

    They stay within the second in which they begin, so that their times depend on no others.  Where
    that has no room for them, those of one millisecond are a nanosecond apart.

    Parameters
    ----------
    granules : iterable of Granule
        By their beginning, all of each second.
    """
    for second, together in groupby(granules, lambda each: floor_time(each.start) // SECOND):
        listed = list(together)
        times = _space_milliseconds([floor_time(each.start) for each in listed])
        if times[-1] // SECOND != second:
            times = _space_nanoseconds(listed)
        yield from zip(times, listed, strict=True)


def _space_milliseconds(times: list[int]) -> list[int]:
    spaced = [times[0]]
    for time in times[1:]:
        spaced.append(max(time, spaced[-1] + _MILLISECOND))
    return spaced


def _space_nanoseconds(granules: list[Granule]) -> list[int]:
    grouped = groupby(floor_time(each.start) for each in granules)
    return [time + number for time, same in grouped for number, _ in enumerate(same)]


def floor_time(time: int) -> int:
    """Cut a time of a granule to milliseconds.

    Dates of epn_core are rounded to some microseconds: what is less than 50 of them before a
    millisecond is that millisecond.
    """
    return (time + ROUNDED) // _MILLISECOND * _MILLISECOND


def _text(name: str, description: str, length: int, *, is_uri: bool = False) -> Parameter:
    label = name.replace("_", " ")
    return Parameter(
        name, "string", None, description, label, length=length, fill=_NONE, is_uri=is_uri
    )


def _encode(texts: list[str], length: int) -> NDArray[np.bytes_]:
    """Encode texts; one that is too long is missing, since half an address leads nowhere."""
    encoded = [text.encode() for text in texts]
    kept = [text if 0 < len(text) <= length else _NONE.encode() for text in encoded]
    return np.array(kept, f"S{length}")
