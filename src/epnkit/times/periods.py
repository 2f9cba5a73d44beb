"""The periods into which a table is divided, numbered from 2000-01-01, and the names of its parts.

All bounds are midnights, so a value belongs to a period by its day alone: days since 2000-01-01.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from epnkit.errors import ConfigurationError

#: The day 0, and its begin as a Julian date.
EPOCH, EPOCH_JD = date(2000, 1, 1), 2451544.5

#: The labels of the part for granules without a value, and of those outside the calendar.
NONE, EARLY, LATE = "none", "early", "late"

#: How long the period of a part is: a number, and a unit.
_EVERY = re.compile(r"([1-9][0-9]{0,3}) (day|month|year)s?")


@dataclass(frozen=True)
class Partition:
    """By what the table of a service is divided into parts, each of a period of time.

    Parameters
    ----------
    by : str
        The column: a Julian date, such as ``time_min``, or a time, such as ``creation_date``.
        Granules without a value have a part of their own.
    every : str
        The period of a part, such as ``1 year``, ``6 months`` or ``10 days``; periods are counted
        from 2000-01-01 (UTC).

    Raises
    ------
    ConfigurationError
        If the period is not a number and a unit.

    Examples
    --------
    >>> Partition(by="time_min", every="6 months").unit
    'month'
    """

    by: str
    every: str = "1 year"

    def __post_init__(self) -> None:
        if not _EVERY.fullmatch(self.every):
            raise ConfigurationError(
                f"{self.every!r} is no period of a partition",
                cure="Write a number and a unit: 10 days, 6 months, 1 year.",
            )

    @property
    def count(self) -> int:
        """How many units a period has."""
        return int(self.every.split()[0])

    @property
    def unit(self) -> str:
        """The unit of a period: day, month or year."""
        return self.every.split()[1].removesuffix("s")

    def __str__(self) -> str:
        return f"by {self.by}, every {self.every}"


@dataclass(frozen=True)
class Periods:
    """The periods of a partition.

    A period has a number; ``None`` stands for granules without a value.  What is before the year 1
    or after the year 9999 belongs to the first or the last period, which have no outer bound.

    Parameters
    ----------
    partition : Partition
        The unit and length of a period.

    Examples
    --------
    >>> yearly = Periods(Partition(by="time_min", every="1 year"))
    >>> yearly.number(1096), yearly.label(3), yearly.start(3)
    (3, '2003', datetime.date(2003, 1, 1))
    """

    partition: Partition

    @property
    def first(self) -> int:
        """The number of the first period, which has no lower bound."""
        return self._number(date.min)

    @property
    def last(self) -> int:
        """The number of the last period, which has no upper bound."""
        return self._number(date.max)

    def number(self, day: int) -> int:
        """Return the number of the period that a day belongs to.

        Parameters
        ----------
        day : int
            Days since 2000-01-01.
        """
        ordinal = day + EPOCH.toordinal()
        if ordinal < 1:
            return self.first
        if ordinal > date.max.toordinal():
            return self.last
        return self._number(date.fromordinal(ordinal))

    def _number(self, day: date) -> int:
        return _count_units(self.partition.unit, day) // self.partition.count

    def start(self, number: int) -> date:
        """Return the first day of a period; that of the first is not one of its bounds."""
        return _find_day(self.partition.unit, number * self.partition.count)

    def bounds(self, number: int) -> tuple[date | None, date | None]:
        """Return the first day of a period and of the next; None if there is no bound."""
        low = None if number == self.first else self.start(number)
        high = None if number == self.last else self.start(number + 1)
        return low, high

    def label(self, number: int | None) -> str:
        """Return what the part of a period is called: ``2003``, ``200301``, ``20030115``."""
        outside = {None: NONE, self.first: EARLY, self.last: LATE}
        if number in outside:
            return outside[number]
        start = self.start(number or 0)
        digits = {"year": 4, "month": 6, "day": 8}[self.partition.unit]
        return f"{start.year:04}{start.month:02}{start.day:02}"[:digits]

    def parse_label(self, label: str) -> int | None:
        """Return the number of the period whose part has this label."""
        outside = {NONE: None, EARLY: self.first, LATE: self.last}
        if label in outside:
            return outside[label]
        year, month, day = int(label[:4]), int(label[4:6] or 1), int(label[6:8] or 1)
        return self._number(date(year, month, day))


def _count_units(unit: str, day: date) -> int:
    """Return how many whole units are between 2000-01-01 and a day."""
    if unit == "day":
        return (day - EPOCH).days
    years = day.year - EPOCH.year
    return years if unit == "year" else years * 12 + day.month - 1


def _find_day(unit: str, count: int) -> date:
    """Return the day so many units after 2000-01-01."""
    if unit == "day":
        return date.fromordinal(EPOCH.toordinal() + count)
    years, months = (count, 0) if unit == "year" else divmod(count, 12)
    return date(EPOCH.year + years, months + 1, 1)
