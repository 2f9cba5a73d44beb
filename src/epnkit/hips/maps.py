"""Maps of a whole body in FITS, drawn as pictures with a pixel a step of longitude and latitude."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from epnkit.errors import ConfigurationError, EpnkitError, RegionError
from epnkit.modules import requires_extra

if TYPE_CHECKING:
    from astropy.wcs import WCS
    from numpy.typing import NDArray

#: How many columns around the body a map may have.
_COLUMNS = (8, 1_000_000)

#: How longitudes on a body are called (Thompson 2006 for the Sun), helioprojective ones not among
#: them.
_OF_A_BODY = re.compile(r"(?!HP)[A-Z]{2}LN-")


@dataclass(frozen=True)
class BodyMap:
    """A map of a body.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (rows, columns).
    wcs : astropy.wcs.WCS
        Longitude and latitude of its pixels.
    title : str
        What the header says it is; void if it says nothing.
    """

    values: NDArray[np.float64]
    wcs: WCS
    title: str

    @property
    def columns_around(self) -> int:
        """How many columns of this map go around the body."""
        scale = self.wcs.proj_plane_pixel_scales()[0].to_value("deg")
        return round(360.0 / float(scale))

    def sample(self, width: int) -> NDArray[np.float64]:
        """Read the map at even steps of longitude and latitude.

        Parameters
        ----------
        width : int
            Pixels around the body; there are half as many from pole to pole.

        Returns
        -------
        numpy.ndarray
            Shape (width / 2, width): longitude from 0 to 360 degrees east from left to right,
            latitude from south to north; NaN where the map has nothing.
        """
        step = 360.0 / width
        longitudes = (np.arange(width) + 0.5) * step
        latitudes = (np.arange(width // 2) + 0.5) * step - 90.0
        return self.interpolate(*np.meshgrid(longitudes, latitudes))

    def interpolate(
        self, longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Read the map at some places, in degrees; NaN where it has nothing."""
        columns, rows = self.wcs.wcs_world2pix(longitudes % 360.0, latitudes, 0)
        if self.goes_around:
            columns = (columns + 0.5) % self.columns_around - 0.5
        return _interpolate(self.values, columns, rows, around=self.goes_around)

    @property
    def goes_around(self) -> bool:
        """Whether the last column is next to the first."""
        return abs(self.values.shape[1] - self.columns_around) <= 1


def _interpolate(
    values: NDArray[np.float64],
    columns: NDArray[np.float64],
    rows: NDArray[np.float64],
    *,
    around: bool,
) -> NDArray[np.float64]:
    """Interpolate between the four pixels around each point; beyond the edge it is NaN."""
    with requires_extra("hips"):
        from scipy.ndimage import map_coordinates

    if around:  # half a pixel lies beyond either end
        values = np.column_stack([values[:, -1], values, values[:, 0]])
        columns = columns + 1.0
    # Pixels are areas: their outer halves are of the map too.
    height, width = values.shape
    inside = (rows >= -0.5) & (rows <= height - 0.5) & (columns >= -0.5) & (columns <= width - 0.5)
    found = map_coordinates(values, [rows, columns], order=1, mode="nearest")
    return np.where(inside & np.isfinite(rows) & np.isfinite(columns), found, np.nan)


def read_map(path: Path) -> BodyMap:
    """Read the first image of a FITS file as a map of a body.

    Parameters
    ----------
    path : pathlib.Path
        The file; of more than two axes the first of each other one counts.

    Raises
    ------
    ConfigurationError
        If it cannot be read, or is no map in longitude and latitude.
    """
    from astropy.io import fits

    from epnkit.regions.images.headers import read_headers, world_coordinates

    try:
        with warnings.catch_warnings(), fits.open(path) as units:
            warnings.simplefilter("ignore")
            unit = next(unit for unit in units if unit.data is not None and unit.data.ndim >= 2)
            header, data = unit.header, unit.data
            while data.ndim > 2:
                data = data[0]
            data = np.asarray(data, float)
    except (OSError, ValueError, TypeError, IndexError, StopIteration) as error:
        raise _unreadable(path, str(error) or "it holds no image") from error
    try:
        wcs = world_coordinates(read_headers([header])[0])
    except RegionError as error:
        raise _unreadable(path, error.why or str(error)) from error
    _require_body(path, wcs)
    found = BodyMap(data, wcs, _find_title(header))
    if data.size == 0 or not _COLUMNS[0] <= found.columns_around <= _COLUMNS[1]:
        raise _unreadable(
            path, f"it has {data.size} pixels, {found.columns_around} around the body"
        )
    return found


def _unreadable(path: Path, why: str) -> EpnkitError:
    return ConfigurationError(
        "this is no map of a body",
        where=str(path),
        why=why,
        cure="Give a FITS file whose first image is in longitude and latitude, as CRLN-CAR.",
    )


def _require_body(path: Path, wcs: WCS) -> None:
    first = str(wcs.wcs.ctype[0]).upper()
    if not _OF_A_BODY.match(first):
        raise _unreadable(path, f"its axes are {', '.join(wcs.wcs.ctype)}")


def _find_title(header: Any) -> str:
    names = ("CONTENT", "OBJECT", "TELESCOP", "INSTRUME", "WAVELNTH", "CAR_ROT", "DATE-OBS")
    return " ".join(dict.fromkeys(str(header[name]).strip() for name in names if header.get(name)))
