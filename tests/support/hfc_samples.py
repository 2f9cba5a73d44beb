"""The real contours of HFC's samples, drawn: SMART's active regions, CHARM's coronal holes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from epnkit.regions import Footprints, Images, Options, footprints


def _read(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 20)
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def active_regions(samples: Path, options: Options) -> tuple[Footprints, list[dict[str, str]]]:
    """Draw SMART's active regions, in the images in which they were found."""
    rows = _read(samples / "hfc1ar" / "20050402_test_ar_results.csv")
    listed = _read(samples / "hfc1ar" / "20050402_test_ar_observation.csv")
    image = {row["#ID"]: row for row in listed}
    of = [image[row["MDI_FILE"]] for row in rows]
    keys = ("CDELT1", "CDELT2", "CENTER_X", "CENTER_Y", "R_SUN")
    images = Images(
        [row["OBS_DATE"] for row in rows], *(np.array([o[key] for o in of]) for key in keys)
    )
    codes = [row["CHAIN_CODE"] for row in rows]
    x, y = (np.array([float(row[key]) for row in rows]) for key in ("CC_PIX_X", "CC_PIX_Y"))
    return footprints(codes, x, y, images, options), rows


def coronal_holes(samples: Path) -> tuple[Footprints, list[dict[str, str]]]:
    """Draw CHARM's coronal holes.

    Their pixels are of a Lambert map: any image that holds them shows their topology.
    """
    rows = _read(samples / "hfc1ch" / "ch_results.csv")
    starts = np.array([row["CC_PIX_XY"].split(",") for row in rows], dtype=float)
    images = Images("2009-01-01T00:00:08.531", 0.8, 0.8, 600.0, 300.0, 1200.0)
    codes = [row["CHAIN_CODE"] for row in rows]
    return footprints(codes, starts[:, 0], starts[:, 1], images), rows
