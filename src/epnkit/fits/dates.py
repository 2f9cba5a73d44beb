"""When an image was taken: the keywords that hold it, whole or split, and its time scale."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from epnkit.fits.keywords import Keywords

#: Keywords with the time of an observation, the likeliest first (FITS 4.0, section 9.5, and the
#: names of older archives).
DATE_NAMES: Final = (
    "DATE-OBS",
    "DATE_OBS",
    "DATE-AVG",
    "DATE_AVG",
    "DATE-BEG",
    "DATE_BEG",
    "T_OBS",
    "T_REC",
    "DATE-END",
    "DATE_END",
)

#: Keywords with the time of day, for a date that has none.
CLOCK_NAMES: Final = ("TIME-OBS", "TIME_OBS", "TIME-BEG", "UT", "UTC-OBS", "UTSTART", "UTC", "TIME")

#: Keywords with the time as a modified Julian date (FITS 4.0, section 9.5).
MODIFIED_NAMES: Final = ("MJD-OBS", "MJD_OBS", "MJD-AVG", "MJD-BEG")

#: The keyword with the time scale of dates (FITS 4.0, section 9.2.1).
SCALE_NAME: Final = "TIMESYS"

_CLOCK = re.compile(
    r"(?:\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d*)?)?|\d{6}(?:\.\d*)?)\s*(?:Z|UTC?)?$", re.ASCII
)
_COMPACT_CLOCK = re.compile(r"^(\d{2})(\d{2})(\d{2})")
_MODIFIED_EPOCH = dt.datetime(1858, 11, 17)

_DATED_CLOCK = re.compile(r"\d:\d{2}|[T_ ]\d{4}|^\d{12}")


def time_scale(keywords: Keywords) -> str:
    """Return the time scale of a header's dates that name none; UTC is FITS's own default."""
    return plain_scale(keywords.text(SCALE_NAME))


def plain_scale(text: str) -> str:
    """Return the name of a time scale without what is in brackets: a remark, or its realisation.

    Examples
    --------
    >>> plain_scale("UTC (TBR)"), plain_scale("TT(TAI)"), plain_scale("")
    ('UTC', 'TT', 'UTC')
    """
    return text.partition("(")[0].strip() or "UTC"


def find_clock(keywords: Keywords) -> str:
    """Return the keyword with the time of day for a date that has none; empty if there is none.

    Examples
    --------
    >>> find_clock(Keywords({"UT": "23:50:00.5", "TIME-OBS": "night"}))
    'UT'
    """
    return next((name for name in CLOCK_NAMES if _CLOCK.match(keywords.text(name))), "")


def date_candidates(keywords: Keywords) -> list[str]:
    """List what a header holds as the time of its observation, the likeliest first.

    Texts with a time of day come before those of a day alone; a date is completed by the time of
    day in another keyword, and does not count without it. Which of them can be read is for the
    reader of times to say.

    Examples
    --------
    >>> header = {"DATE-OBS": "2005-03-03", "TIME-OBS": "23:50:00", "DATE": "2005-03-04"}
    >>> date_candidates(Keywords(header))
    ['2005-03-03T23:50:00']
    >>> date_candidates(Keywords({"DATE-OBS": "11-DEC-96", "MJD-OBS": 50428.5}))
    ['11-DEC-96', '1996-12-11T12:00:00']
    """
    texts = keywords.texts(*DATE_NAMES)
    clock = _COMPACT_CLOCK.sub(r"\1:\2:\3", keywords.text(find_clock(keywords)))
    timed = [found for text in texts if (found := _complete(text, clock))]
    days = [] if clock else texts
    return list(dict.fromkeys([*timed, *days, *_read_modified(keywords)]))


def _read_modified(keywords: Keywords) -> list[str]:
    """Return the time that a modified Julian date names, in ISO 8601."""
    days = keywords.number(*MODIFIED_NAMES)
    try:
        return [(_MODIFIED_EPOCH + dt.timedelta(days=days)).isoformat()]
    except (ValueError, OverflowError):
        return []  # none, or none of the years 1 to 9999


def _complete(text: str, clock: str) -> str:
    """Return a date with its time of day, its own or the given one; empty without any."""
    if _DATED_CLOCK.search(text):
        return text
    return f"{text}T{clock}" if clock else ""
