"""A synthetic HFC: type III bursts that were never seen, in the tables of the real catalogue.

The observatories and the code are the real producer's; every burst, spectrum and file is made up.
The same rows come out every time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from epnkit.replicas import synthetic
from epnkit.replicas.archive import SYNTHETIC, draw_spectrogram, write_file

#: The tables that it fills: those of the same database that hfc1ar has.
SCHEMA = Path(__file__).resolve().parents[2] / "hfc1ar" / "replica" / "schema.csv"

Row = dict[str, Any]

_FIRST = datetime(2001, 3, 1)
_DAYS = 260
_BURSTS_A_DAY = 4


def tables() -> dict[str, list[Row]]:
    """Give the rows of every table that the replica fills."""
    images = [_spectrum(number) for number in range(1, _DAYS + 1)]
    bursts = [_burst(image, n) for image in images for n in range(_BURSTS_A_DAY)]
    bursts += _traps(images[0])
    for number, burst in enumerate(bursts, start=1):
        burst["ID_TYPE_III"] = number
    return {
        "FRC_INFO": _CODES,
        "OBSERVATORY": _OBSERVATORIES,
        "OBSERVATIONS": images,
        "TYPE_III": bursts,
    }


def archive(directory: Path) -> None:
    """Write the spectrum, its quicklook and the snapshots of each day."""
    look, spectrum = draw_spectrogram(), synthetic.write_fits({"INSTRUME": "synthetic"})
    rows = tables()
    for image in rows["OBSERVATIONS"]:
        write_file(directory / "data" / image["FILENAME"], spectrum)
        write_file(directory / "quicklook" / image["QCLK_FNAME"], look)
    for burst in rows["TYPE_III"]:
        write_file(directory / "snapshots" / burst["SNAPSHOT_FN"], look)


_CODES = [
    {
        "ID_FRC_INFO": 1,
        "INSTITUT": "OBSPM",
        "CODE": "RABAT3",
        "VERSION": "2.0.3",
        "FEATURE_NAME": "TYPE III",
        "ENC_MET": "CHAINCODE",
        "CONTACT": "synthetic",
    }
]

#: Low and high end in MHz, and the channel's width, of each observatory.
_BANDS = {1: (1.075, 13.825, 0.050), 2: (0.020, 1.040, 0.004), 3: (0.125, 16.025, 0.050)}

_OBSERVATORIES = [
    {
        "ID_OBSERVATORY": 1,
        "OBSERVAT": "WIND",
        "INSTRUME": "WAVES",
        "TELESCOP": "RAD2",
        "UNITS": "dB above background",
        "WAVEMIN": 21.6066,
        "WAVEMAX": 278.8767,
        "WAVEUNIT": "m",
        "WAVENAME": "Decametric/Hectometric",
        "SPECTRAL_NAME": "RADIO",
        "OBS_TYPE": "BOTH",
    },
    {
        "ID_OBSERVATORY": 2,
        "OBSERVAT": "WIND",
        "INSTRUME": "WAVES",
        "TELESCOP": "RAD1",
        "UNITS": "dB above background",
        "WAVEMIN": 0.020,
        "WAVEMAX": 1.040,
        "WAVEUNIT": "MHz",
        "WAVENAME": "Hectometric/Kilometric",
        "SPECTRAL_NAME": "RADIO",
        "OBS_TYPE": "BOTH",
    },
    {
        "ID_OBSERVATORY": 3,
        "OBSERVAT": "STEREO_A",
        "INSTRUME": "SWAVES",
        "TELESCOP": "HFR",
        "UNITS": "dB above background",
        "WAVEMIN": 18.7077,
        "WAVEMAX": 2398.3396,
        "WAVEUNIT": "m",
        "WAVENAME": "Decametric/Kilometric",
        "SPECTRAL_NAME": "RADIO",
        "OBS_TYPE": "BOTH",
    },
]


def _spectrum(number: int) -> Row:
    start = _FIRST + timedelta(days=number - 1)
    name = f"synthetic_{start:%Y%m%d}"
    return {
        "ID_OBSERVATIONS": number,
        "OBSERVATORY_ID": 1 + number % 3,
        "DATE_OBS": start,
        "DATE_END": start + timedelta(days=1),
        "FILENAME": f"{name}.fits",
        "LOC_FILENAME": f"/synthetic/{name}.fits",
        "URL": f"{SYNTHETIC}hfc1t3/data/{name}.fits",
        "QCLK_URL": f"{SYNTHETIC}hfc1t3/quicklook/",
        "QCLK_FNAME": f"{name}.png",
        "COMMENT": "synthetic",
    }


def _burst(image: Row, number: int) -> Row:
    """Make a burst that drifts to lower frequencies: a slanting band of pixels, traced around."""
    low, _, channel = _BANDS[image["OBSERVATORY_ID"]]
    width, height = 3 + number, 6 + image["ID_OBSERVATIONS"] % 5
    first = image["DATE_OBS"] + timedelta(hours=5 * number + 1, minutes=number)
    last = first + timedelta(minutes=width + height)
    bottom = round(low + channel * 10 * (number + 1), 3)
    top = round(bottom + channel * height, 3)
    code = "4" * width + "7" * height + "0" * width + "3" * height
    return {
        "FRC_INFO_ID": 1,
        "OBSERVATIONS_ID": image["ID_OBSERVATIONS"],
        "CC_X_PIX": 60 + number,
        "CC_Y_PIX": 10 * (number + 1),
        "CC": code,
        "CC_LENGTH": len(code),
        "CC_Y_MHZ": bottom,
        "BR_Y0_MHZ": bottom,
        "BR_Y1_MHZ": top,
        "BR_Y2_MHZ": bottom,
        "BR_Y3_MHZ": top,
        "TIME_START": first,
        "TIME_END": last,
        "LVL_TRUST": 50 + number,
        "MULTIPLE": 0,
        "DRIFT_START": round(-channel * height / 60, 6),
        "SNAPSHOT_FN": f"synthetic_{first:%Y%m%d_%H%M%S}.png",
        "SNAPSHOT_PATH": f"{SYNTHETIC}hfc1t3/snapshots",
        "RUN_DATE": image["DATE_OBS"] + timedelta(days=30),
        "FEAT_FILENAME": "synthetic",
    }


def _traps(image: Row) -> list[Row]:
    """Make codes that are wrong, a burst without its limits, and one that ends too early."""
    made = [_burst(image, 20 + number) for number in range(4)]
    for number, burst in enumerate(made):
        burst["TIME_START"] = image["DATE_OBS"] + timedelta(minutes=10 * number + 5)
        burst["TIME_END"] = burst["TIME_START"] + timedelta(minutes=8)
        burst["SNAPSHOT_FN"] = made[0]["SNAPSHOT_FN"]
    open_code, no_digits, no_limits, backwards = made
    open_code["CC"] = "4476"
    no_digits["CC"] = "44x600"
    no_limits.update({f"BR_Y{corner}_MHZ": None for corner in range(4)})
    backwards["TIME_END"] = backwards["TIME_START"] - timedelta(minutes=1)
    return made
