"""Where the pixels of a data set lie on the sky, by the part of its gWCS that says so.

A gWCS is a tree of models (ASDF's transform schemas, and those of the Python package dkist).  Of
it, only the celestial transforms are evaluated; the models before them (mappings, scales, shifts)
are followed to see which axes of pixels a transform takes.  The transform is that of FITS with
tables in place of constants: for each step of a scan another reference and another rotation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Parameters of a celestial transform, by their names in the schemas' versions.
PARAMETERS: Final = ("crpix", "cdelt", "crval_table", "pc_table", "translation")

#: What a parameter is that a transform does not name.
_DEFAULTS: Final = {"translation": [0.0, 0.0]}

#: How many degrees the unit of a scale is; other units of the tree's scales are degrees.
_DEGREES: Final = {"arcsec": 1 / 3600}

#: The most steps of a scan that are evaluated; of more, evenly spread ones.
MOST_STEPS: Final = 4096


class WorldAxis(NamedTuple):
    """A model's input: an axis of pixels, scaled and shifted, or something else.

    Parameters
    ----------
    number : int, optional
        The axis of pixels; None for anything else.
    scale, shift : float
        What is done to it.
    plane : tuple, optional
        If it comes out of an affine transform: that one's node and inputs.
    """

    number: int | None
    scale: float = 1.0
    shift: float = 0.0
    plane: Any = None


#: What comes out of models that are not followed.
_UNKNOWN: Final = WorldAxis(None)


@dataclass(frozen=True)
class Celestial:
    """A celestial transform of a gWCS.

    Parameters
    ----------
    node : mapping
        Its node in the tree.
    inputs : tuple of Axis
        What it takes: the two coordinates in its plane, then the numbers of the step.
    """

    node: Mapping[str, Any]
    inputs: tuple[WorldAxis, ...]

    @property
    def arrays(self) -> list[Any]:
        """The nodes of its parameters, in the order of :data:`PARAMETERS`."""
        named = {"crpix": self.node.get("crpix_table"), **_DEFAULTS, **self.node}
        return [named.get(name) for name in PARAMETERS]


def find_celestial(wcs: Any, axes: int) -> Celestial:
    """Find the celestial transform of a gWCS.

    Parameters
    ----------
    wcs : mapping
        The gWCS, as its tree has it; None if it has none.
    axes : int
        How many axes of pixels it has.

    Raises
    ------
    ValueError
        If it has none, or not of the Sun's surroundings.
    """
    steps = wcs.get("steps") or [] if isinstance(wcs, Mapping) else []
    if not any("helioprojective" in str(step.get("frame")) for step in steps):
        raise ValueError("its coordinates are not helioprojective")
    found: list[Celestial] = []
    along = tuple(WorldAxis(number) for number in range(axes))
    for step in steps:
        if isinstance(step.get("transform"), Mapping):
            along = _follow(step["transform"], along, found)
    if not found:
        raise ValueError("its world coordinates have no celestial transform that is known")
    return found[0]


def _follow(
    node: Mapping[str, Any], inputs: tuple[WorldAxis, ...], found: list[Celestial]
) -> tuple[WorldAxis, ...]:
    """Follow axes through a model, and note the celestial transforms on the way."""
    outputs = (_UNKNOWN,) * len(node.get("outputs") or ())
    if "crval_table" in node:
        # With two inputs the model is of a slit, whose place is the number of the step too.
        found.append(Celestial(node, inputs if len(inputs) > 2 else (*inputs, inputs[-1])))
        return outputs
    if "matrix" in node:  # of a transform without tables, which is a chain of models
        return tuple(WorldAxis(None, plane=(node, inputs)) for _ in outputs)
    if node.get("direction") == "pix2sky":
        return inputs
    if node.get("direction") == "native2celestial" and inputs[0].plane:
        found.append(_constant_transform(node, inputs))
        return outputs
    if isinstance(node.get("forward"), Sequence):
        return _follow_pair(node, inputs, found)
    mapping = node.get("mapping", node.get("forward_mapping"))
    if mapping is not None:
        return tuple(inputs[number] for number in mapping)
    if "offset" in node and len(inputs) == 1:
        (axis,) = inputs
        return (axis._replace(shift=axis.shift + _number(node["offset"])),)
    if "factor" in node and len(inputs) == 1:
        (axis,), factor = inputs, _number(node["factor"])
        return (axis._replace(scale=axis.scale * factor, shift=axis.shift * factor),)
    # An identity has nothing but inputs and outputs.
    return inputs if not node.keys() - {"inputs", "outputs", "name"} else outputs


def _follow_pair(
    node: Mapping[str, Any], inputs: tuple[WorldAxis, ...], found: list[Celestial]
) -> tuple[WorldAxis, ...]:
    """Follow axes through two models.

    They share an axis, stand one after the other, or next to each other: the tag would say which,
    but the first of two that stand one after the other is the only one that takes all inputs.
    """
    first, second = node["forward"]
    count = len(first.get("inputs") or ())
    if "shared_inputs" in node:
        start = count - int(node["shared_inputs"])
        return (*_follow(first, inputs[:count], found), *_follow(second, inputs[start:], found))
    if count == len(inputs):
        return _follow(second, _follow(first, inputs, found), found)
    return (*_follow(first, inputs[:count], found), *_follow(second, inputs[count:], found))


def _constant_transform(rotation: Mapping[str, Any], plane: tuple[WorldAxis, ...]) -> Celestial:
    """Write a chain of models as a transform whose tables have one step.

    The scales come before the matrix or after it, where they are those of the plane.
    """
    affine, inputs = plane[0].plane
    degrees = [_number(rotation[name]) for name in ("phi", "theta")]
    node = {
        "crpix": [0.0, 0.0],
        "cdelt": {"unit": "deg", "value": [axis.scale for axis in plane]},
        "crval_table": {"unit": "deg", "value": degrees},
        "pc_table": affine["matrix"],
        "translation": affine["translation"],
        "lon_pole": rotation["psi"],
    }
    return Celestial(node, inputs)


def _number(node: Any) -> float:
    """Return a number of a model, in degrees if it is an angle, or one a pixel."""
    if not isinstance(node, Mapping):
        return float(node)
    unit = str(node.get("unit", "")).split(".")[0]
    return float(node["value"]) * _DEGREES.get(unit, 1.0)


def corner_points(
    celestial: Celestial, parameters: Sequence[Floats], pixel_shape: Sequence[int]
) -> Floats:
    """Return where the corners of a data set's frames lie on the sky.

    Parameters
    ----------
    celestial : Celestial
        The transform.
    parameters : sequence of ndarray
        Its parameters, in the order of :data:`PARAMETERS`: pixels, arcseconds a pixel, arcseconds,
        and matrices.
    pixel_shape : sequence of int
        The lengths of the pixel axes, in the gWCS's order.

    Returns
    -------
    ndarray, shape (n, 2)
        Helioprojective longitude and latitude, arcseconds; NaN rows are left out.

    Raises
    ------
    ValueError
        If the projection is not the gnomonic one, or the tables do not fit each other.
    """
    if math.remainder(_number(celestial.node.get("lon_pole", 180.0)) - 180.0, 360.0):
        raise ValueError("the pole of its projection is turned")
    crpix, cdelt, crval, matrices, translation = parameters
    grid = np.broadcast_shapes(crpix.shape[:-1], crval.shape[:-1], matrices.shape[:-2])
    count = math.prod(grid)
    tables = (
        np.broadcast_to(crpix, (*grid, 2)).reshape(count, 2),
        np.broadcast_to(crval, (*grid, 2)).reshape(count, 2),
        np.broadcast_to(matrices, (*grid, 2, 2)).reshape(count, 2, 2),
    )
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_STEPS)).astype(int))
    steps = np.column_stack(np.unravel_index(chosen, grid)) if grid else np.zeros((1, 0), int)
    corners = _frame_corners(celestial.inputs, pixel_shape, steps)
    turned = _turn(corners, tables[0][chosen], tables[2][chosen])
    points = _project((turned + translation) * cdelt, tables[1][chosen])
    finite: Floats = points[np.isfinite(points).all(axis=1)]
    return finite


def _frame_corners(
    inputs: tuple[WorldAxis, ...], pixel_shape: Sequence[int], steps: NDArray[np.int64]
) -> Floats:
    """Return the corners of each step's frame in the transform's plane, shape (steps, 4, 2)."""
    limits = [_limits(axis, inputs[2:], pixel_shape, steps) for axis in inputs[:2]]
    x, y = (
        (low, low, high, high) if k else (low, high, high, low)
        for k, (low, high) in enumerate(limits)
    )
    return np.stack([np.column_stack(x), np.column_stack(y)], axis=-1)


def _limits(
    axis: WorldAxis,
    numbers: Sequence[WorldAxis],
    pixel_shape: Sequence[int],
    steps: NDArray[np.int64],
) -> tuple[Floats, Floats]:
    """Return the edges of the pixels that an input runs over in each step."""
    zeros = np.zeros(len(steps))
    if axis.number is None:
        return zeros, zeros
    for column, number in enumerate(numbers[: steps.shape[1]]):
        if number.number == axis.number:  # a slit: each step has one place
            middle = steps[:, column] * axis.scale + axis.shift
            return middle - 0.5, middle + 0.5
    low, high = -0.5, pixel_shape[axis.number] - 0.5
    return zeros + low * axis.scale + axis.shift, zeros + high * axis.scale + axis.shift


def _turn(corners: Floats, crpix: Floats, matrices: Floats) -> Floats:
    """Apply each step's matrix to what the corners are off its reference pixel."""
    turned: Floats = np.einsum("sij,sfj->sfi", matrices, corners - crpix[:, None])
    return turned


def _project(plane: Floats, crval: Floats) -> Floats:
    """Project arcseconds of each step's plane (gnomonic: Calabretta and Greisen 2002, 5.1.3)."""
    east, north = np.moveaxis(np.radians(plane / 3600), -1, 0)
    lon, lat = np.moveaxis(np.radians(crval[:, None] / 3600), -1, 0)
    near = np.cos(lat) - north * np.sin(lat)
    found_lon = lon + np.arctan2(east, near)
    found_lat = np.arctan2(np.sin(lat) + north * np.cos(lat), np.hypot(east, near))
    points: Floats = np.degrees(np.stack([found_lon, found_lat], axis=-1)).reshape(-1, 2) * 3600
    return points
