"""When an image was taken: the keywords that hold it, whole or split, and its time scale."""

from __future__ import annotations

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
CLOCK_NAMES: Final = ("TIME-OBS", "TIME_OBS", "TIME-BEG", "UT", "UTC-OBS", "UTSTART")

#: The keyword with the time scale of dates (FITS 4.0, section 9.2.1).
SCALE_NAME: Final = "TIMESYS"

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?Z?$")
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
    day in another keyword. Which of them can be read is for the reader of times to say.

    Examples
    --------
    >>> header = {"DATE-OBS": "2005-03-03", "TIME-OBS": "23:50:00", "DATE": "2005-03-04"}
    >>> date_candidates(Keywords(header))
    ['2005-03-03T23:50:00', '2005-03-03']
    """
    texts = keywords.texts(*DATE_NAMES)
    clock = keywords.text(find_clock(keywords))
    timed = [_complete(text, clock) for text in texts]
    return list(dict.fromkeys([*(text for text in timed if text), *texts]))


def _complete(text: str, clock: str) -> str:
    """Return a date with its time of day, its own or the given one; empty without any."""
    if _DATED_CLOCK.search(text):
        return text
    return f"{text}T{clock}" if clock else ""
