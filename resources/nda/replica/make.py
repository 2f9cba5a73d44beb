"""A synthetic archive of the Nançay Decameter Array: spectra that were never observed.

Names, folders, attributes and variables are those of the real archive; the numbers are made up,
but for the times of 30 January 2016.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.time import Time

from epnkit.replicas import synthetic
from epnkit.replicas.archive import draw_spectrogram, write_file

#: How many observations there are: of Jupiter, of the Sun, and by NewRoutine.
_JUPITER, _SUN, _NEW = 700, 200, 120

#: How many records and frequencies an observation has: far less than the real files.
_RECORDS, _CHANNELS = 61, 20


@dataclass(frozen=True)
class Observation:
    """An observation by Routine, and what is told of it.

    Parameters
    ----------
    begin, end : datetime.datetime
        Its times.
    target : str
        ``jup`` or ``sun``.
    version : int
        Of the CDF file.
    raw : str, optional
        The raw file that the CDF file names, if it names another one than its own.
    """

    begin: datetime
    end: datetime
    target: str = "jup"
    version: int = 12
    raw: str | None = None

    @property
    def folder(self) -> str:
        """Where its files lie."""
        name = "routine_jupiter" if self.target == "jup" else "routine_soleil"
        return f"{name}/{self.end:%Y/%m}"

    @property
    def name(self) -> str:
        """The name of its raw file, without the ending."""
        return f"{'J' if self.target == 'jup' else 'S'}{self.end:%y%m%d}"

    @property
    def cdf(self) -> str:
        """The name of its CDF file."""
        times = f"{self.begin:%Y%m%d%H%M}_{self.end:%Y%m%d%H%M}"
        return f"srn_nda_routine_{self.target}_edr_{times}_V{self.version}.cdf"


def files(directory: Path) -> None:
    """Write the archive."""
    for number, observation in enumerate(_observations()):
        _write_cdf(directory, observation)
        _write_companions(directory, observation, plots=number % 50 != 49)
    for number in range(_NEW):
        _write_fits(directory, datetime(2023, 3, 6, 8, 0) + timedelta(days=number), number)
    _write_traps(directory)


def _observations() -> Iterator[Observation]:
    # The one whose times are known; and one across a leap second.
    yield Observation(
        datetime(2016, 1, 30, 22, 47, 6, 30000), datetime(2016, 1, 31, 6, 45, 58, 680000)
    )
    yield Observation(datetime(2016, 12, 31, 22, 0), datetime(2017, 1, 1, 5, 30))
    # Of both centuries, whose names have two figures for a year.
    for number in range(_JUPITER):
        begin = datetime(1991, 5, 1, 21, 10) + timedelta(days=13 * number, minutes=number % 240)
        yield Observation(begin, begin + timedelta(hours=7, seconds=number % 60))
    for number in range(_SUN):
        begin = datetime(2021, 5, 3, 8, 5) + timedelta(days=number)
        yield Observation(begin, begin + timedelta(hours=7), "sun", 17)


def _write_traps(directory: Path) -> None:
    """Write an older version, a cut file, and files that contradict themselves."""
    begin, later = datetime(2018, 6, 1, 20, 0), timedelta(hours=8)
    for version in (12, 13):
        _write_cdf(directory, Observation(begin, begin + later, version=version))
    for number, raw in enumerate((" ", "notes.txt"), 1):
        day = begin + timedelta(days=number)
        _write_cdf(directory, Observation(day, day + later, raw=raw))
    cut = Observation(begin + timedelta(days=3), begin + timedelta(days=3) + later)
    write_file(directory / cut.folder / cut.cdf, _cdf(cut)[:512])
    # Content of another night than the name tells.
    other = Observation(begin + timedelta(days=4), begin + timedelta(days=4) + later)
    write_file(directory / other.folder / other.cdf, _cdf(cut))


def _write_cdf(directory: Path, observation: Observation) -> None:
    write_file(directory / observation.folder / observation.cdf, _cdf(observation))


def _write_companions(directory: Path, observation: Observation, *, plots: bool) -> None:
    """Write the raw file, and plots but for a few observations."""
    name, folder = observation.name, observation.folder
    write_file(directory / folder / f"{name}.RT1", bytes(405))
    kind, _, rest = folder.partition("/")
    looks = directory / f"ql_{kind}" / "B-W" / rest
    if plots:
        write_file(looks / f"{name}.pdf", synthetic.write_pdf(synthetic.NOTICE))
        write_file(looks / f"T_{name}.png", _look())


def _cdf(observation: Observation) -> bytes:
    begin, end = (f"{time:%Y-%m-%dT%H:%M:%S.%f}" for time in (observation.begin, observation.end))
    target = "Jupiter" if observation.target == "jup" else "Sun"
    attributes = {
        "TITLE": f"SRN NDA Routine {target} EDR Dataset",
        "Project": ["SRN>Station de Radioastronomie Nancay", "OBSPM>Observatoire de Paris"],
        "Data_type": "EDR>Experiment Data Record",
        "Logical_source": f"srn_nda_routine_{observation.target}_edr",
        "Parents": f"{observation.name}.RT1" if observation.raw is None else observation.raw,
        "TEXT": synthetic.NOTICE,
        "PDS_Observation_start_time": f"{begin}Z",
        "PDS_Observation_stop_time": f"{end}Z",
        "PDS_Observation_target": target,
        "NDA_power_resolution": 10.0,
        "VESPA_dataproduct_type": "DS>Dynamic Spectra",
        "VESPA_target_region": ["Aurora", "Magnetosphere"],
        "VESPA_time_sampling_step": 1.0,
        "VESPA_spectral_range_min": 10.0,
        "VESPA_spectral_range_max": 40.0,
        "VESPA_instrument_host_name": "SRN>Station de Radioastronomie de Nancay",
        "VESPA_measurement_type": "phys.flux.density;em.radio;phys.polarization",
        "VESPA_access_format": "application/x-cdf",
        "VESPA_bib_reference": "2000GMS...119..321L",
    }
    times = synthetic.space_times(begin, end, _RECORDS)
    variables = {"Epoch": synthetic.make_epochs(*times), **_spectra()}
    return synthetic.write_cdf(attributes, variables)


@cache
def _spectra() -> dict[str, synthetic.CdfVariable]:
    frequencies = np.linspace(10.0, 39.925, _CHANNELS).astype("f4")
    left = synthetic.make_bursts(_RECORDS, _CHANNELS)
    told = {"UNITS": "MHz", "FILLVAL": np.float32(-1e31)}
    return {
        "RR": synthetic.CdfVariable(synthetic.UINT1, (left * 0.8).astype("u1")),
        "LL": synthetic.CdfVariable(synthetic.UINT1, left.astype("u1")),
        "Frequency": synthetic.CdfVariable(synthetic.REAL4, frequencies, False, told),
    }


def _write_fits(directory: Path, begin: datetime, number: int) -> None:
    target, folder = ("jup", "jupiter") if number % 3 == 0 else ("sun", "soleil")
    end = begin + timedelta(hours=8)
    name = f"orn_nda_newroutine_{target}_edr_{begin:%Y%m%d%H%M}_{end:%Y%m%d%H%M}_v1.1.fits"
    cards = {
        "INSTRUME": "NDA NewRoutine",
        "OBJECT": "Jupiter" if target == "jup" else "Sun",
        "DATE-OBS": f"{begin:%Y-%m-%dT%H:%M}:27.260",
        "DATE-END": f"{end:%Y-%m-%dT%H:%M}:59.000",
    }
    tables = _new_spectra(f"{cards['DATE-OBS']}", cards["DATE-END"], cards)
    write_file(
        directory / "newroutine" / folder / f"{begin:%Y/%m}" / name,
        synthetic.write_fits(cards, tables=tables),
    )


def _new_spectra(begin: str, end: str, cards: dict[str, str]) -> list[Any]:
    """Make the two tables of NewRoutine: frequencies, and Julian dates with spectra."""
    first, last = (Time(each).jd for each in (begin, end))
    times = np.linspace(first, last, _RECORDS)
    names = ("LL", "RR") if cards["OBJECT"] == "Sun" else ("LL", "RR", "LR_RE", "LR_IM")
    cards |= {f"CHANNEL{number}": name for number, name in enumerate(names, start=1)}
    bursts = synthetic.make_bursts(_RECORDS, _CHANNELS)[:, :, None]
    data = (bursts * 1e5 / np.arange(1, len(names) + 1)).astype("f4")
    axis = np.linspace(10.0, 88.0, _CHANNELS)[None, :]
    frequencies = [fits.Column("FREQ", f"{_CHANNELS}D", "MHz", array=axis)]
    shape = f"({len(names)},{_CHANNELS})"
    spectra = [
        fits.Column("JD", "D", "d", array=times),
        fits.Column("DATA", f"{data[0].size}E", "V**2/Hz", dim=shape, array=data),
    ]
    return [fits.BinTableHDU.from_columns(each) for each in (frequencies, spectra)]


@cache
def _look() -> bytes:
    return draw_spectrogram()
