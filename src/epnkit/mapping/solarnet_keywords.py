"""Observations described by SOLARNET's keywords: times, wavelengths, exposures, instruments.

SOLARNET's recommendations for the metadata of solar observations (Haugan and Fredvik, 2020,
https://arxiv.org/abs/2011.12139) name the keywords: DATE-BEG and DATE-END, WAVELNTH, WAVEMIN and
WAVEMAX in the metres that WAVEUNIT gives as a power of ten, XPOSURE in seconds, OBSRVTRY, TELESCOP
and INSTRUME.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from epnkit.mapping.declare import compute
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import first_reason, refuse_unread
from epnkit.mapping.spectral import hertz_limits
from epnkit.mapping.times import julian_date

#: The days by which the night in an observation's name may be before its begin.
_NIGHT = 1.0


def solarnet(
    prefix: str = "", *, begin: str = "DATE-BEG", end: str = "DATE-END"
) -> dict[str | tuple[str, ...], Any]:
    """Declare what SOLARNET's keywords say of an observation of the Sun, for a mapping.

    Parameters
    ----------
    prefix : str
        What stands before each keyword in the names of the fields.
    begin, end : str
        The keywords of the first and the last time.

    Examples
    --------
    >>> declared = solarnet("description.")
    >>> declared["target_name"], sorted(n for n in declared if "time" in n)
    ('Sun', ['time_exp_max', 'time_exp_min', 'time_max', 'time_min'])
    """

    def keyword(name: str) -> pl.Expr:
        return pl.col(prefix + name)

    wavelength = keyword("WAVELNTH")
    names = pl.concat_str(keyword("OBSRVTRY"), keyword("TELESCOP"), separator="#")
    return {
        "target_name": "Sun",
        "target_class": "star",
        "time_min": compute(julian_date, keyword(begin)),
        "time_max": compute(julian_date, pl.coalesce(keyword(end), keyword(begin))),
        "time_exp_min": keyword("XPOSURE"),
        "time_exp_max": keyword("XPOSURE"),
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_limits,
            pl.coalesce(keyword("WAVEMIN"), wavelength),
            pl.coalesce(keyword("WAVEMAX"), wavelength),
            keyword("WAVEUNIT"),
        ),
        "instrument_host_name": pl.coalesce(names, keyword("TELESCOP")),
        "instrument_name": keyword("INSTRUME"),
    }


def named_observation(names: pl.Series, begin: pl.Series, *, pattern: str) -> Outcome:
    r"""Take the names of observations as identifiers; they must be of the day that they name.

    Parameters
    ----------
    names : polars.Series
        Such as ``gris_20170929_011``.
    begin : polars.Series
        The begin of each, in any form that :func:`~epnkit.mapping.times.julian_date` reads.
    pattern : str
        A regular expression with a group ``day`` (``YYYYMMDD``, perhaps ``_HHMMSS``).

    Returns
    -------
    Outcome
        The names; one that does not match, or names another day than the begin's or the one
        before it (a night's), has its reason.

    Examples
    --------
    >>> form = r"^gris_(?P<day>\d{8})_\d{3}$"
    >>> begin = pl.Series(["2017-09-29T09:12:31", "2017-10-12T09:12:31"])
    >>> named = named_observation(pl.Series(["gris_20170929_011"] * 2), begin, pattern=form)
    >>> named.values.to_list(), named.reasons[1]
    (['gris_20170929_011', None], "'gris_20170929_011' names another day than its begin")
    """
    day = names.str.extract_groups(pattern).struct.field("day")
    matched = refuse_unread(names, names.set(day.is_null(), None), "the name of an observation")
    named = julian_date(day.str.slice(0, 8)).values
    later = (julian_date(begin).values - named).fill_null(0)
    agrees = later.is_between(-1e-6, 1 + _NIGHT, closed="left")
    checked = Outcome.checked(
        matched.values, matched.values.set(~agrees, None), "names another day than its begin"
    )
    return Outcome(checked.values, first_reason(matched, checked))
