"""Between an image, the disc that the observer sees, and the Carrington sphere, in closed form.

The disc plane has the solar limb as its unit circle: a direction that leaves the Sun's centre by
the angle t lies at the radius sin(t) D/R, D being the observer's distance and R the Sun's radius.
That holds for a perspective view, unlike the arcseconds of the image (Thompson 2006, A&A 449, 791,
sections 3 and 4).

A scene is what is known of an image, an array of shape (7,); see `to_disc`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from epnkit.regions._compile import Floats, kernel

#: One second of arc in radians.
ARCSEC: Final = math.pi / 648000

#: Places of what the kernels need to know of one image, as a row of `scene`.
OFFSET_X, OFFSET_Y, SCALE_X, SCALE_Y, RATIO, LATITUDE, LONGITUDE = range(7)


@kernel
def to_disc(ring: Floats, scene: Floats) -> Floats:
    """Take points from image pixels to the disc plane, shape (n, 2).

    Parameters
    ----------
    ring : ndarray, shape (n, 2)
        Pixels, in the base of the contour.
    scene : ndarray, shape (7,)
        The disc's centre in the same pixels, radians a pixel along x and y, R/D, and the
        observer's Carrington latitude and longitude in radians.
    """
    seen = np.empty_like(ring)
    for k in range(ring.shape[0]):
        along = (ring[k, 0] - scene[0]) * scene[2]
        up = (ring[k, 1] - scene[1]) * scene[3]
        seen[k, 0] = math.cos(up) * math.sin(along) / scene[4]
        seen[k, 1] = math.sin(up) / scene[4]
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
        toward = math.sqrt(1.0 - square * scene[4] * scene[4])
        shrink = toward - depth * scene[4]
        turn_to_carrington(
            sphere[k], x * shrink, y * shrink, depth * toward + square * scene[4], scene
        )
    return sphere


@kernel
def turn_to_carrington(out: Floats, west: float, north: float, near: float, scene: Floats) -> None:
    """Turn a heliocentric vector (west, north, towards the observer) to the Carrington axes."""
    sin_b, cos_b = math.sin(scene[5]), math.cos(scene[5])
    sin_l, cos_l = math.sin(scene[6]), math.cos(scene[6])
    equator = near * cos_b - north * sin_b
    out[0] = equator * cos_l - west * sin_l
    out[1] = equator * sin_l + west * cos_l
    out[2] = north * cos_b + near * sin_b


@kernel
def from_sphere(sphere: Floats, scene: Floats) -> Floats:
    """Take unit vectors to the disc plane, shape (n, 3): x, y and 1 where seen, else 0."""
    seen = np.empty((sphere.shape[0], 3))
    sin_b, cos_b = math.sin(scene[5]), math.cos(scene[5])
    sin_l, cos_l = math.sin(scene[6]), math.cos(scene[6])
    for k in range(sphere.shape[0]):
        equator = sphere[k, 0] * cos_l + sphere[k, 1] * sin_l
        west = sphere[k, 1] * cos_l - sphere[k, 0] * sin_l
        north = sphere[k, 2] * cos_b - equator * sin_b
        near = equator * cos_b + sphere[k, 2] * sin_b
        # The direction's sine is the distance from the axis over the distance from the eye.
        away = math.sqrt(west * west + north * north + (1.0 / scene[4] - near) ** 2) * scene[4]
        seen[k, 0], seen[k, 1] = west / away, north / away
        seen[k, 2] = 1.0 if near >= scene[4] else 0.0
    return seen
