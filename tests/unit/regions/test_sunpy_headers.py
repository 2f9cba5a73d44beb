"""Fields of view of sunpy's own test headers, against where sunpy has the same pixels.

The headers are those of the sunpy that is installed: 8.0 has 73.  ``python -m
tests.unit.regions.test_sunpy_headers`` writes the table of the documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
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
HEADERS = sorted(FOLDER.rglob("*.header"))

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

#: What epnkit refuses by name, and a part of its message.
REFUSED = {
    "SUT_T24_0847_000444_Lev1.0_2024-06-28T18.21.33.178_0971NB03": "Check DSUN_OBS",
    "adapt": "no axes are celestial",
    "gong_halpha": "no axes are celestial",
    "gong_magnetogram": "no axes are celestial",
    "medn_halph_fl_20050501_074655": "no axes are celestial",
    "mq130812.084253": "no axes are celestial",
    "svsm_e3100_S2_20110625_1856": "no axes are celestial",
}

#: What sunpy refuses: a header without units, which epnkit takes for solar radii.
UNKNOWN_TO_SUNPY = {"na120701.091058"}


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


@dataclass(frozen=True)
class Comparison:
    """How far a header's pixels lie from sunpy's, in degrees; NaN if none is on the disc."""

    name: str
    farthest: float
    pixels: int
    words: str
    refusal: str = ""


def compare(path: Path) -> Comparison:
    """Compare one header with sunpy; what sunpy itself refuses has no distance."""
    header = read_header(path)
    found = fields([header])
    error = found.errors[0]
    if error is not None:
        return Comparison(path.stem, np.nan, 0, "", str(error))
    if path.stem in UNKNOWN_TO_SUNPY:
        return Comparison(path.stem, np.nan, 0, found.words(0))
    pixels = sample_pixels(header)
    apart = distance(locate_by_epnkit(header, pixels), locate_by_sunpy(header, pixels))
    seen = apart[np.isfinite(apart)]
    return Comparison(path.stem, max(seen, default=np.nan), len(seen), found.words(0))


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.stem)
def test_pixels_lie_where_sunpy_has_them(path: Path) -> None:
    found = compare(path)
    if path.stem in REFUSED:
        assert REFUSED[path.stem] in found.refusal
        return
    assert not found.refusal
    assert path.stem in REASONS or not found.farthest > ALLOWED


def write_table() -> str:
    """Write the table of the documentation."""
    lines = ["| header | farthest | pixels | flags, or why not |", "| --- | ---: | ---: | --- |"]
    for found in map(compare, HEADERS):
        far = "" if np.isnan(found.farthest) else f"{found.farthest:.5f}°"
        unknown = "sunpy refuses it" if found.name in UNKNOWN_TO_SUNPY else ""
        notes = [found.words, found.refusal, REASONS.get(found.name, ""), unknown]
        lines.append(
            f"| `{found.name}` | {far} | {found.pixels or ''} | {'; '.join(filter(None, notes))} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sunpy.log.setLevel("ERROR")
    print(f"Made with sunpy {sunpy.__version__} and its {len(HEADERS)} headers.\n")
    print(write_table())
