"""Between an image, the disc that the observer sees, and the Carrington sphere, in closed form.

The disc plane has the solar limb as its unit circle: a direction that leaves the Sun's centre by
the angle t lies at the radius sin(t) D/R, D being the observer's distance and R the Sun's radius.
That holds for a perspective view, unlike the arcseconds of the image (Thompson 2006, A&A 449, 791,
sections 3 and 4).

A scene is what the kernels know of an image: an array of shape (7,) whose columns have the names
`CENTER_X` to `LONGITUDE`. (numba takes no dataclass.)
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Floats

#: One second of arc in radians.
ARCSEC: Final = math.pi / 648000

#: Columns of a scene: the disc's centre in pixels, radians a pixel along x and y, the Sun's radius
#: over the observer's distance, and the observer's Carrington latitude and longitude in radians.
CENTER_X, CENTER_Y, SCALE_X, SCALE_Y, RATIO, LATITUDE, LONGITUDE = range(7)


@kernel
def to_disc(ring: Floats, scene: Floats) -> Floats:
    """Take points from image pixels to the disc plane, shape (n, 2).

    Parameters
    ----------
    ring : ndarray, shape (n, 2)
        Pixels, in the base of the contour.
    scene : ndarray, shape (7,)
        The image; its centre in the same pixels.
    """
    seen = np.empty_like(ring)
    for k in range(ring.shape[0]):
        along = (ring[k, 0] - scene[CENTER_X]) * scene[SCALE_X]
        up = (ring[k, 1] - scene[CENTER_Y]) * scene[SCALE_Y]
        seen[k, 0] = math.cos(up) * math.sin(along) / scene[RATIO]
        seen[k, 1] = math.sin(up) / scene[RATIO]
    return seen


@kernel
def to_sphere(points: Floats, scene: Floats) -> Floats:
    """Take points of the disc plane to Carrington unit vectors, shape (n, 3).

    A point beyond the limb goes to the limb.
    """
    sphere = np.empty((points.shape[0], 3))
    for k in range(points.shape[0]):
        x, y = points[k, 0], points[k, 1]
        square = x * x + y * y
        if square > 1.0:
            x, y, square = x / math.sqrt(square), y / math.sqrt(square), 1.0
        depth = math.sqrt(1.0 - square)
        toward = math.sqrt(1.0 - square * scene[RATIO] * scene[RATIO])
        shrink = toward - depth * scene[RATIO]
        rotate_to_carrington(
            sphere[k], x * shrink, y * shrink, depth * toward + square * scene[RATIO], scene
        )
    return sphere


@kernel
def rotate_to_carrington(
    out: Floats, west: float, north: float, near: float, scene: Floats
) -> None:
    """Turn a heliocentric vector (west, north, towards the observer) to the Carrington axes."""
    sin_b, cos_b = math.sin(scene[LATITUDE]), math.cos(scene[LATITUDE])
    sin_l, cos_l = math.sin(scene[LONGITUDE]), math.cos(scene[LONGITUDE])
    equator = near * cos_b - north * sin_b
    out[0] = equator * cos_l - west * sin_l
    out[1] = equator * sin_l + west * cos_l
    out[2] = north * cos_b + near * sin_b
