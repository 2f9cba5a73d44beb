"""A HiPS of a body beside the page, and the map of the page over it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import requests
from astropy import units
from astropy.io import fits
from astropy_healpix import HEALPix
from PIL import Image
from playwright.sync_api import Page, expect
from tests.support.commands import run_epnkit
from tests.support.explored import ONLY, open_search

from epnkit.dachs.private import PrivateDachs
from epnkit.hips.publishing import read_properties

#: Where the map of the next test is bright: longitude and latitude in degrees.
SPOT = (120.0, 20.0)


def write_map(path: Path) -> None:
    """Write a dark map of the Sun with one bright spot of ten degrees."""
    longitudes, latitudes = np.meshgrid(np.arange(360) + 0.5, np.arange(180) - 89.5)
    near = np.hypot(longitudes - SPOT[0], latitudes - SPOT[1]) < 5
    card = {"CTYPE1": "CRLN-CAR", "CRPIX1": 0.5, "CRVAL1": 0.0, "CDELT1": 1.0, "CUNIT1": "deg"}
    card |= {"CTYPE2": "CRLT-CAR", "CRPIX2": 90.5, "CRVAL2": 0.0, "CDELT2": 1.0, "CUNIT2": "deg"}
    fits.writeto(path, np.where(near, 100.0, 1.0), fits.Header({**card, "CONTENT": "One <b>spot"}))


@pytest.fixture(scope="module")
def sun(site: str, dachs: PrivateDachs, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Publish a HiPS of a map of the Sun; give its address."""
    path = tmp_path_factory.mktemp("map") / "spot.fits"
    write_map(path)
    done = run_epnkit("hips", str(path), "--cut", "0", "100", "--dachs", str(dachs.root))
    assert done.exit_code == 0, done.output
    return done.output.split()[-1]


def read_brightness(sun: str, longitude: float, latitude: float) -> int:
    """Read the pixel of the HiPS at a place (HiPS 1.0, section 4.1)."""
    width = 128
    pixels = HEALPix(8 * width, order="nested")
    found = pixels.lonlat_to_healpix(longitude * units.deg, latitude * units.deg)
    tile, inside = divmod(int(found), width**2)
    # Bits of the number are those of the two positions in the tile, by turns.
    south_east, south_west = (
        sum((inside >> (2 * bit + shift) & 1) << bit for bit in range(7)) for shift in (0, 1)
    )
    answer = requests.get(f"{sun}/Norder3/Dir0/Npix{tile}.png", timeout=30)
    answer.raise_for_status()
    picture = np.array(Image.open(io.BytesIO(answer.content)))
    return int(picture[south_east, south_west, 0])


def test_a_hips_has_each_place_where_aladin_looks_for_it(sun: str) -> None:
    properties = requests.get(f"{sun}/properties", timeout=30)
    properties.raise_for_status()
    found = read_properties(properties.text)
    assert (found["hips_order"], found["hips_tile_width"], found["hips_body"]) == (
        "3",
        "128",
        "sun",
    )
    longitude, latitude = SPOT
    assert read_brightness(sun, longitude, latitude) == 255
    overview = requests.get(f"{sun}/Norder3/Allsky.png", timeout=30)
    overview.raise_for_status()
    assert Image.open(io.BytesIO(overview.content)).size == (27 * 64, 29 * 64)
    # Four degrees are within the spot, seven without; mirrored places are dark.
    for dx, dy in ((3, 0), (-3, 0), (0, 3), (0, -3), (2, 2)):
        assert read_brightness(sun, longitude + dx, latitude + dy) > 200
    for dx, dy in ((7, 0), (-7, 0), (0, 7), (0, -7), (120, 0), (0, -40)):
        assert read_brightness(sun, longitude + dx, latitude + dy) < 20
    # The seam and the poles are without a gap.
    assert {read_brightness(sun, *each) for each in ((0.0, 0.0), (359.99, 1.0), (9, 89.9))} == {0}


def test_footprints_lie_on_a_map_of_their_body(page: Page, site: str, sun: str) -> None:
    open_search(page, site, f"{ONLY}&limit=3")
    expect(page.locator("#background option:checked")).to_have_text("One <b>spot")
    page.wait_for_timeout(500)

    def brightness_at(longitude: float, latitude: float) -> int:
        code = """([longitude, latitude]) => {
            const canvas = document.querySelector("#map canvas"), ratio = window.devicePixelRatio;
            const width = canvas.clientWidth - 1.2 * 34, height = canvas.clientHeight - 34;
            const scale = Math.min(width / 360, height / 180);
            const x = 34 + (canvas.clientWidth - 34 - 360 * scale) / 2 + longitude * scale;
            const y = (canvas.clientHeight - 34 * 0.7 - 180 * scale) / 2 + (90 - latitude) * scale;
            const pixel = canvas.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1).data;
            return pixel[0];
        }"""
        return int(page.evaluate(code, [longitude, latitude]))

    # Beside the lines of the grid.
    assert brightness_at(SPOT[0] + 2, SPOT[1] + 2) > 200
    assert brightness_at(SPOT[0] + 120 + 2, SPOT[1] + 2) < 60
    page.select_option("#background", label="the grid alone")
    page.wait_for_timeout(300)
    assert brightness_at(SPOT[0] + 2, SPOT[1] + 2) == brightness_at(SPOT[0] + 122, SPOT[1] + 2)


def test_a_hips_is_deleted_by_its_name(sun: str, dachs: PrivateDachs) -> None:
    dachs_option = ("--dachs", str(dachs.root))
    wrong = run_epnkit("hips", "--remove", "moon", *dachs_option)
    assert wrong.exit_code == 1
    assert "Name one that is there: spot" in wrong.output
    assert run_epnkit("hips", "--remove", "spot", *dachs_option).exit_code == 0
    assert requests.get(f"{sun}/properties", timeout=30).status_code == 404
