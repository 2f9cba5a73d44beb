"""Run by a Python that has maser-data and nothing of epnkit: are the values those of the files?

Usage: with_maser.py SERVER ARCHIVE; prints how many records of each data set it compared.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from maser.data import Data  # type: ignore[import-not-found]


def fetch(server: str, **query: str) -> list[list[Any]]:
    """Fetch records as JSON."""
    address = f"{server}/hapi/data?{urllib.parse.urlencode({**query, 'format': 'json'})}"
    with urllib.request.urlopen(address) as answer:
        return list(json.loads(answer.read())["data"])


def read_sweeps(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of Kronos: a sweep each."""
    data = Data(path)
    times = [f"{each.isoformat(timespec='microseconds')[:23]}Z" for each in data.times.datetime]
    return times, [sweep.data[field] for sweep in data.sweeps]


def read_voyager(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of Voyager: of one hand, every other channel."""
    data = Data(path)
    data.load_data()
    data.times.precision = 3
    values = []
    for sweep in data.sweeps:
        power = np.full(70, -1e31)
        hand = sweep[field]
        # A sweep without a status is to be discarded, as the labels in the archive say.
        if sweep.header["status_word"] != 0:
            power[np.isin(data.frequencies.value, hand["frequencies"].value)] = hand["data"].value
        values.append(power)
    return [f"{each}Z" for each in data.times.isot], values


def read_summary(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of Voyager's means of 48 s, in which zero is no value."""
    data = Data(path)
    data.load_data()
    values = np.stack([sweep.data[field] for sweep in data.sweeps])
    times = [f"{each[:19]}Z" for each in data.times.isot]
    return times, list(np.where(values == 0, -1e31, values / 100))


def read_pairs(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of level N3b by the layout that maser-data has of it.

    Its reader of sweeps does not take records of pairs.
    """
    from maser.data.padc.cassini.data import kronos_level_format  # type: ignore[import-not-found]

    described = kronos_level_format["n3b"]["record-def"]
    kinds = (tuple(each) if isinstance(each, list) else each for each in described["np_dtype"])
    records = np.fromfile(path, list(zip(described["fields"], kinds, strict=True)))
    below = Data(path.parents[1] / "n2" / path.name.replace("N3b_dsq", "P"))
    first = records["num"][:, 0]
    days, found = below._data["t97"][first], records[field[:-1]][:, int(field[-1]) - 1]
    groups = [days == day for day in np.unique(days)]
    text = [str(below.times.datetime[n].isoformat(timespec="milliseconds")) for n in range(60)]
    return [f"{each}Z" for each in text], [found[group] for group in groups]


def read_degree(path: Path, _: str) -> tuple[list[str], list[Any]]:
    """Compute the degree of polarisation from counts of 0.3125 dB, as maser4py took them."""
    times, right = read_cdf(path, "RR")
    powers = [10 ** (np.asarray(each) * 0.03125) for each in (right, read_cdf(path, "LL")[1])]
    return times, list((powers[0] - powers[1]) / (powers[0] + powers[1]))


def read_orfees(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of ORFEES by astropy: five bands, one after the other."""
    from astropy.io import fits

    with fits.open(path) as units:
        spectra = units["SPECTRA"].data
        clock = np.asarray(spectra["TIME_B1"], float).reshape(-1)
        values = np.hstack([spectra[f"{field}_B{band}"] for band in range(1, 6)]).astype(float)
    day = np.datetime64(f"{path.name[3:7]}-{path.name[7:9]}-{path.name[9:11]}", "ms")
    times = day + np.rint(clock).astype("m8[ms]")
    return [f"{each}Z" for each in times.astype(str)], list(values)


def read_part(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of the part of a variable that has a label."""
    from spacepy import pycdf  # type: ignore[import-not-found]

    name, _, label = field.partition(":")
    with pycdf.CDF(str(path)) as file:
        number = [str(each).strip() for each in file["Src_ID_Label"][...]].index(label)
        times = [f"{each.isoformat(timespec='seconds')}Z" for each in file["Epoch"][...]]
        values = file[name][:, :, number]
        missing = values == file[name].attrs["FILLVAL"]
        return times, list(np.where(missing, -1e31, np.asarray(values, float)))


def read_hand(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and integers, of which missing ones have another number in answers."""
    from spacepy import pycdf

    with pycdf.CDF(str(path)) as file:
        times = [f"{each.isoformat(timespec='seconds')}Z" for each in file["Epoch"][...]]
        values = np.asarray(file[field][...], np.int64)
        return times, list(np.where(values == file[field].attrs["FILLVAL"], -(2**31), values))


def read_averages(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of Wind's averages."""
    times, values = [], []
    parts = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
    for sweep in Data(path).sweeps:
        clock = [sweep.header[f"CALEND_DATE_{part}"] for part in parts]
        times.append("{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}.000Z".format(*clock))
        values.append(sweep.data[field])
    return times, values


def read_new_routine(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values of NewRoutine."""
    data = Data(path, dataset="orn_nda_newroutine_sun_edr")
    data.times.precision = 3
    number = data.fields.index(field)
    values = np.asarray(data.file[2].data["DATA"][:, :, number], float)
    return [f"{each}Z" for each in data.times.isot], list(values)


def read_cdf(path: Path, field: str) -> tuple[list[str], list[Any]]:
    """Read times and values by the library that maser-data reads CDF with."""
    from spacepy import pycdf

    with pycdf.CDF(str(path)) as file:
        times = [f"{each.isoformat(timespec='microseconds')[:23]}Z" for each in file["Epoch"][...]]
        return times, list(np.asarray(file[field][...], float))


#: Data set: parameter, file in the archive, its name there, and reader.
CASES = {
    "cassini_kronos_n2": (
        "autoX",
        "cassini_kronos/2012_091_180/n2/P2012180.20",
        "autoX",
        read_sweeps,
    ),
    "cassini_kronos_n3b": (
        "s2",
        "cassini_kronos/2012_091_180/n3b/N3b_dsq2012180.20",
        "s2",
        read_pairs,
    ),
    "cassini_kronos_n3d": (
        "v",
        "cassini_kronos/2012_091_180/n3d/N3d_dsq2012180.21",
        "v",
        read_sweeps,
    ),
    "cassini_kronos_n3e": (
        "ph",
        "cassini_kronos/2012_091_180/n3e/N3e_dsq2012180.20",
        "ph",
        read_sweeps,
    ),
    "voyager1_pra_lowband": (
        "RH",
        "voyager_pra/VG1-J-PRA-3-RDR-LOWBAND-6SEC-V1.0/PRA_I.LBL",
        "R",
        read_voyager,
    ),
    "voyager2_pra_lowband": (
        "LH",
        "voyager_pra/VG2-N-PRA-3-RDR-LOWBAND-6SEC-V1.0/VG2_NEP_PRA_6SEC.LBL",
        "L",
        read_voyager,
    ),
    "voyager1_pra_48s": (
        "LH",
        "voyager_pra/VG1-J-PRA-4-SUMM-BROWSE-48SEC-V1.0/T790306.LBL",
        "L",
        read_summary,
    ),
    "expres_earth_aurorae": (
        "Polarization",
        "expres/expres_earth_jupiter_auroral/"
        "expres_earth_jupiter_auroral_jrm33_lossc-wid1deg_3kev_20150501_v21.cdf",
        "Polarization",
        read_hand,
    ),
    "expres_earth_io_vipal": (
        "Theta_south",
        "expres/expres_earth_jupiter_io/"
        "expres_earth_jupiter_io_vipal_lossc-wid1deg_3kev_20150430_v01.cdf",
        "Theta:Io SOUTH",
        read_part,
    ),
    "wind_waves_rad1_60s": (
        "mean",
        "wind_waves/wi_wa_rad1_l2_60s/1994/wi_wa_rad1_l2_60s_19941114_v01.dat",
        "SMOY",
        read_averages,
    ),
    "nda_newroutine_sun": (
        "RR",
        "nda/newroutine/soleil/2023/03/"
        "orn_nda_newroutine_sun_edr_202303070800_202303071600_v1.1.fits",
        "RR",
        read_new_routine,
    ),
    "nda_routine_jup": (
        "LL",
        "nda/routine_jupiter/2016/01/srn_nda_routine_jup_edr_201601302247_201601310645_V12.cdf",
        "LL",
        read_cdf,
    ),
    "nda_routine_sun": (
        "degree",
        "nda/routine_soleil/2021/05/srn_nda_routine_sun_edr_202105030805_202105031505_V17.cdf",
        "",
        read_degree,
    ),
    "orfees": ("STOKESV", "orfees/2022/04/orf20220402_081500.fts", "STOKESV", read_orfees),
    "juno_waves_v02": (
        "flux",
        "juno_waves/l3a_v02/data/cdf/2016/04/jno_wav_cdr_lesia_20160409_v02.cdf",
        "Data",
        read_cdf,
    ),
}


def main(server: str, archive: Path) -> None:
    """Compare a file of each data set."""
    compared = {}
    for dataset, (parameter, path, field, read) in CASES.items():
        times, values = read(archive / path, field)
        # Of a whole encounter, as much as one request may ask for.
        first = np.datetime64(times[0][:-1])
        since = np.array([each[:-1] for each in times], "M8[ms]") - first
        near = int(np.count_nonzero(since < np.timedelta64(30, "D")))
        times, values = times[:near], values[:near]
        stop = str(np.datetime64(times[-1][:-1], "ms") + np.timedelta64(1, "ms")) + "Z"
        query = {"dataset": dataset, "parameters": parameter, "start": times[0], "stop": stop}
        rows = fetch(server, **query)
        assert [row[0] for row in rows] == times, (dataset, rows[0][0], times[0])
        for row, expected in zip(rows, values, strict=True):
            found = np.array(row[1])
            wanted = np.asarray(expected, float)
            # What is computed may differ in its last digits.
            tolerance = 0.0 if field else 1e-12
            np.testing.assert_allclose(found[: len(wanted)], wanted, tolerance, tolerance)
            assert (found[len(wanted) :] == -1e31).all()
        compared[dataset] = len(rows)
    print(json.dumps(compared))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
