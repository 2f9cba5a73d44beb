"""Regions drawn on a Carrington map, as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from epnkit.modules import requires_extra
from epnkit.regions.arrays import Floats
from epnkit.regions.results import Footprints


def unwrap_longitudes(vertices: Floats) -> Floats:
    """Return a ring without the jump at 360, so that it can be drawn; shape (n + 1, 2)."""
    closed = np.vstack([vertices, vertices[:1]])
    closed[:, 0] = np.degrees(np.unwrap(np.radians(closed[:, 0])))
    return closed


def draw_map(found: Footprints, path: Path) -> None:
    """Draw all polygons on a map of longitude 0 to 360 and latitude -90 to 90.

    Parameters
    ----------
    found : Footprints
        The regions; one across the meridian 0 is drawn at both sides.
    path : pathlib.Path
        The picture to write; its ending says the format.
    """
    with requires_extra("plots"):
        from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6))
    axes = figure.add_subplot(
        xlim=(0, 360),
        ylim=(-90, 90),
        xlabel="Carrington longitude (deg)",
        ylabel="Carrington latitude (deg)",
    )
    for row in np.flatnonzero(np.diff(found.starts)).tolist():
        ring = unwrap_longitudes(found.vertices(row))
        for shift in (-360, 0, 360):
            axes.plot(ring[:, 0] + shift, ring[:, 1], linewidth=0.8, color=f"C{row % 10}")
    figure.savefig(path, dpi=100)
