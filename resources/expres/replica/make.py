"""Synthetic simulations of ExPRES: configurations of the real form, spectra that are none.

The configuration of 30 April 2015 has the values of the public one.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.replicas import synthetic
from epnkit.replicas.archive import draw_spectrogram, write_file

#: Observer, source, magnetic model and version of each family, and how many days it has.
_FAMILIES = (
    ("earth", "io", "vipal", "v01", 300),
    ("earth", "io", "jrm33", "v11", 300),
    ("juno", "ganymede", "jrm33", "v11", 200),
    ("juno", "europa", "jrm09", "v11", 100),
    ("earth", "auroral", "jrm33", "v21", 130),
)

_FIRST = datetime(2015, 4, 30)

#: How many spectra a day has, and how many frequencies: less than the real files.
_TIMES, _CHANNELS = 24, 16


def files(directory: Path) -> None:
    """Write configurations, spectra and pictures, a folder for each family."""
    for observer, source, model, version, days in _FAMILIES:
        for number in range(days):
            day = _FIRST + timedelta(days=number)
            name = _name(observer, source, model, day, version)
            _write(directory, name, configuration(observer, source, day))
    _write_traps(directory)


def configuration(observer: str, source: str, day: datetime) -> dict[str, Any]:
    """Make the configuration of a simulation."""
    moon = "" if source == "auroral" else source.capitalize()
    return {
        "$schema": "https://voparis-ns.obspm.fr/maser/expres/v1.0/schema#",
        "SIMU": {"NAME": f"{source.capitalize()}{day:%Y-%m-%d}", "OUT": synthetic.NOTICE},
        "NUMBER": {"BODY": 2, "DENSITY": 2, "SOURCE": 2},
        "TIME": {"MIN": 0, "MAX": 1440, "NBR": 1440},
        # The lower end went through single precision.
        "FREQUENCY": {
            "TYPE": "Linear",
            "MIN": 0.009999999776482582,
            "MAX": 44.0,
            "NBR": 781,
            "SC": "",
        },
        "OBSERVER": {
            "TYPE": "Fixed",
            "EPHEM": "",
            "PARENT": "Jupiter",
            "SC": observer.capitalize(),
            "SCTIME": f"{day:%Y%m%d%H%M}",
        },
        "SPDYN": {"INTENSITY": True, "POLAR": True, "CDF": {"THETA": True, "FP": True}},
        "MOVIE2D": {"ON": False, "SUBCYCLE": 1, "RANGE": 30},
        "BODY": [
            {"ON": True, "NAME": "Jupiter", "MAG": "VIPAL+Connerney CS"},
            {"ON": True, "NAME": moon, "PARENT": "Jupiter"},
        ],
        "SOURCE": [
            {
                "ON": True,
                "NAME": f"Source{number}",
                "PARENT": "Jupiter",
                "TYPE": "attached to a satellite",
                "SAT": moon,
                "NORTH": number == 1,
                "SOUTH": number == 2,
            }
            for number in (1, 2)
        ],
    }


def _name(observer: str, source: str, model: str, day: datetime, version: str) -> str:
    return f"expres_{observer}_jupiter_{source}_{model}_lossc-wid1deg_3kev_{day:%Y%m%d}_{version}"


def _write(directory: Path, name: str, told: dict[str, Any], *, spectrum: bool = True) -> None:
    folder = directory / "_".join(name.split("_")[:4])
    write_file(folder / f"{name}.json", json.dumps(told, indent=2).encode())
    if spectrum:
        moon = name.split("_")[3].title()
        write_file(folder / f"{name}.cdf", _cdf(told["OBSERVER"]["SCTIME"], moon))
        write_file(folder / f"{name}.png", _look())


def _write_traps(directory: Path) -> None:
    """Write what is not simulated yet, and configurations that contradict their names."""
    day = datetime(2014, 1, 1)
    names = [_name("earth", "io", "vipal", day + timedelta(days=n), "v01") for n in range(6)]
    told = [configuration("earth", "io", day + timedelta(days=n)) for n in range(6)]
    # The same with and without its schema, told apart by the version.
    del told[0]["$schema"]
    _write(directory, f"{names[0]}a", told[0])
    _write(directory, names[1], told[1], spectrum=False)
    told[2]["OBSERVER"]["SCTIME"] = "201402100000"
    told[2]["SIMU"]["NAME"] = "Io2014-02-10"
    _write(directory, names[2], told[2])
    told[3]["SIMU"]["NAME"] = "Io2014-02-10"
    _write(directory, names[3], told[3])
    told[4]["FREQUENCY"].update(TYPE="Log", MIN=40.0, MAX=0.5)
    _write(directory, names[4], told[4])
    folder = directory / "expres_earth_jupiter_io"
    write_file(folder / f"{names[5]}.json", json.dumps(told[5])[:200].encode())


def _label_sources(moon: str) -> list[str]:
    """Call sources as ExPRES does: by their moon, or by longitude and radius of the oval."""
    places = [f"{longitude}d-30R" for longitude in range(0, 360, 90)]
    return [
        f"{place} {hemisphere}"
        for place in (places if moon == "Auroral" else [moon])
        for hemisphere in ("NORTH", "SOUTH")
    ]


@cache
def _spectrum(moon: str) -> dict[str, synthetic.CdfVariable]:
    """Make the variables: sources of the north are seen for half of the day, then the others."""
    bursts = synthetic.make_bursts(_TIMES, _CHANNELS)
    seen, north = bursts > 70, np.arange(_TIMES)[:, None] < _TIMES // 2
    hand = np.where(seen, np.where(north, -1, 1), 32767).astype("i2")
    labels = np.array(_label_sources(moon))
    angles = np.repeat((40 + bursts / 10)[:, :, None], len(labels), axis=2).astype("f4")
    angles[~(seen & north), 0::2] = angles[~(seen & ~north), 1::2] = -1e31
    on = {"DEPEND_0": "Epoch", "DEPEND_1": "Frequency"}
    fill = {"FILLVAL": np.float32(-1e31)}
    return {
        "CML": synthetic.CdfVariable(
            synthetic.REAL4, np.linspace(10, 880, _TIMES).astype("f4") % 360, attributes=fill
        ),
        "Polarization": synthetic.CdfVariable(
            synthetic.INT2, hand, attributes={**on, "FILLVAL": np.int16(32767)}
        ),
        "Theta": synthetic.CdfVariable(
            synthetic.REAL4, angles, attributes={**on, "DEPEND_2": "Src_ID_Label", **fill}
        ),
        "Src_ID_Label": synthetic.CdfVariable(synthetic.CHAR, labels, False),
        "Frequency": synthetic.CdfVariable(
            synthetic.REAL4, np.linspace(0.01, 44, _CHANNELS).astype("f4"), False, {"UNITS": "MHz"}
        ),
    }


@cache
def _cdf(start: str, moon: str) -> bytes:
    day = datetime.strptime(start, "%Y%m%d%H%M")
    ends = (f"{time:%Y-%m-%dT%H:%M:%S.%f}" for time in (day, day + timedelta(minutes=1380)))
    times = synthetic.space_times(*ends, _TIMES)
    attributes = {
        "TITLE": "ExPRES simulation",
        "TEXT": synthetic.NOTICE,
        # As the real files have them: ten times the frequencies, and no UCD of today.
        "VESPA_spectral_range_min": "100000.0",
        "VESPA_spectral_range_max": "440000000.0",
        "VESPA_measurement_type": "phys.flux.density;em.radio",
        "VESPA_instrument_name": "ExPRES",
        "VESPA_target_class": "planet#satellite",
    }
    return synthetic.write_cdf(
        attributes, {"Epoch": synthetic.make_epochs(*times), **_spectrum(moon)}
    )


@cache
def _look() -> bytes:
    return draw_spectrogram()
