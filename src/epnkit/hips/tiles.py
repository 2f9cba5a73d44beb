"""Pictures of maps, and HiPS of them (HiPS 1.0).

reproject makes HiPS too, but needs a Pillow that the DaCHS of Debian 12 does not run with, and
knows no longitudes but those of the sky.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from epnkit.errors import ConfigurationError
from epnkit.hips.maps import BodyMap
from epnkit.modules import requires_extra

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The width of tiles in pixels: of the first that is as fine as the map.
TILES = (128, 256, 512)

#: The smallest order that clients expect of a HiPS, and so the finest here: with the largest tiles
#: a pixel is 0.022 degrees, a hundredth of an active region.
ORDER = 3

#: The width of a tile in the overview of all.
_SMALL = 64

#: Pixels around the body of the picture of the whole map, at most.
LARGEST = 4096


@dataclass(frozen=True)
class Drawing:
    """How values become colours.

    Parameters
    ----------
    low, high : float
        The percentiles of the values that are drawn darkest and brightest.
    colours : str
        A colour map of matplotlib.
    """

    low: float = 0.5
    high: float = 99.5
    colours: str = "gray"

    def fit(self, values: NDArray[np.float64]) -> Scale:
        """Find the values that are darkest and brightest.

        Raises
        ------
        ConfigurationError
            If no value is a number, or there is no such colour map.
        """
        with requires_extra("hips"):
            import matplotlib

        if self.colours not in matplotlib.colormaps:
            raise ConfigurationError(
                f"there is no colour map {self.colours!r}",
                cure="Take one of matplotlib's: gray, inferno, coolwarm, …",
            )
        known = values[np.isfinite(values)]
        if not known.size:
            raise ConfigurationError("the map holds no number", cure="Choose another image.")
        low, high = np.percentile(known, (self.low, self.high))
        table = matplotlib.colormaps[self.colours](np.arange(256) / 255.0, bytes=True)
        return Scale(float(low), float(high), table)


@dataclass(frozen=True)
class Scale:
    """The colours of values.

    Parameters
    ----------
    low, high : float
        The values that are darkest and brightest.
    colours : numpy.ndarray
        256 colours, shape (256, 4).
    """

    low: float
    high: float
    colours: NDArray[np.uint8]

    def draw(self, values: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return a picture, shape (rows, columns, 4); NaN is transparent."""
        known = np.isfinite(values)
        span = self.high - self.low if self.high > self.low else 1.0
        shade = np.clip((np.where(known, values, self.low) - self.low) / span, 0.0, 1.0)
        picture: NDArray[np.uint8] = self.colours[np.rint(shade * 255).astype(int)]
        picture[..., 3] = np.where(known, 255, 0)
        return picture


@dataclass(frozen=True)
class Labels:
    """What a HiPS says about itself.

    Parameters
    ----------
    body : str
        The body, ``Sun``.
    name : str, optional
        A short name, which ends its identifier.
    title : str, optional
        What it shows.
    """

    body: str
    name: str | None = None
    title: str | None = None

    @property
    def properties(self) -> dict[str, str]:
        """The properties, by the names of HiPS 1.0; ``hips_body`` as Aladin reads it."""
        return {
            "creator_did": f"ivo://epnkit/hips/{self.name}",
            "obs_title": " ".join((self.title or self.name or "").split()),
            "hips_body": " ".join(self.body.lower().split()),
            "hips_status": "public master clonableOnce",
        }


def choose_tiles(columns: int) -> int:
    """Return the width of tiles that are as fine as a map with so many columns around.

    Examples
    --------
    >>> choose_tiles(720), choose_tiles(7200), choose_tiles(40000)
    (128, 256, 512)
    """
    around = 4 * 2**ORDER
    return next((width for width in TILES if around * width >= columns), TILES[-1])


def write_hips(found: BodyMap, into: Path, labels: Labels, drawing: Drawing) -> None:
    """Write a HiPS of a map, with the whole map as ``map.png``.

    Parameters
    ----------
    found : BodyMap
        The map.
    into : pathlib.Path
        The directory, which does not exist; it is there only when it is whole.
    labels : Labels
        What the HiPS says about itself.
    drawing : Drawing
        How values become colours.

    Raises
    ------
    ConfigurationError
        If the directory is there.
    """
    if into.exists():
        raise ConfigurationError(
            "the directory is there already",
            where=str(into),
            cure="Delete it, or choose another one.",
        )
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{into.name}-", dir=into.parent) as name:
        work = Path(name) / "hips"
        scaled = drawing.fit(found.values)
        tile = choose_tiles(found.columns_around)
        for order in range(ORDER + 1):
            _write_order(found, scaled, work, order, tile)
        _write_overview(work / f"Norder{ORDER}")
        width = min(LARGEST, found.columns_around // 2 * 2)
        _save(scaled.draw(found.sample(width))[::-1], work / "map.png")  # rows of a picture go down
        properties = {**labels.properties, **_describe_tiles(tile)}
        lines = [f"{name:<20} = {value}\n" for name, value in properties.items()]
        (work / "properties").write_text("".join(lines), encoding="utf-8")
        shutil.move(work, into)


def _describe_tiles(tile: int) -> Mapping[str, str]:
    now = datetime.now(UTC)
    return {
        "hips_version": "1.4",
        "hips_release_date": f"{now:%Y-%m-%dT%H:%MZ}",
        "hips_frame": "equatorial",
        "hips_order": str(ORDER),
        "hips_order_min": "0",
        "hips_tile_width": str(tile),
        "hips_tile_format": "png",
        "dataproduct_type": "image",
        "hips_initial_fov": "180",
    }


def _write_order(found: BodyMap, scaled: Scale, into: Path, order: int, tile: int) -> None:
    """Write the tiles of an order (HiPS 1.0, section 4.1.1: a directory for 10,000 of them)."""
    folder = into / f"Norder{order}" / "Dir0"
    folder.mkdir(parents=True)
    for number in range(12 * 4**order):
        longitudes, latitudes = _find_places(order, tile, number)
        _save(scaled.draw(found.interpolate(longitudes, latitudes)), folder / f"Npix{number}.png")


def _write_overview(folder: Path) -> None:
    """Write all tiles of an order in one picture, small, row by row (HiPS 1.0, section 4.3.1).

    Aladin Lite (3.8.2) draws nothing of a whole sphere without it.
    """
    with requires_extra("hips"):
        from PIL import Image

    count = 12 * 4**ORDER
    across = math.isqrt(count)
    overview = Image.new("RGBA", (across * _SMALL, -(-count // across) * _SMALL))
    for number in range(count):
        row, column = divmod(number, across)
        with Image.open(folder / "Dir0" / f"Npix{number}.png") as tile:
            overview.paste(tile.resize((_SMALL, _SMALL)), (column * _SMALL, row * _SMALL))
    overview.save(folder / "Allsky.png")


def _find_places(
    order: int, tile: int, number: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude and latitude in degrees of the pixels of a tile, rows from the top."""
    from astropy import units

    with requires_extra("hips"):
        from astropy_healpix import HEALPix

    pixels = HEALPix(2**order * tile, order="nested")
    longitudes, latitudes = pixels.healpix_to_lonlat(number * tile**2 + _number_pixels(tile))
    return longitudes.to_value(units.deg), latitudes.to_value(units.deg)


@cache
def _number_pixels(tile: int) -> NDArray[np.int64]:
    """Return the numbers of HEALPix within a tile, shape (tile, tile), rows from the top.

    The bits of a number are those of row and column by turns (HiPS 1.0, section 4.1.3).
    """
    rows, columns = np.indices((tile, tile))
    numbers = np.zeros((tile, tile), np.int64)
    for bit in range(tile.bit_length() - 1):
        numbers |= (rows >> bit & 1) << (2 * bit) | (columns >> bit & 1) << (2 * bit + 1)
    return numbers


def _save(picture: NDArray[np.uint8], path: Path) -> None:
    with requires_extra("hips"):
        from PIL import Image

    Image.fromarray(picture).save(path)
