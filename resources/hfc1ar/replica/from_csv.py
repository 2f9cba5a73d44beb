"""Reads detections as the HFC's recognition codes hand them in, into the tables of the catalogue.

A set lies in one directory: ``*_frc.csv``, ``*_observatory.csv``, ``*_observation.csv`` and
``*_results.csv``, with ``;`` between the values and a header that begins with ``#ID``.  The
results name their image in ``MDI_FILE``, which is the observation's ``ID``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from epnkit.errors import ConfigurationError

Row = dict[str, str]


def tables(directory: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table that the files fill.

    Raises
    ------
    ConfigurationError
        Where a file is missing or twice there, or a value is not what its column says; with the
        file and the line.
    """
    images = _read(directory, "observation", _image)
    regions = _read(directory, "results", _region)
    known = {image["ID_OBSERVATIONS"] for image in images}
    for line, region in enumerate(regions, start=2):
        if region["OBSERVATIONS_ID"] not in known:
            raise ConfigurationError(
                f"there is no observation {region['OBSERVATIONS_ID']}",
                where=f"{_file(directory, 'results')}:{line}",
                why="its MDI_FILE must be an ID of the observation file",
                cure="Hand in the observation file that belongs to these results.",
            )
    return {
        "FRC_INFO": _read(directory, "frc", _code),
        "OBSERVATORY": _read(directory, "observatory", _observatory),
        "OBSERVATIONS": images,
        "ACTIVEREGIONS": regions,
    }


def _file(directory: Path, part: str) -> Path:
    found = sorted(directory.glob(f"*_{part}.csv"))
    if len(found) != 1:
        raise ConfigurationError(
            f"there {'is no' if not found else 'is more than one'} file *_{part}.csv",
            where=str(directory),
            cure="Name a directory with one set of HFC files.",
        )
    return found[0]


def _read(
    directory: Path, part: str, convert: Callable[[Row], dict[str, Any]]
) -> list[dict[str, Any]]:
    path = _file(directory, part)
    rows = []
    with path.open(newline="", encoding="utf-8", errors="replace") as lines:
        for line, row in enumerate(csv.DictReader(lines, delimiter=";"), start=2):
            try:
                rows.append(convert({key: value or "" for key, value in row.items() if key}))
            except KeyError as error:
                raise ConfigurationError(
                    f"there is no column {error}",
                    where=f"{path}:1",
                    cure="The header must begin with #ID and name the columns, with ; between.",
                ) from None
            except ValueError as error:
                raise ConfigurationError(
                    str(error), where=f"{path}:{line}", cure="Correct the value."
                ) from None
    return rows


def _code(row: Row) -> dict[str, Any]:
    return {
        "ID_FRC_INFO": int(row["#ID"]),
        "INSTITUT": row["INSTITUT"],
        "CODE": row["NAME_CODE"],
        "VERSION": row["VERSION_CODE"],
        "FEATURE_NAME": row["FEATURE"],
        "PERSON": row["PERSON"],
    }


def _observatory(row: Row) -> dict[str, Any]:
    return {
        "ID_OBSERVATORY": int(row["#ID"]),
        "OBSERVAT": row["OBSERVAT"],
        "INSTRUME": row["INSTRUMENT"],
        "TELESCOP": row["TELESCOPE"],
        "UNITS": row["UNITS"],
        "WAVEMIN": float(row["WAVELNTH"]),
        "WAVEMAX": float(row["WAVELNTH"]),
        "WAVENAME": row["WAVENAME"],
        "WAVEUNIT": row["WAVEUNIT"],
        "OBS_TYPE": row["OBS_TYPE"],
    }


def _image(row: Row) -> dict[str, Any]:
    return {
        "ID_OBSERVATIONS": int(row["#ID"]),
        "OBSERVATORY_ID": int(row["OBSERVATORY_ID"]),
        "DATE_OBS": row["DATE_OBS"],
        "DATE_END": row["DATE_END"],
        "NAXIS1": int(row["NAXIS1"]),
        "NAXIS2": int(row["NAXIS2"]),
        "R_SUN": float(row["R_SUN"]),
        "CENTER_X": float(row["CENTER_X"]),
        "CENTER_Y": float(row["CENTER_Y"]),
        "CDELT1": float(row["CDELT1"]),
        "CDELT2": float(row["CDELT2"]),
        "FILENAME": row["FILENAME"],
        "LOC_FILENAME": row["LOC_FILENAME"],
        "URL": row["LOC_FILENAME"],
    }


def _region(row: Row) -> dict[str, Any]:
    return {
        "ID_AR": int(row["#ID"]),
        "FRC_INFO_ID": int(row["FRC_INFO"]),
        "OBSERVATIONS_ID": int(row["MDI_FILE"]),
        "OBSERVATIONS_ID_T": int(row["MDI_FILE_T"]),
        "FEAT_DATE": row["OBS_DATE"],
        "FEAT_DATE_PREV": row["OBS_DATE_T"],
        "RUN_DATE": row["RUN_DATE"],
        "FEAT_AREA_PIX": int(row["AR_NPIX"]),
        "FEAT_X_ARCSEC": float(row["ARC_ARC_X"]),
        "FEAT_Y_ARCSEC": float(row["ARC_ARC_Y"]),
        "FEAT_CARR_LONG_DEG": float(row["ARC_CAR_LON"]),
        "FEAT_CARR_LAT_DEG": float(row["ARC_CAR_LAT"]),
        "CC_X_PIX": int(row["CC_PIX_X"]),
        "CC_Y_PIX": int(row["CC_PIX_Y"]),
        "CC_X_ARCSEC": float(row["CC_ARC_X"]),
        "CC_Y_ARCSEC": float(row["CC_ARC_Y"]),
        "CC": row["CHAIN_CODE"],
        "CC_LENGTH": int(row["CC_LENGTH"]),
        "SNAPSHOT_FN": row["SNAPSHOT_FILENAME"],
        "SNAPSHOT_PATH": row["SNAPSHOT_PATH"],
    }
