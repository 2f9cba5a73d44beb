"""The settings of a drawing: the images that contours were found in, and how to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from epnkit.errors import RegionError
from epnkit.regions.solar.observers import SOLAR_RADIUS, ObserverLike
from epnkit.regions.solar.times import Times


@dataclass(frozen=True)
class Images:
    """The images in which contours were found; each field has one value, or one a contour.

    Parameters
    ----------
    date_obs : array_like of str or datetime64
        UTC; ISO 8601.
    cdelt1, cdelt2 : array_like
        Arcseconds a pixel along x (solar west) and y (solar north).
    center_x, center_y : array_like
        The Sun's centre, pixels.
    r_sun : array_like
        The Sun's apparent radius, pixels; needed for an observer at ``l1`` only.
    """

    date_obs: Times
    cdelt1: ArrayLike
    cdelt2: ArrayLike
    center_x: ArrayLike
    center_y: ArrayLike
    r_sun: ArrayLike = np.nan


@dataclass(frozen=True)
class Options:
    """How contours are drawn.

    Parameters
    ----------
    observer : {"earth", "l1"} or Observer
        Who took the image. HFC took the Earth for every image.
    pixel_base, center_base : int
        The number of the first pixel as the contours count, and as `Images.center_x` counts.
    pixel_anchor : {"center", "corner"}
        What a whole number means: the centre of a pixel, or its lower left corner.
    outline : {"footprint", "center"}
        Around the pixels, or through their centres. The footprint holds the catalogues' area.
    tolerance : float
        How far the outline may leave the pixels' edges, in pixels; 0 keeps every corner.
    solar_radius : float
        Kilometres.
    moc_order : int, optional
        Give every region a coverage of this order; None only those that no polygon can hold.
    wide_order : int
        The order of the coverage for those.
    threads : int
        How many cores are used.
    separator : str, optional
        What separates the codes of a row that has several, and their first pixels (HFC's
        BLOB_SEPARATOR): its parts become one region. None for one code a row.
    """

    observer: ObserverLike = "earth"
    pixel_base: int = 0
    center_base: int = 0
    pixel_anchor: Literal["center", "corner"] = "center"
    outline: Literal["footprint", "center"] = "footprint"
    tolerance: float = 0.5
    solar_radius: float = SOLAR_RADIUS
    moc_order: int | None = None
    wide_order: int = 8
    threads: int = 1
    separator: str | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.tolerance <= 100 and 0 < self.solar_radius < 1e8):
            raise RegionError(
                "bad options",
                why=f"tolerance {self.tolerance} px, solar radius {self.solar_radius} km",
                cure="Give a tolerance of 0 to 100 pixels and a radius in kilometres.",
            )
