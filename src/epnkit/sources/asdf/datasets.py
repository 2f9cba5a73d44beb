"""What the ASDF file of a data set says of it: its files, its shape, and where it lies on the Sun.

The files of data of DKIST are these: a data set (an array of FITS files), a mosaic of data sets,
and an inversion (several quantities of the same files).  Of the arrays only those of the world
coordinates are read, and none of the FITS files has to be there.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.errors import RegionError
from epnkit.sources.asdf.blocks import read_arrays
from epnkit.sources.asdf.transforms import PARAMETERS, Celestial, corner_points, find_celestial
from epnkit.sources.files.asdf import load_tree
from epnkit.sources.files.limits import open_file
from epnkit.sources.values.times import to_naive_utc

#: The fields that :func:`read_dataset` gives.
DATASET_FIELDS: Final[dict[str, pl.DataType]] = {
    "kind": pl.String(),
    "shape": pl.List(pl.Int64()),
    "file_count": pl.Int64(),
    "files": pl.String(),
    "outline": pl.List(pl.Float64()),
    "begin": pl.String(),
    "end": pl.String(),
    "problem": pl.String(),
}

#: The keys of a tree's root under which there is something of DKIST, and what it is.
_ROOTS: Final = {"dataset": "dataset", "inversion": "inversion"}


@dataclass(frozen=True)
class Part:
    """A data set, or a tile of a mosaic.

    Parameters
    ----------
    tile : tuple of int, optional
        Where it is in the mosaic: row and column.
    node : mapping
        Its node in the tree, with ``data`` and ``wcs``.
    """

    tile: tuple[int, ...] | None
    node: Mapping[str, Any]

    @property
    def frame(self) -> tuple[int, ...]:
        """The shape of what one file holds; a leading axis of length one is none."""
        shape = tuple(int(length) for length in self.node["data"]["shape"])
        return shape[1:] if shape[:1] == (1,) else shape

    @property
    def names(self) -> NDArray[np.str_]:
        """The names of the files, in the shape of their array."""
        names: NDArray[np.str_] = np.array(self.node["data"]["fileuris"], dtype=str)
        return names

    @property
    def grid(self) -> tuple[int, ...]:
        """The axes along which there is a file for each step; none if there is one file."""
        return self.names.shape if self.names.size > 1 else ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole array, the slowest axis first."""
        return (*self.grid, *self.frame)


def read_dataset(path: Path) -> Iterator[dict[str, Any]]:
    """Read what an ASDF file says of a data set.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Yields
    ------
    dict
        ``kind`` (``dataset``, ``mosaic`` or ``inversion``), ``shape`` of the array (of a tile, in
        a mosaic), ``file_count``, ``files`` (JSON for the service that lists the files of a part),
        ``outline`` (helioprojective arcseconds, x and y by turns), ``begin`` and ``end`` of the
        axis of time (UTC), and ``problem``: why there is no outline.

    Raises
    ------
    ValueError
        If it is no ASDF file, or describes no data set.
    """
    with open_file(path) as stream:
        tree, end = load_tree(stream)
    kind, parts = _find_parts(tree)
    if not parts:
        raise ValueError("it describes no data set")
    found: dict[str, Any] = {
        "kind": kind,
        "shape": list(parts[0].shape),
        "file_count": sum(part.names.size for part in parts),
        "files": json.dumps([_describe_files(part) for part in parts], separators=(",", ":")),
    }
    yield found | _try(_find_times, path, end, parts) | _try(_find_outline, path, end, parts)


def _find_parts(tree: Mapping[str, Any]) -> tuple[str, list[Part]]:
    """Find the data sets of a tree; those of a mosaic that are masked are left out."""
    for name, kind in _ROOTS.items():
        root = tree.get(name)
        if not isinstance(root, Mapping):
            continue
        if "datasets" in root:
            return "mosaic", list(_list_tiles(root["datasets"], ()))
        if _is_dataset(root):
            return kind, [Part(None, root)]
        quantities = (root.get("quantities") or {}).get("items") or {}
        first = next((node for node in quantities.values() if _is_dataset(node)), None)
        return kind, [] if first is None else [Part(None, first)]
    return "", []


def _list_tiles(nodes: Any, place: tuple[int, ...]) -> Iterator[Part]:
    if _is_dataset(nodes):
        yield Part(place, nodes)
    elif isinstance(nodes, Sequence) and not isinstance(nodes, str):
        for number, node in enumerate(nodes):
            yield from _list_tiles(node, (*place, number))


def _is_dataset(node: Any) -> bool:
    """Return whether a node is a data set whose files are listed."""
    data = node.get("data") if isinstance(node, Mapping) else None
    return isinstance(data, Mapping) and "fileuris" in data and "shape" in data


def _describe_files(part: Part) -> dict[str, Any]:
    """Write the array of files as the web server reads it; a file's HDU is the same in all."""
    place = {} if part.tile is None else {"tile": list(part.tile)}
    names = part.names.ravel().tolist()
    target = part.node["data"].get("target")
    return {**place, "grid": part.grid, "frame": part.frame, "hdu": target, "names": names}


#: What a damaged file may raise while its coordinates are read.
_DAMAGES = (
    LookupError,
    ValueError,
    TypeError,
    ArithmeticError,
    RecursionError,
    OSError,
    zlib.error,
)


def _try(
    find: Callable[[Path, int, list[Part]], dict[str, Any]], path: Path, end: int, parts: list[Part]
) -> dict[str, Any]:
    """Find something; a data set without it is still valid, and the problem is recorded."""
    try:
        return find(path, end, parts)
    except RegionError as error:
        return {"problem": error.why}
    except _DAMAGES as error:
        return {"problem": str(error) or type(error).__name__}


def _find_times(path: Path, end: int, parts: list[Part]) -> dict[str, Any]:
    """Find where the axis of time begins, and where it ends if a table says so."""
    wcs = parts[0].node.get("wcs") or {}
    frames = [frame for step in wcs.get("steps") or [] for frame in _list_frames(step)]
    named = (f["reference_frame"] for f in frames if f.get("axis_physical_types") == ["time"])
    begin = next((_as_datetime(each) for each in named), None)
    if begin is None:
        return {}
    tables = [node for node in _walk(wcs) if _unit_of(node.get("lookup_table")) == "s"]
    found = {"begin": begin.isoformat()}
    if not tables:
        return found
    (seconds,) = read_arrays(path, end, [tables[0]["lookup_table"]])
    return {**found, "end": (begin + dt.timedelta(seconds=float(seconds.max()))).isoformat()}


def _list_frames(step: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    frame = step.get("frame")
    frames = frame.get("frames") or [frame] if isinstance(frame, Mapping) else []
    return [each for each in frames if isinstance(each, Mapping)]


def _walk(node: Any) -> Iterator[Mapping[str, Any]]:
    """Go through the maps of a tree; how deep it may be was judged when it was read."""
    if isinstance(node, Mapping):
        yield node
    parts = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    for part in parts:
        yield from _walk(part)


def _unit_of(node: Any) -> str:
    return str(node.get("unit", "")) if isinstance(node, Mapping) else ""


def _as_datetime(time: Any) -> dt.datetime:
    value = time.get("value") if isinstance(time, Mapping) else time
    return to_naive_utc(value)


def _find_outline(path: Path, end: int, parts: list[Part]) -> dict[str, Any]:
    """Find the outer edge of where the frames of all parts lie."""
    from epnkit.regions.images.outlines import merge_outlines, wrap_arcseconds

    rings = [wrap_arcseconds(ring) for ring in _find_corners(path, end, parts)]
    if not all(len(ring) for ring in rings):
        raise ValueError("its world coordinates hold no number")
    outline = merge_outlines(rings)
    return {"outline": [round(float(value), 4) for value in outline.ravel()]}


def _find_corners(path: Path, end: int, parts: list[Part]) -> list[NDArray[np.float64]]:
    found = [find_celestial(part.node.get("wcs"), len(part.shape)) for part in parts]
    nodes = [node for each in found for node in each.arrays]
    arrays = read_arrays(path, end, nodes)
    size = len(nodes) // len(found)
    return [
        corner_points(
            each, _in_arcseconds(each, arrays[k * size : (k + 1) * size]), part.shape[::-1]
        )
        for k, (each, part) in enumerate(zip(found, parts, strict=True))
    ]


def _in_arcseconds(celestial: Celestial, arrays: list[Any]) -> list[Any]:
    """Bring the scales and references to arcseconds, whatever their units; others are pixels."""
    angles = {"cdelt", "crval_table"}
    return [
        array * _unit_factor(node) if name in angles else array
        for name, node, array in zip(PARAMETERS, celestial.arrays, arrays, strict=True)
    ]


def _unit_factor(node: Any) -> float:
    """Return how many arcseconds the unit of a quantity is; per pixel, if it is a scale."""
    from epnkit.units import parse_unit

    unit = node.get("unit") if isinstance(node, Mapping) else None
    if not unit:
        return 3600.0  # FITS's degrees (FITS 4.0, section 8.2)
    found = parse_unit(str(unit).split(".")[0])
    if found is None or not found.is_equivalent("arcsec"):
        raise ValueError(f"{unit} is no unit of angles")
    return float(found.to("arcsec"))
