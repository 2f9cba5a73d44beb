"""A synthetic HFC: regions that were never seen, in the tables of the real catalogue.

Each region is a mask drawn on the image of a made-up observation; its chain code is traced from the
mask as the catalogue's programs trace theirs.  The same rows come out every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from epnkit.replicas import synthetic
from epnkit.replicas.archive import SYNTHETIC, draw_picture, write_file

#: The tables that it fills.
SCHEMA = Path(__file__).with_name("schema.csv")

_SEED = 20050402
_FIRST = datetime(2003, 1, 1, 0, 0, 1, 123000)
_IMAGES = 400
_REGIONS_AN_IMAGE = 3

#: Steps of a chain code: digit d goes (_DX[d], _DY[d]), x to the west, y to the north.
_DX = (-1, -1, 0, 1, 1, 1, 0, -1)
_DY = (0, -1, -1, -1, 0, 1, 1, 1)


@dataclass(frozen=True)
class Camera:
    """An instrument's images: id, size and disc in pixels, scale in arcsec a pixel."""

    identifier: int
    size: int
    radius: float
    scale: float


_MDI = Camera(1, 1024, 488.8, 1.98581)
_HMI = Camera(2, 4096, 1902.5, 0.50425)


def tables() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table that the replica fills."""
    random = np.random.default_rng(_SEED)
    regions: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    for number in range(1, _IMAGES + 1):
        camera = _HMI if number % 8 == 0 else _MDI
        image = _image(number, camera, random)
        images.append(image)
        regions.extend(_region(image, camera, random, number) for _ in range(_REGIONS_AN_IMAGE))
    for number, region in enumerate(regions, start=1):
        region["ID_AR"] = number
    noaa, links = _noaa(regions)
    return {
        "FRC_INFO": _CODES,
        "OBSERVATORY": _OBSERVATORIES,
        "OBSERVATIONS": images,
        "ACTIVEREGIONS": regions,
        "NOAA": noaa,
        "NOAA_AR": links,
    }


def archive(directory: Path) -> None:
    """Write the magnetogram, its quicklook and the snapshot of each observation."""
    look, magnetogram = draw_picture("PNG"), synthetic.write_fits({"INSTRUME": "synthetic"})
    rows = tables()
    for image in rows["OBSERVATIONS"]:
        write_file(_place(directory, image["URL"]), magnetogram)
        write_file(_place(directory, f"{image['QCLK_URL']}/{image['QCLK_FNAME']}"), look)
    for region in rows["ACTIVEREGIONS"]:
        write_file(_place(directory, f"{region['SNAPSHOT_PATH']}/{region['SNAPSHOT_FN']}"), look)


def _place(directory: Path, url: str) -> Path:
    return directory / urlsplit(url).path.removeprefix("/hfc1ar/")


_CODES = [
    {
        "ID_FRC_INFO": 1,
        "INSTITUT": "SYNTHETIC",
        "CODE": "SMART",
        "VERSION": "1.0",
        "FEATURE_NAME": "ACTIVE REGIONS",
        "ENC_MET": "CHAIN CODE",
        "CONTACT": "synthetic",
    }
]

_OBSERVATORIES = [
    {
        "ID_OBSERVATORY": 1,
        "OBSERVAT": "SoHO",
        "INSTRUME": "MDI",
        "TELESCOP": "Magnetogram",
        "UNITS": "Gauss",
        "WAVEMIN": 676.8,
        "WAVEMAX": 676.8,
        "WAVENAME": "Ni I",
        "WAVEUNIT": "nm",
        "SPECTRAL_NAME": "visible",
        "OBS_TYPE": "remote-sensing",
        "COMMENT": "synthetic",
    },
    {
        "ID_OBSERVATORY": 2,
        "OBSERVAT": "SDO",
        "INSTRUME": "HMI",
        "TELESCOP": "Magnetogram",
        "UNITS": "Gauss",
        "WAVEMIN": 6.173e-7,
        "WAVEMAX": 6.173e-7,
        "WAVENAME": "Fe I",
        "WAVEUNIT": "m",
        "SPECTRAL_NAME": "visible",
        "OBS_TYPE": "remote-sensing",
        "COMMENT": "synthetic",
    },
]


def _image(number: int, camera: Camera, random: np.random.Generator) -> dict[str, Any]:
    # Twelve hours and some, so that no two images share their hour.
    start = _FIRST + (number - 1) * timedelta(hours=13, minutes=7, milliseconds=410)
    center = camera.size / 2 + random.uniform(-1, 1, 2).round(3)
    name = f"synthetic_{start:%Y%m%d_%H%M%S}.fits"
    return {
        "ID_OBSERVATIONS": number,
        "OBSERVATORY_ID": camera.identifier,
        "DATE_OBS": start,
        "DATE_END": start + timedelta(seconds=30),
        "NAXIS1": camera.size,
        "NAXIS2": camera.size,
        "R_SUN": round(camera.radius + random.uniform(-4, 4), 3),
        "CENTER_X": float(center[0]),
        "CENTER_Y": float(center[1]),
        "CDELT1": camera.scale,
        "CDELT2": camera.scale,
        "FILENAME": name,
        "LOC_FILENAME": f"/synthetic/{name}",
        "URL": f"{SYNTHETIC}hfc1ar/{start:%Y/%m}/{name}",
        "QCLK_URL": f"{SYNTHETIC}hfc1ar/quicklook/{start:%Y/%m}",
        "QCLK_FNAME": name.replace(".fits", ".png"),
        "COMMENT": "synthetic",
    }


def _region(
    image: dict[str, Any], camera: Camera, random: np.random.Generator, number: int
) -> dict[str, Any]:
    mask, left, bottom = _mask(image, camera, random)
    x, y, code = _trace(mask)
    start: datetime = image["DATE_OBS"]
    return {
        "FRC_INFO_ID": 1,
        "OBSERVATIONS_ID": number,
        "OBSERVATIONS_ID_T": max(number - 1, 1),
        "FEAT_DATE": start,
        "FEAT_DATE_PREV": start - timedelta(hours=13),
        "FEAT_AREA_PIX": int(mask.sum()),
        "CC_X_PIX": left + x,
        "CC_Y_PIX": bottom + y,
        "CC": code,
        "CC_LENGTH": len(code),
        "CC_X_ARCSEC": round((left + x - image["CENTER_X"]) * camera.scale, 3),
        "CC_Y_ARCSEC": round((bottom + y - image["CENTER_Y"]) * camera.scale, 3),
        "SNAPSHOT_FN": f"synthetic_{start:%Y%m%d_%H%M}.png",
        "SNAPSHOT_PATH": f"{SYNTHETIC}hfc1ar/snapshots",
        "RUN_DATE": start.replace(microsecond=0) + timedelta(days=1),
        "FEAT_FILENAME": "synthetic",
    }


def _mask(
    image: dict[str, Any], camera: Camera, random: np.random.Generator
) -> tuple[NDArray[np.bool_], int, int]:
    """Draw one region in the activity belts; give its mask and where its corner lies."""
    latitude = np.radians(random.choice([-1, 1]) * random.uniform(5, 32))
    meridian = np.radians(random.uniform(-62, 62))
    center_x = image["CENTER_X"] + image["R_SUN"] * np.cos(latitude) * np.sin(meridian)
    center_y = image["CENTER_Y"] + image["R_SUN"] * np.sin(latitude)
    size = camera.radius * random.uniform(0.02, 0.075)
    left, bottom = round(center_x - 2 * size), round(center_y - 2 * size)
    side = np.arange(round(4 * size) + 1)
    # Seen from the side, a region is narrower.
    x = (side[None, :] + left - center_x) / np.cos(meridian)
    y = (side[:, None] + bottom - center_y) / np.cos(latitude)
    angle = np.arctan2(y, x)
    waves = random.normal(0, 0.32 / np.arange(2, 8), (2, 6))
    edge = size * (
        1
        + sum(
            a * np.cos(k * angle) + b * np.sin(k * angle)
            for k, (a, b) in enumerate(waves.T, start=2)
        )
    )
    mask = (np.hypot(x, y) <= np.clip(edge, 0.15 * size, 1.9 * size)) | (np.hypot(x, y) < 1.5)
    mask[0, :] = mask[-1, :] = mask[:, 0] = mask[:, -1] = False
    return mask, left, bottom


def _trace(mask: NDArray[np.bool_]) -> tuple[int, int, str]:
    """Follow the outer edge of a mask counter-clockwise from the first pixel of its lowest row."""
    rows, columns = np.nonzero(mask)
    start = int(columns[0]), int(rows[0])
    return *start, "".join(map(str, _steps(mask, start)))


def _steps(mask: NDArray[np.bool_], start: tuple[int, int]) -> Iterator[int]:
    (x, y), direction, first = start, 3, -1
    while True:
        # Look first to the right of the way we came, where the outside lies.
        direction = (direction + (7 if direction % 2 == 0 else 6)) % 8
        while not mask[y + _DY[direction], x + _DX[direction]]:
            direction = (direction + 1) % 8
        if (x, y) == start and direction == first:
            return
        first = direction if first < 0 else first
        x, y = x + _DX[direction], y + _DY[direction]
        yield direction


def _noaa(regions: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return numbers for two regions in three; one in twenty has two numbers, and so two rows."""
    noaa: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for region in regions:
        identifier = region["ID_AR"]
        for _ in range(2 if identifier % 20 == 0 else 1 if identifier % 3 else 0):
            number = len(noaa) + 1
            day = region["FEAT_DATE"].replace(hour=0, minute=0, second=0, microsecond=0)
            noaa.append({"ID_NOAA": number, "NOAA_NUMBER": 10200 + number // 4, "DATE_OBS": day})
            links.append({"NOAA_ID": number, "AR_ID": identifier})
    return noaa, links
