"""A synthetic index of ORFEES, and the files it tells of: spectra that were never observed.

The files have the layout of the instrument's: times and frequencies of five bands in two tables.
No document of the real index is public; its fields are inferred from the files' headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from epnkit.replicas.archive import SYNTHETIC, draw_spectrogram, write_file
from epnkit.replicas.synthetic import make_bursts

INDEX = "orfees"

PROPERTIES = {
    **{
        name: {"type": "keyword"}
        for name in (
            "file",
            "instrument",
            "date_obs",
            "time_obs",
            "date_end",
            "time_end",
            "physpara",
            "bunits",
            "url",
            "quicklook",
        )
    },
    **{name: {"type": "double"} for name in ("freq_start", "freq_stop", "time_step", "exp_time")},
    "size": {"type": "long"},
    "@timestamp": {"type": "date"},
}

_FIRST = datetime(2022, 4, 2, 8, 15, 0, 100000, tzinfo=UTC)
_DAYS = 340

#: How many records and frequencies of a band a file has: far less than the real ones.
_RECORDS, _CHANNELS = 40, 8

#: Kinds of file: what the name begins and ends with, and the step in ms.
_KINDS = (("orf", "", 100.0), ("int_orf", "_1", 1000.0), ("int_orf", "_0.1", 100.0))


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each document with its identifier."""
    for number in range(_DAYS):
        begin = _FIRST + timedelta(days=number, seconds=number % 60)
        for kind in _KINDS:
            document = _document(begin, begin + timedelta(hours=6, minutes=number % 59), *kind)
            yield document["file"], document
    yield from _traps()


def archive(directory: Path) -> None:
    """Write each file, and the picture of each day."""
    look = draw_spectrogram()
    for _, document in documents():
        spectrum = _spectrum(document["time_step"], document["time_obs"])
        for field, content in (("url", spectrum), ("quicklook", look)):
            if document[field] is not None:
                write_file(directory / document[field].removeprefix(f"{SYNTHETIC}orfees/"), content)


def _document(
    begin: datetime, end: datetime, prefix: str, suffix: str, step: float
) -> dict[str, Any]:
    file = f"{prefix}{begin:%Y%m%d_%H%M%S}{suffix}.fts"
    return {
        "file": file,
        "instrument": "orfees",
        "@timestamp": begin.isoformat(),
        "date_obs": f"{begin:%Y-%m-%d}",
        "time_obs": f"{begin:%H:%M:%S.%f}"[:-3],
        "date_end": f"{end:%Y-%m-%d}",
        "time_end": f"{end:%H:%M:%S.%f}"[:-3],
        "freq_start": 144.0,
        "freq_stop": 1004.0,
        "time_step": step,
        "exp_time": step,
        "physpara": "STOKESI+STOKESV",
        "bunits": "SFU",
        "size": len(_spectrum(step)),
        "url": f"{SYNTHETIC}orfees/{begin:%Y/%m}/{file}",
        "quicklook": f"{SYNTHETIC}orfees/QL/orfees{begin:%Y%m%d}.png",
    }


def _traps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Make a day without files, a strange name, one that ends too early, and another band."""
    begin = datetime(2024, 11, 10, 12, 0, 0, tzinfo=UTC)
    end = begin + timedelta(hours=2)
    first = _document(begin, end, *_KINDS[2])
    later = begin + timedelta(days=1)
    absent = {
        **_document(later, later + timedelta(hours=1), *_KINDS[0]),
        "url": None,
        "quicklook": None,
        "size": None,
    }
    strange = {**_document(begin, end, *_KINDS[1]), "file": "orfees 2024.fts"}
    backwards = _document(end, begin, *_KINDS[0])
    # The limits the wrong way round are put in order.
    turned = {
        **_document(later + timedelta(days=1), later + timedelta(days=2), *_KINDS[0]),
        "freq_start": 1004.0,
        "freq_stop": 144.0,
    }
    for document in (first, absent, strange, backwards, turned):
        yield document["file"], document


@cache
def _spectrum(step: float, clock: str = "00:00:00.000") -> bytes:
    """Write a small file in the instrument's layout, whose first record is at a time of the day."""
    hours, minutes, seconds = clock.split(":")
    first = ((int(hours) * 60 + int(minutes)) * 60 + float(seconds)) * 1000
    edges = np.linspace(144, 1004, 6)
    bands = [np.linspace(low, high, _CHANNELS) for low, high in pairwise(edges)]
    times = first + np.arange(_RECORDS) * step
    bursts = make_bursts(_RECORDS, 5 * _CHANNELS) / 2
    frequencies = [_column(f"FREQ_B{n}", band[None, :]) for n, band in enumerate(bands, start=1)]
    spectra = []
    for number, intensity in enumerate(np.hsplit(bursts, 5), start=1):
        spectra.append(_column(f"TIME_B{number}", times[:, None], "D"))
        spectra.append(_column(f"STOKESI_B{number}", intensity))
        spectra.append(_column(f"STOKESV_B{number}", np.zeros((_RECORDS, _CHANNELS))))
    primary = fits.PrimaryHDU()
    primary.header["INSTRUME"] = "ORFEES"
    primary.header["COMMENT"] = "synthetic: made for a replica of ORFEES, no observation"
    tables = [_table(frequencies, "FREQUENCIES"), _table(spectra, "SPECTRA")]
    written = BytesIO()
    fits.HDUList([primary, *tables]).writeto(written)
    return written.getvalue()


def _column(
    name: str, values: np.ndarray[Any, np.dtype[np.float64]], kind: str = "E"
) -> fits.Column:
    return fits.Column(name, format=f"{values.shape[1]}{kind}", array=values)


def _table(columns: list[fits.Column], name: str) -> fits.BinTableHDU:
    return fits.BinTableHDU.from_columns(columns, name=name)
