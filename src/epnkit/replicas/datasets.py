"""ASDF files of data sets as DKIST's, with world coordinates and without any data.

They are written as text with blocks (ASDF Standard 1.6.0, "Low-level file layout"), with the tags
by which the Python package dkist knows its objects.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_HEAD = """\
#ASDF 1.0.0
#ASDF_STANDARD 1.5.0
%YAML 1.1
%TAG ! tag:stsci.edu:asdf/
--- !core/asdf-1.1.0
"""

_HISTORY = """\
history:
  extensions:
  - !core/extension_metadata-1.0.0
    extension_class: asdf.extension._manifest.ManifestExtension
    extension_uri: asdf://dkist.nso.edu/dkist/extensions/dkist-1.2.0
    software: !core/software-1.0.0 {name: dkist, version: 1.7.0}
"""

_DATASET = "!<asdf://dkist.nso.edu/tags/dataset-1.2.0>"

_NO_HEADERS = (
    "!<tag:astropy.org:astropy/table/table-1.0.0> {colnames: [], columns: [], qtable: false,"
    " meta: {}}"
)


@dataclass(frozen=True)
class Tile:
    """A data set, or a tile of a mosaic, seen by the Earth as a box without a rotation.

    Parameters
    ----------
    names : ndarray of str
        The names of its files, in the shape of their array; of a raster the last axis is the slit's
        place, of a camera it is time.
    frame : tuple of int
        The shape of what a file holds: wavelength and slit, or two axes of a camera.
    corner : tuple of float
        The lower left corner, helioprojective arcseconds.
    size : tuple of float
        Width and height, arcseconds.
    """

    names: NDArray[np.str_]
    frame: tuple[int, int]
    corner: tuple[float, float]
    size: tuple[float, float]


@dataclass(frozen=True)
class Mosaic:
    """Tiles by row and column; those that are not there are missing.

    Parameters
    ----------
    tiles : mapping of tuple of int to Tile
        The tiles.
    """

    tiles: Mapping[tuple[int, int], Tile]


class _Blocks:
    """The blocks of a file, as arrays are added to its tree."""

    def __init__(self) -> None:
        self.content: list[bytes] = []

    def add(self, values: Any) -> str:
        """Add an array, and return its node."""
        array = np.ascontiguousarray(values)
        self.content.append(array.tobytes())
        kind = "bool8" if array.dtype == bool else "float64"
        shape = list(array.shape)
        return (
            f"!core/ndarray-1.0.0 {{source: {len(self.content) - 1}, datatype: {kind},"
            f" byteorder: little, shape: {shape}}}"
        )

    def quantity(self, values: Any, unit: str) -> str:
        """Add an array with a unit, and return its node."""
        node = self.add(np.asarray(values, dtype="<f8"))
        return f"!unit/quantity-1.1.0 {{unit: !unit/unit-1.0.0 {unit}, value: {node}}}"

    def write(self) -> Iterator[bytes]:
        """Write the blocks."""
        for content in self.content:
            header = struct.pack(">I4sQQQ16x", 0, b"\0\0\0\0", *[len(content)] * 3)
            yield b"\xd3BLK" + struct.pack(">H", len(header)) + header + content


def write_bare(names: list[str]) -> bytes:
    """Write an ASDF file that lists files of one number each, and does not say where they lie."""
    listed = json.dumps(names)
    data = f"{{datatype: float64, target: 1, fileuris: {listed}, shape: [1, 1]}}"
    return f"{_HEAD}dataset: {{data: {data}, meta: {{}}, wcs: null}}\n...\n".encode()


def write_dataset(inventory: Mapping[str, Any], what: Tile | Mosaic) -> bytes:
    """Write the ASDF file of a data set.

    Parameters
    ----------
    inventory : mapping
        What the archive says of it, with ``startTime`` and ``endTime``.
    what : Tile or Mosaic
        Its files, and where they lie.
    """
    blocks = _Blocks()
    # All tiles of a mosaic have the same inventory, which is written once.
    known = json.dumps(inventory, default=str)
    meta = f"{{headers: {_NO_HEADERS}, inventory: *inventory}}"
    start = datetime.fromisoformat(inventory["startTime"])
    step = 1.0 if "endTime" not in inventory else _seconds(inventory)
    if isinstance(what, Tile):
        node = f"{_DATASET} {_write_tile(what, meta, start, step, blocks)}"
    else:
        node = _write_mosaic(what, meta, start, step, blocks)
    node = node.replace("*inventory", f"&inventory {known}", 1)
    text = f"{_HEAD}{_HISTORY}dataset: {node}\n...\n"
    return text.encode() + b"".join(blocks.write())


def write_inversion(inventory: Mapping[str, Any], start: datetime, tile: Tile) -> bytes:
    """Write the ASDF file of what was derived from data sets: one quantity, in files of its own.

    Parameters
    ----------
    inventory : mapping
        What the archive says of it.
    start : datetime.datetime
        When the observation began.
    tile : Tile
        The files, and where they lie.
    """
    blocks = _Blocks()
    meta = f"{{headers: {_NO_HEADERS}, inventory: {json.dumps(inventory)}}}"
    node = f"{_DATASET} {_write_tile(tile, meta, start, 1.0, blocks)}"
    text = f"{_HEAD}{_HISTORY}inversion: {{quantities: {{items: {{temperature: {node}}}}}}}\n...\n"
    return text.encode() + b"".join(blocks.write())


def _seconds(inventory: Mapping[str, Any]) -> float:
    begin, end = (datetime.fromisoformat(inventory[name]) for name in ("startTime", "endTime"))
    return (end - begin).total_seconds()


def _write_mosaic(
    mosaic: Mosaic, meta: str, start: datetime, lasted: float, blocks: _Blocks
) -> str:
    rows, columns = (max(place[axis] for place in mosaic.tiles) + 1 for axis in (0, 1))
    mask = [[(r, c) not in mosaic.tiles for c in range(columns)] for r in range(rows)]
    written = [
        [_write_place(mosaic, (r, c), meta, start, lasted, blocks) for c in range(columns)]
        for r in range(rows)
    ]
    listed = ", ".join(f"[{', '.join(row)}]" for row in written)
    return (
        f"!<asdf://dkist.nso.edu/tags/tiled_dataset-1.2.0> {{datasets: [{listed}],"
        f" mask: {blocks.add(np.array(mask))}, meta: {meta}}}"
    )


def _write_place(
    mosaic: Mosaic,
    place: tuple[int, int],
    meta: str,
    start: datetime,
    lasted: float,
    blocks: _Blocks,
) -> str:
    tile = mosaic.tiles.get(place)
    if tile is None:
        return "null"
    return f"{_DATASET} {_write_tile(tile, meta, start, lasted, blocks)}"


def _write_tile(tile: Tile, meta: str, start: datetime, lasted: float, blocks: _Blocks) -> str:
    names = json.dumps(tile.names.tolist())
    data = (
        "!<asdf://dkist.nso.edu/tags/file_manager-1.0.0> {datatype: float64, target: 1,"
        f" fileuris: {names}, shape: {[1, *tile.frame]}}}"
    )
    write = _write_raster if tile.names.ndim > 1 else _write_camera
    wcs = write(tile, start, lasted, blocks)
    return f"{{data: {data}, meta: {meta}, unit: !unit/unit-1.0.0 count, wcs: {wcs}}}"


def _celestial(
    tile: Tile, steps: tuple[int, ...], pixels: tuple[int, int], inputs: str, blocks: _Blocks
) -> str:
    """Write the transform whose pixels fill the tile's box."""
    middle = [corner + size / 2 for corner, size in zip(tile.corner, tile.size, strict=True)]
    scale = [size / count for size, count in zip(tile.size, pixels, strict=True)]
    reference = np.broadcast_to(middle, (*steps, 2))
    matrices = np.broadcast_to(np.eye(2), (*steps, 2, 2))
    crpix = [(count - 1) / 2 for count in pixels]
    return (
        "!<asdf://dkist.nso.edu/tags/varying_celestial_transform-1.1.0> {"
        f"cdelt: {blocks.quantity(scale, 'arcsec.pixel**-1')}, "
        f"crpix: {blocks.quantity(crpix, 'pixel')}, "
        f"crval_table: {blocks.quantity(reference, 'arcsec')}, "
        f"pc_table: {blocks.quantity(matrices, 'pixel')}, "
        f"inputs: {inputs}, outputs: [lon, lat], lon_pole: 180.0, "
        "projection: !transform/gnomonic-1.2.0 {direction: pix2sky, inputs: [x, y],"
        " outputs: [phi, theta]}}"
    )


def _linear(slope: float, unit: str, intercept: float = 0.0) -> str:
    return (
        "!transform/linear1d-1.0.0 {inputs: [x], outputs: [y], "
        f"intercept: !unit/quantity-1.1.0 {{unit: !unit/unit-1.0.0 {unit}, value: {intercept}}}, "
        f"slope: !unit/quantity-1.1.0 {{unit: !unit/unit-1.0.0 {unit}.pixel**-1, value: {slope}}}}}"
    )


def _write_camera(tile: Tile, start: datetime, lasted: float, blocks: _Blocks) -> str:
    """Write world coordinates with two axes on the sky, then time."""
    count = tile.names.size
    sky = _celestial(tile, (count,), (tile.frame[1], tile.frame[0]), "[x, y, z]", blocks)
    transform = (
        "!<asdf://dkist.nso.edu/tags/coupled_compound_model-1.0.0> {"
        f"forward: [{sky}, {_linear(lasted / count, 's')}],"
        " inputs: [x, y, z], outputs: [lon, lat, y], shared_inputs: 1}"
    )
    frames = [_sky_frame(start, "[0, 1]"), _time_frame(start, 2)]
    return _write_wcs(tile, ["x", "y", "time"], transform, frames)


def _write_raster(tile: Tile, start: datetime, lasted: float, blocks: _Blocks) -> str:
    """Write world coordinates of a slit: along it, wavelength, its place; maps; polarisation."""
    steps = tile.names.shape[:0:-1]  # places, then maps
    sky = _celestial(tile, steps, (steps[0], tile.frame[1]), _list("xyzqm", 2 + len(steps)), blocks)
    seconds = lasted / math.prod(steps)
    # The slit's place is an axis on the sky and the number of the step: it is taken twice.
    taken = [1, 0, *range(1, 1 + len(steps))]
    sky = _compose(_remap(taken, 1 + len(steps)), sky, 1 + len(steps), 2)
    time = _linear(seconds, "s")
    if len(steps) > 1:
        time = _compose(
            f"!<asdf://dkist.nso.edu/tags/ravel_model-1.0.0> {{array_shape: {list(steps)},"
            " inputs: [x0, x1], order: F, outputs: [y]}",
            time,
            len(steps),
            1,
        )
    polarisation = (
        "!transform/tabular-1.2.0 {bounds_error: false, fill_value: .nan, method: nearest,"
        f" inputs: [x], outputs: [y], lookup_table: {blocks.quantity([1, 2, 3, 4], 'pixel')},"
        f" points: [{blocks.quantity([0, 1, 2, 3], 'pixel')}]}}"
    ).replace("unit: !unit/unit-1.0.0 pixel", "unit: !unit/unit-1.0.0 ''", 1)
    after = _concatenate(time, polarisation, len(steps), 1, 1, 1)
    coupled = (
        "!<asdf://dkist.nso.edu/tags/coupled_compound_model-1.0.0> {"
        f"forward: [{sky}, {after}], inputs: {_list('abcdef', 2 + len(steps))},"
        f" outputs: [lon, lat, time, stokes], shared_inputs: {len(steps)}}}"
    )
    wavelength = _linear(0.001, "nm", 630.0)
    whole = _concatenate(wavelength, coupled, 1, 2 + len(steps), 1, 4)
    order = [1, 0, *range(2, 3 + len(steps))]
    transform = _compose(_remap(order, 3 + len(steps)), whole, 3 + len(steps), 5)
    frames = [
        "!<tag:stsci.edu:gwcs/spectral_frame-1.0.0> {axes_names: [wavelength], axes_order: [0],"
        " axis_physical_types: [em.wl], name: wavelength, unit: [!unit/unit-1.0.0 nm]}",
        _sky_frame(start, "[1, 2]"),
        _time_frame(start, 3),
        "!<tag:stsci.edu:gwcs/stokes_frame-1.0.0> {axes_order: [4], name: polarization state}",
    ]
    names = ["along slit", "dispersion", "step", *["map"] * (len(steps) - 1), "polarisation"]
    return _write_wcs(tile, names, transform, frames)


def _list(letters: str, count: int) -> str:
    return f"[{', '.join(letters[:count])}]"


def _axes(letter: str, count: int) -> str:
    return f"[{', '.join(f'{letter}{k}' for k in range(count))}]"


def _remap(mapping: list[int], count: int) -> str:
    return (
        f"!transform/remap_axes-1.3.0 {{mapping: {mapping}, n_inputs: {count},"
        f" inputs: {_axes('x', count)}, outputs: {_axes('x', len(mapping))}}}"
    )


def _compose(first: str, second: str, inputs: int, outputs: int) -> str:
    return (
        f"!transform/compose-1.2.0 {{forward: [{first}, {second}],"
        f" inputs: {_axes('x', inputs)}, outputs: {_axes('y', outputs)}}}"
    )


def _concatenate(
    first: str, second: str, one: int, other: int, one_out: int, other_out: int
) -> str:
    return (
        f"!transform/concatenate-1.2.0 {{forward: [{first}, {second}],"
        f" inputs: {_axes('x', one + other)}, outputs: {_axes('y', one_out + other_out)}}}"
    )


def _sky_frame(start: datetime, order: str) -> str:
    time = f"!time/time-1.1.0 {start.isoformat(timespec='milliseconds')}"
    radius = "!unit/quantity-1.1.0 {unit: !unit/unit-1.0.0 km, value: 695700.0}"
    place = ", ".join(
        f"{axis}: !unit/quantity-1.1.0 {{unit: !unit/unit-1.0.0 m, value: {value}}}"
        for axis, value in (("x", 149.6e9), ("y", 0.0), ("z", 1.0e9))
    )
    observer = (
        "!<tag:sunpy.org:sunpy/coordinates/frames/heliographic_stonyhurst-1.1.0> {data:"
        " !<tag:astropy.org:astropy/coordinates/representation-1.0.0>"
        f" {{components: {{{place}}}, type: CartesianRepresentation}},"
        f" frame_attributes: {{obstime: {time}, rsun: {radius}}}}}"
    )
    return (
        "!<tag:stsci.edu:gwcs/celestial_frame-1.0.0> {axes_names: [helioprojective longitude,"
        f" helioprojective latitude], axes_order: {order}, axis_physical_types:"
        " ['custom:pos.helioprojective.lon', 'custom:pos.helioprojective.lat'],"
        " name: helioprojective, unit: [!unit/unit-1.0.0 arcsec, !unit/unit-1.0.0 arcsec],"
        " reference_frame: !<tag:sunpy.org:sunpy/coordinates/frames/helioprojective-1.0.0>"
        f" {{frame_attributes: {{observer: {observer}, obstime: {time}, rsun: {radius}}}}}}}"
    )


def _time_frame(start: datetime, order: int) -> str:
    return (
        f"!<tag:stsci.edu:gwcs/temporal_frame-1.0.0> {{axes_names: [time], axes_order: [{order}],"
        " axis_physical_types: [time], name: temporal, unit: [!unit/unit-1.0.0 s],"
        f" reference_frame: !time/time-1.1.0 {start.isoformat(timespec='milliseconds')}}}"
    )


def _write_wcs(tile: Tile, names: list[str], transform: str, frames: list[str]) -> str:
    count = len(names)
    grid = tile.names.shape if tile.names.size > 1 else ()
    pixels = ", ".join(["!unit/unit-1.0.0 pixel"] * count)
    types = ", ".join(["'custom:PIXEL'"] * count)
    before = (
        f"!<tag:stsci.edu:gwcs/frame-1.0.0> {{axes_names: [{', '.join(names)}],"
        f" axes_order: {list(range(count))}, axes_type: [{', '.join(['PIXEL'] * count)}],"
        f" axis_physical_types: [{types}], name: pixel, naxes: {count}, unit: [{pixels}]}}"
    )
    after = (
        "!<tag:stsci.edu:gwcs/composite_frame-1.0.0>"
        f" {{frames: [{', '.join(frames)}], name: CompositeFrame}}"
    )
    return (
        "!<tag:stsci.edu:gwcs/wcs-1.1.0> {name: '', "
        f"pixel_shape: {[*grid, *tile.frame][::-1]}, steps: ["
        f"!<tag:stsci.edu:gwcs/step-1.1.0> {{frame: {before}, transform: {transform}}},"
        f" !<tag:stsci.edu:gwcs/step-1.1.0> {{frame: {after}, transform: null}}]}}"
    )
