"""Chain codes of masks, and random masks: contours to test and measure with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from epnkit.modules import requires_extra
from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Bytes, Integers

#: The eight directions counter-clockwise from x, and the digit that names each.
_DIRECTIONS = np.array(
    [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]], dtype=np.int64
)
_DIGITS = np.array([52, 53, 54, 55, 48, 49, 50, 51], dtype=np.uint8)


class Contour(NamedTuple):
    """A chain code and its first pixel."""

    code: str
    x: int
    y: int


@kernel
def _next_direction(mask: Bytes, x: int, y: int, back: int) -> int:
    """Return the first direction counter-clockwise after `back` with a pixel, or -1."""
    for k in range(1, 9):
        way = (back + k) % 8
        if mask[y + _DIRECTIONS[way, 1], x + _DIRECTIONS[way, 0]]:
            return way
    return -1


@kernel
def _follow_outline(mask: Bytes, x: int, y: int) -> Bytes:
    """Follow the outer pixels counter-clockwise (Moore's neighbours) from the lowest leftmost."""
    digits = np.empty(4 * mask.size + 8, dtype=np.uint8)
    at_x, at_y, size, first = x, y, 0, -1
    way = _next_direction(mask, x, y, 6)
    while way >= 0 and not (at_x == x and at_y == y and way == first):
        first = way if first < 0 else first
        digits[size] = _DIGITS[way]
        size += 1
        at_x, at_y = at_x + _DIRECTIONS[way, 0], at_y + _DIRECTIONS[way, 1]
        way = _next_direction(mask, at_x, at_y, (way + 5) % 8 if way % 2 else (way + 6) % 8)
    return digits[:size].copy()


def encode_mask(mask: NDArray[np.bool_]) -> Contour:
    """Return the outer contour of the part of a mask that holds its lowest leftmost pixel.

    Parameters
    ----------
    mask : ndarray of bool, shape (height, width)
        At least one pixel is set; a single one gives an empty code.
    """
    framed: Bytes = np.pad(mask, 1).astype(np.uint8)
    rows, columns = np.nonzero(framed)
    x, y = int(columns[0]), int(rows[0])
    return Contour(_follow_outline(framed, x, y).tobytes().decode("ascii"), x - 1, y - 1)


def random_mask(rng: np.random.Generator, size: int) -> NDArray[np.bool_]:
    """Return a ragged random mask: islands, holes, spikes, necks and pinches; never empty."""
    with requires_extra("demo"):
        from scipy.ndimage import gaussian_filter

    field = gaussian_filter(rng.standard_normal((size, size)), rng.uniform(0.5, size / 12 + 0.6))
    level = np.quantile(field, rng.uniform(0.3, 0.95))
    return np.asarray(field >= level)


def random_contour(rng: np.random.Generator, size: int) -> Contour:
    """Return the contour of a random part of a random mask, with at least two pixels."""
    with requires_extra("demo"):
        from scipy.ndimage import label

    while True:
        parts, count = label(random_mask(rng, size), np.ones((3, 3)))
        contour = encode_mask(parts == rng.integers(1, count + 1))
        if contour.code:
            return contour


def starts_on_disc(rng: np.random.Generator, count: int, radius: float, limb: float) -> Integers:
    """Return random pixels of a disc, counted from its centre, shape (count, 2).

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    count : int
        How many.
    radius : float
        The disc's, in pixels.
    limb : float
        The share of them that lies at the limb, on either side of it.
    """
    at_limb = rng.random(count) < limb
    away = np.where(at_limb, rng.uniform(0.95, 1.02, count), 0.85 * np.sqrt(rng.random(count)))
    angle = rng.uniform(0, 2 * np.pi, count)
    pixels: Integers = np.rint(radius * (away * np.array([np.cos(angle), np.sin(angle)])).T).astype(
        np.int64
    )
    return pixels
