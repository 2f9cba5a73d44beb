"""Shows HFC1AR: its ten largest regions, and all footprints on a Carrington map."""

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pyvo
from astropy.table import Table
from numpy.typing import NDArray

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.collections import PolyCollection

LARGEST = """
SELECT TOP 10 granule_uid, time_min, c1min, c1max, c2min, c2max, footprint_area, noaa_number
FROM hfc1ar.epn_core ORDER BY footprint_area DESC
"""

FOOTPRINTS = "SELECT s_region, time_min FROM hfc1ar.epn_core WHERE s_region IS NOT NULL"

_FORMATS = {
    "time_min": "%.5f",
    "c1min": "%.2f",
    "c1max": "%.2f",
    "c2min": "%.2f",
    "c2max": "%.2f",
    "footprint_area": "%.1f",
}


def show(url: str, name: str, directory: Path) -> None:
    """Print the ten largest regions, and draw a map of all."""
    tap = pyvo.dal.TAPService(url)
    largest = tap.run_sync(LARGEST).to_table()
    for column, form in _FORMATS.items():
        largest[column].format = form
    print(f"\nThe ten largest regions of {name}:")
    print("\n".join(largest.pformat(max_lines=-1, max_width=-1)), "\n")
    path = directory / "hfc1ar-map.png"
    draw(tap.run_sync(FOOTPRINTS, maxrec=1_000_000).to_table(), path)
    print(f"     map: {path}")


def draw(found: Table, path: Path) -> None:
    """Draw footprints, coloured by time, on a map of Carrington longitude and latitude."""
    outlines, days = _outlines(found)
    figure, axes = plt.subplots(figsize=(11, 6), layout="constrained")
    drawn = PolyCollection(
        outlines,
        array=days - days.min(),
        alpha=0.45,
        edgecolors="0.25",
        linewidths=0.4,
        cmap="viridis",
    )
    axes.add_collection(drawn)
    axes.set(
        xlim=(0, 360),
        ylim=(-90, 90),
        xticks=range(0, 361, 30),
        yticks=range(-90, 91, 30),
        xlabel="Carrington longitude (degrees)",
        ylabel="Latitude (degrees)",
        title=f"HFC active regions: {len(found)} footprints",
    )
    axes.grid(alpha=0.3)
    label = f"Days since JD {days.min():.1f}"
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.85)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _outlines(found: Table) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Return each footprint's vertices, and a copy on the other side if it crosses longitude 0."""
    outlines, days = [], []
    for row in found:
        numbers = np.array(re.findall(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?", row["s_region"]), float)
        vertices = numbers.reshape(-1, 2)
        if np.ptp(vertices[:, 0]) > 180:
            vertices[:, 0] = np.where(vertices[:, 0] > 180, vertices[:, 0] - 360, vertices[:, 0])
            outlines.append(vertices + np.array([360, 0]))
            days.append(row["time_min"])
        outlines.append(vertices)
        days.append(row["time_min"])
    return outlines, np.array(days, float)
