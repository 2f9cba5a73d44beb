"""Draws the pictures of the topics: ``python docs/pictures.py``; what it draws is made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from epnkit.regions import Footprints, Images, Options, footprints
from epnkit.regions.chart import unwrap_longitudes
from epnkit.regions.images.outlines import merge_outlines
from epnkit.regions.images.outlines import outlines as outline_footprints
from epnkit.regions.synthetic import encode_mask

IMAGES = Path(__file__).parent / "images"

#: An image of the Sun as a small magnetograph may take it: 1024 pixels of 2 arcseconds.
_SIZE, _SCALE, _RADIUS, _CENTRE = 1024, 2.0, 475.0, 512.0

_DATE = "2003-06-05T18:00:00"


def blob(x: float, y: float, width: float, height: float) -> np.ndarray[Any, Any]:
    """Make a mask of one region: an ellipse with a bay and a spur."""
    row, column = np.mgrid[0:_SIZE, 0:_SIZE]
    u, v = (column - x) / width, (row - y) / height
    angle = np.arctan2(v, u)
    return np.asarray(np.hypot(u, v) < 1 + 0.25 * np.sin(3 * angle) + 0.12 * np.cos(7 * angle))


def drawn(mask: np.ndarray[Any, Any], **options: Any) -> Footprints:
    """Draw the footprint of a mask."""
    code = encode_mask(mask)
    images = Images([_DATE], *(np.array([v]) for v in (_SCALE, _SCALE, _CENTRE, _CENTRE, _RADIUS)))
    where = np.array([code.x]), np.array([code.y])
    return footprints([code.code], *where, images, Options(**options))


def outlines() -> None:
    """Draw one contour around its pixels, through their centres, and with a tolerance."""
    mask = blob(600, 560, 14, 9)
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    ways: list[tuple[str, dict[str, Any]]] = [
        ("around the pixels, tolerance 0", {"tolerance": 0.0}),
        ("through the centres", {"outline": "center", "tolerance": 0.0}),
        ("tolerance 0.5: fewer vertices", {}),
    ]
    for place, (title, options) in enumerate(ways, 1):
        found = drawn(mask, **options)
        ring = unwrap_longitudes(found.vertices(0))
        axes = figure.add_subplot(1, 3, place, title=title, aspect="equal")
        axes.set(xlim=(56, 61), ylim=(4, 7))
        if place == 1:
            axes.set_ylabel("latitude (deg)", fontsize=8)
        axes.plot(ring[:, 0], ring[:, 1], "o-", markersize=2.5, linewidth=1, color="C3")
        axes.set_xlabel(f"Carrington longitude (deg); {len(ring) - 1} vertices", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.title.set_fontsize(9)
    figure.savefig(IMAGES / "outlines.png", dpi=110)


def limb() -> None:
    """Draw a region that the limb cuts: on the disc, and on the sphere."""
    mask = blob(_CENTRE - 0.95 * _RADIUS, 600, 40, 50)
    found = drawn(mask)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    disc = figure.add_subplot(1, 2, 1, title="in the image", aspect="equal")
    angle = np.linspace(0, 2 * np.pi, 400)
    disc.plot(_CENTRE + _RADIUS * np.cos(angle), _CENTRE + _RADIUS * np.sin(angle), color="0.4")
    disc.contour(mask, levels=[0.5], colors="C3", linewidths=1)
    disc.set(xlim=(-60, 300), ylim=(470, 740), xlabel="x (pixels)", ylabel="y (pixels)")
    disc.annotate("limb", (0.45, 0.93), xycoords="axes fraction", color="0.4")
    disc.annotate("contour", (0.48, 0.42), xycoords="axes fraction", color="C3")
    sphere = figure.add_subplot(1, 2, 2, title="its footprint, cut at the limb")
    ring = unwrap_longitudes(found.vertices(0))
    sphere.fill(ring[:, 0], ring[:, 1], alpha=0.3, color="C3")
    sphere.plot(ring[:, 0], ring[:, 1], color="C3", linewidth=1)
    sphere.set(xlabel="Carrington longitude (deg)", ylabel="latitude (deg)")
    figure.savefig(IMAGES / "limb.png", dpi=110)


def mosaic() -> None:
    """Draw a mosaic of tiles, the last of which is missing: around the Sun, and on its sphere."""
    corners = [(-780 + 72 * k % 216, 330 + 74 * (k // 3)) for k in range(8)]
    size, turn = np.array([86.0, 88.0]), np.radians(3.0)
    square = np.array([(0.0, 0.0), (1, 0), (1, 1), (0, 1)]) * size
    rotation = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    tiles = [np.array(corner) + square @ rotation for corner in corners]
    whole = merge_outlines(tiles)
    found = outline_footprints([whole, *tiles], ["2003-06-10T18:00:00"] * 9)
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    sky = figure.add_subplot(1, 2, 1, title="around the Sun's centre", aspect="equal")
    angle = np.linspace(0, 2 * np.pi, 400)
    sky.plot(946 * np.cos(angle), 946 * np.sin(angle), color="0.4")
    for tile in tiles:
        sky.fill(*tile.T, alpha=0.25, color="C0")
    sky.plot(*np.vstack([whole, whole[:1]]).T, color="C3", linewidth=1.5)
    sky.set(xlim=(-960, -500), ylim=(280, 660), xlabel="x (arcsec)", ylabel="y (arcsec)")
    sphere = figure.add_subplot(1, 2, 2, title="its footprint, cut at the limb")
    for row in range(1, 9):
        ring = unwrap_longitudes(found.vertices(row))
        sphere.fill(ring[:, 0], ring[:, 1], alpha=0.25, color="C0")
    ring = unwrap_longitudes(found.vertices(0))
    sphere.plot(ring[:, 0], ring[:, 1], color="C3", linewidth=1.5)
    sphere.set(xlabel="Carrington longitude (deg)", ylabel="latitude (deg)")
    figure.savefig(IMAGES / "mosaic.png", dpi=110)


def way_of_a_row() -> None:
    """Draw the way of a row."""
    figure = Figure(figsize=(9, 2.6))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 9), ylim=(0, 2.6))
    axes.axis("off")
    steps = ["source", "mapping", "rules", "staging", "table"]
    for number, step in enumerate(steps):
        _box(axes, 0.15 + 1.8 * number, 1.55, step, "#e8eef6")
    for number, word in enumerate(["records", "granules", "sound ones", "merge"]):
        _arrow(axes, (1.65 + 1.8 * number, 1.9), (1.95 + 1.8 * number, 1.9), word)
    _box(axes, 2.85, 0.2, "quarantine", "#f9e7e2")
    _box(axes, 7.35, 0.2, "ledger, cursor", "#e9f3e6")
    _arrow(axes, (2.7, 1.55), (3.3, 0.9), "")
    _arrow(axes, (4.5, 1.55), (3.9, 0.9), "")
    axes.text(4.55, 0.5, "with reason and rule", fontsize=8, color="0.35", va="center")
    _arrow(axes, (8.1, 1.55), (8.1, 0.9), "")
    axes.text(7.98, 1.22, "one transaction", fontsize=8, color="0.35", ha="right", va="center")
    figure.savefig(IMAGES / "way-of-a-row.png", dpi=130)


def _box(axes: Any, x: float, y: float, text: str, colour: str) -> None:
    shape = FancyBboxPatch(
        (x, y),
        1.5,
        0.7,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=colour,
        edgecolor="0.4",
    )
    axes.add_patch(shape)
    axes.text(x + 0.75, y + 0.35, text, ha="center", va="center", fontsize=11)


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], word: str) -> None:
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color="0.35"))
    axes.text((start[0] + end[0]) / 2, start[1] + 0.47, word, ha="center", fontsize=8, color="0.35")


if __name__ == "__main__":
    outlines()
    limb()
    mosaic()
    way_of_a_row()
