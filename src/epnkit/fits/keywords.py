"""Keywords of a FITS header, looked up under the names that archives give them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from astropy.io.fits import VerifyError
from astropy.io.fits.card import Undefined

#: Values that mean that there is none.
_EMPTY = frozenset({"", "NONE", "NULL", "N/A", "NA", "UNKNOWN", "UNK"})


class Keywords:
    """The keywords of a header that hold a value.

    Parameters
    ----------
    header : mapping of str to value
        FITS keywords in any case, such as an ``astropy.io.fits.Header``. A keyword that is blank,
        undefined or unreadable counts as missing.

    Examples
    --------
    >>> keywords = Keywords({"crval1": "12.5", "DATE_OBS": " ", "DATE-OBS": "2005-03-03"})
    >>> keywords.number("CRVAL1"), keywords.text("DATE_OBS", "DATE-OBS")
    (12.5, '2005-03-03')
    """

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        for key, value in _read_values(header):
            self._values.setdefault(key.strip().upper(), value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def number(self, *names: str) -> float:
        """Return the first of some keywords that is a finite number, be it as text; else NaN."""
        for name in names:
            value = _as_number(self._values.get(name))
            if math.isfinite(value):
                return value
        return math.nan

    def text(self, *names: str) -> str:
        """Return the first of some keywords that is there, as text; else an empty text."""
        return next((str(self._values[n]).strip() for n in names if n in self._values), "")

    def texts(self, *names: str) -> list[str]:
        """Return all of some keywords that are there, as texts."""
        return [str(self._values[name]).strip() for name in names if name in self._values]


def _read_values(header: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in header:
        try:
            value = header[key]
        except (VerifyError, KeyError, ValueError):
            continue
        if value is None or isinstance(value, Undefined):
            continue
        if not (isinstance(value, str) and value.strip().upper() in _EMPTY):
            yield str(key), value


def _as_number(value: Any) -> float:
    if isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
