"""Fields of view of sunpy's own test headers, against where sunpy has the same pixels."""

from __future__ import annotations

from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
import sunpy.data.test
from astropy.coordinates import Angle
from astropy.io.fits import Header
from numpy.typing import NDArray

from epnkit.regions import fields
from epnkit.regions.geometry.disc import RATIO, to_sphere
from epnkit.regions.geometry.sphere import to_degrees
from epnkit.regions.images.fields import to_disc_plane
from epnkit.regions.images.headers import read_headers, world_coordinates
from epnkit.regions.images.observer import earth_meridian, observer_scene

pytestmark = [pytest.mark.filterwarnings("ignore")]

FOLDER = Path(sunpy.data.test.__file__).parent
HEADERS = sorted(FOLDER.glob("*.header"))

#: Degrees on the Sun between sunpy's place of a pixel and ours.
ALLOWED = 0.05

#: Why pixels of a header may lie elsewhere.
REASONS = {
    "seit_00171_fd_19961211_1900": "SOHO without a place: sunpy takes the Earth, epnkit L1; and"
    " sunpy a Sun of 9 million km, since SOLAR_R is in pixels four times smaller than CDELT1's",
    "lasco_c2_25299383_s": "SOHO without a place: sunpy takes the Earth, epnkit L1",
    "hmi_synoptic": "sunpy takes CDELT1 = -0.5 for 0.5, epnkit the header as it is",
    "mdi_synoptic": "sunpy takes CDELT1 = -0.5 for 0.5, epnkit the header as it is",
}


def read_header(path: Path) -> Header:
    text = path.read_text(errors="replace")
    return Header.fromstring(text, sep="\n" if "\n" in text else "")


def sample_pixels(header: Header) -> NDArray[np.float64]:
    """Return a grid of pixels, from 0, shape (n, 2)."""
    along = [np.linspace(0, int(header[f"NAXIS{k}"]) - 1, 21) for k in (1, 2)]
    grid: NDArray[np.float64] = np.stack(np.meshgrid(*along), -1).reshape(-1, 2)
    return grid


def locate_by_epnkit(header: Header, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Carrington longitude and latitude of pixels; NaN off the disc, or near the limb."""
    (read,) = read_headers([header])
    wcs = world_coordinates(read)
    scale = [unit.to("deg") for unit in wcs.wcs.cunit]
    world: NDArray[np.float64] = wcs.all_pix2world(pixels, 0) * scale
    if str(wcs.wcs.lngtyp).startswith("HGLN"):
        world[:, 0] += earth_meridian(read)
        return world
    if not str(wcs.wcs.lngtyp).startswith("HPLN"):
        return world
    scene, _ = observer_scene(read)
    plane = to_disc_plane(world, scene[RATIO])
    sphere = to_degrees(to_sphere(np.ascontiguousarray(plane), scene))
    sphere[np.hypot(*plane.T) > 0.95] = np.nan
    return sphere


def locate_by_sunpy(header: Header, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the same by sunpy's map of its kind."""
    import sunpy.map
    from sunpy.coordinates import HeliographicCarrington
    from sunpy.util import MetaDict

    meta = MetaDict({key.lower(): header[key] for key in header if key})
    shape = (int(header["NAXIS2"]), int(header["NAXIS1"]))
    drawn = sunpy.map.Map(np.arange(shape[0] * shape[1]).reshape(shape), meta)
    there = drawn.pixel_to_world(*(pixels.T * u.pix))
    frame = HeliographicCarrington(observer=drawn.observer_coordinate, obstime=drawn.date)
    found = there.transform_to(frame) if there.frame.name != "heliographic_carrington" else there
    return np.column_stack([found.lon.to_value(u.deg), found.lat.to_value(u.deg)])


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return degrees between places."""
    width = Angle((one[:, 0] - other[:, 0]) * u.deg).wrap_at(180 * u.deg).to_value(u.deg)
    return np.hypot(width * np.cos(np.radians(other[:, 1])), one[:, 1] - other[:, 1])


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.stem)
def test_pixels_lie_where_sunpy_has_them(path: Path) -> None:
    header = read_header(path)
    pixels = sample_pixels(header)
    ours = locate_by_epnkit(header, pixels)
    theirs = locate_by_sunpy(header, pixels)
    apart = distance(ours, theirs)
    seen = np.isfinite(apart)
    most = apart[seen].max() if seen.any() else np.nan
    found = fields([header])
    reason = REASONS.get(path.stem, "")
    print(f"{path.stem[:50]:50} {most:10.5f} deg {seen.sum():4} pixels  {found.words(0)} {reason}")
    assert found.errors == [None]
    assert path.stem in REASONS or not most > ALLOWED
