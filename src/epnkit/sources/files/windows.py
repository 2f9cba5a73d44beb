"""The spectral windows of a spectrometer's FITS file, one unit each, and where it looked.

The keywords are those of SOLARNET's recommendations (Haugan and Fredvik, 2020,
https://arxiv.org/abs/2011.12139): a window's limits are WAVEMIN and WAVEMAX, in the metres that
WAVEUNIT gives as a power of ten.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from epnkit.sources.files.fits import read_headers
from epnkit.sources.files.limits import open_file

#: The fields that :func:`read_windows` gives.
WINDOW_FIELDS: Final[dict[str, pl.DataType]] = {
    "names": pl.List(pl.String()),
    "shortest": pl.List(pl.Float64()),
    "longest": pl.List(pl.Float64()),
    "header": pl.String(),
}

#: Keywords that say where and when an observation was, who observed, and for how long.
_KEPT: Final = re.compile(
    r"(NAXIS|CTYPE|CUNIT|CRPIX|CRVAL|CDELT|CROTA)\d?|(PC|CD)\d_\d|WCSAXES|LONPOLE|LATPOLE"
    r"|DATE-(OBS|BEG|AVG|END)|TIMESYS|RSUN_\w+|DSUN_(OBS|AU)|(HGL|CRL)[NT]_OBS|OBSRVTRY|TELESCOP"
    r"|INSTRUME|XPOSURE|STUDY|SOOPNAME|SPIOBSID|RASTERNO"
)

#: The keywords of a window's limits.
_LIMITS: Final = ("WAVEMIN", "WAVEMAX")

#: What WAVEUNIT is if a header does not say it: nanometres.
_NANOMETRES: Final = -9

#: The powers of ten that WAVEUNIT may have, of a metre.
_POWERS: Final = frozenset(range(-15, 4))


def read_windows(path: Path) -> Iterator[dict[str, Any]]:
    """Read the windows of a file: the units that have WAVEMIN and WAVEMAX, in their order.

    Parameters
    ----------
    path : pathlib.Path
        A FITS file.

    Yields
    ------
    dict
        The one record, with :data:`WINDOW_FIELDS`: the windows' names (EXTNAME) and their shortest
        and longest wavelengths in nm, and as JSON the keywords of the first window (of the first
        unit if there is none) that say where and when it was.

    Raises
    ------
    ValueError
        If it is no FITS file.
    """
    with open_file(path) as stream:
        units = list(read_headers(stream))
    windows = [
        unit for unit in units if _is_number(unit, "WAVEMIN") and _is_number(unit, "WAVEMAX")
    ]
    first = (windows or units)[0]
    limits = [[_nanometres(unit, name) for unit in windows] for name in _LIMITS]
    yield {
        "names": [str(unit.get("EXTNAME", "")) for unit in windows],
        "shortest": limits[0],
        "longest": limits[1],
        "header": json.dumps({name: first[name] for name in first if _KEPT.fullmatch(name)}),
    }


def _is_number(unit: Mapping[str, Any], name: str) -> bool:
    return isinstance(unit.get(name), int | float)


def _nanometres(unit: Mapping[str, Any], name: str) -> float:
    power = unit.get("WAVEUNIT", _NANOMETRES)
    if power not in _POWERS:
        raise ValueError(f"its WAVEUNIT is {power!r}, which is no power of ten of a metre")
    return float(unit[name]) * 10.0 ** (int(power) - _NANOMETRES)
