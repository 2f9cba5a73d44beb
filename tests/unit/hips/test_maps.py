"""Maps of a body are read with their longitudes and latitudes, and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from epnkit.errors import ConfigurationError
from epnkit.hips.make import require_name
from epnkit.hips.maps import BodyMap, read_map
from epnkit.hips.tiles import Drawing, Labels, write_hips

#: A map as EUV synoptic maps are, and one as HMI's synoptic charts are: longitudes fall, and are
#: counted from the first rotation, the rows are even in the sine of the latitude.
CAR: dict[str, Any] = {
    "CTYPE1": "CRLN-CAR",
    "CTYPE2": "CRLT-CAR",
    "CRPIX1": 0.5,
    "CRPIX2": 90.5,
    "CRVAL1": 0.0,
    "CRVAL2": 0.0,
    "CDELT1": 1.0,
    "CDELT2": 1.0,
    "CUNIT1": "deg",
    "CUNIT2": "deg",
}
CEA: dict[str, Any] = {
    "CTYPE1": "CRLN-CEA",
    "CTYPE2": "CRLT-CEA",
    "CRPIX1": 180.4,
    "CRPIX2": 90.5,
    "CRVAL1": 795420.0,
    "CRVAL2": 0.0,
    "CDELT1": -1.0,
    "CDELT2": 2 / 180,
    "CUNIT1": "Degree",
    "CUNIT2": "Sine Latitude",
    "CONTENT": "Carrington Synoptic Chart Of Br Field",
    "CAR_ROT": 2210,
}


def places(card: dict[str, Any]) -> tuple[Any, Any]:
    """Give longitude and latitude of each pixel, by the definition of the projections."""
    columns, rows = np.meshgrid(np.arange(360) + 1.0, np.arange(180) + 1.0)
    longitudes = card["CRVAL1"] + (columns - card["CRPIX1"]) * card["CDELT1"]
    heights = (rows - card["CRPIX2"]) * card["CDELT2"]
    latitudes = heights if card is CAR else np.degrees(np.arcsin(np.clip(heights, -1, 1)))
    return longitudes % 360.0, latitudes


def write(path: Path, card: dict[str, Any]) -> Path:
    """Write a map whose value is 100 sin(latitude) + 10 cos(longitude - 40 degrees)."""
    longitudes, latitudes = map(np.radians, places(card))
    values = 100 * np.sin(latitudes) + 10 * np.cos(longitudes - np.radians(40))
    fits.writeto(path, values.astype("f4"), fits.Header(card))
    return path


def expected(width: int) -> Any:
    longitudes = np.radians((np.arange(width) + 0.5) * 360 / width)
    latitudes = np.radians((np.arange(width // 2) + 0.5) * 360 / width - 90)
    return 100 * np.sin(latitudes)[:, None] + 10 * np.cos(longitudes - np.radians(40))


@pytest.mark.parametrize("card", [CAR, CEA], ids=["CAR", "CEA"])
def test_each_value_is_where_it_was(tmp_path: Path, card: dict[str, Any]) -> None:
    found = read_map(write(tmp_path / "map.fits", card))
    assert (found.columns_around, found.goes_around) == (360, True)
    sampled = found.sample(720)
    assert sampled.shape == (360, 720)
    # The last half pixels at the poles are those of the outermost rows.
    assert np.abs(sampled - expected(720))[10:-10].max() < 0.5


def test_the_first_column_is_next_to_the_last(tmp_path: Path) -> None:
    found = read_map(write(tmp_path / "map.fits", CAR))
    longitudes, latitudes = np.array([359.75, 0.0, 0.25, 360.0]), np.full(4, 10.5)
    near = 100 * np.sin(np.radians(10.5)) + 10 * np.cos(np.radians(longitudes - 40))
    assert np.abs(found.interpolate(longitudes, latitudes) - near).max() < 0.1


def test_a_map_of_a_part_is_empty_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path / "map.fits", CAR)
    with fits.open(path, mode="update") as units:
        units[0].data = units[0].data[60:120, 100:160]
        units[0].header.update({"CRPIX1": 0.5 - 100, "CRPIX2": 90.5 - 60})
    sampled = read_map(path).sample(360)
    known = np.isfinite(sampled)
    assert known[60:120, 100:160].all()
    assert known.sum() == 60 * 60


def test_the_header_gives_the_title(tmp_path: Path) -> None:
    found = read_map(write(tmp_path / "map.fits", CEA))
    assert found.title == "Carrington Synoptic Chart Of Br Field 2210"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"CTYPE1": "HPLN-TAN", "CTYPE2": "HPLT-TAN"}, "its axes are HPLN-TAN, HPLT-TAN"),
        ({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}, "its axes are RA---TAN, DEC--TAN"),
        ({"CTYPE1": "PIXEL", "CTYPE2": "PIXEL"}, "no axes are celestial"),
    ],
)
def test_what_is_no_map_of_a_body_is_refused(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    path = write(tmp_path / "map.fits", CAR)
    with fits.open(path, mode="update") as units:
        units[0].header.update(change)
    with pytest.raises(ConfigurationError, match=why):
        read_map(path)


def test_what_is_no_fits_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.fits"
    path.write_bytes(b"<html>Log in</html>")
    with pytest.raises(ConfigurationError, match="no map of a body"):
        read_map(path)


def test_colours_follow_the_values_and_nothing_is_transparent() -> None:
    values = np.array([[0.0, 50.0, 100.0, np.nan]])
    assert Drawing(0, 100).fit(values).draw(values)[0].tolist() == [
        [0, 0, 0, 255],
        [128, 128, 128, 255],
        [255, 255, 255, 255],
        [0, 0, 0, 0],
    ]
    with pytest.raises(ConfigurationError, match="no colour map 'grey scale'"):
        Drawing(colours="grey scale").fit(values)
    with pytest.raises(ConfigurationError, match="holds no number"):
        Drawing().fit(np.full((2, 2), np.nan))


@pytest.mark.parametrize("name", ["", "../map", "a b", "x" * 81, ".hidden"])
def test_a_name_is_part_of_an_address(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is no name for a HiPS"):
        require_name(name)


def test_a_directory_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "hips").mkdir()
    found: BodyMap = read_map(write(tmp_path / "map.fits", CAR))
    with pytest.raises(ConfigurationError, match="is there already"):
        write_hips(found, tmp_path / "hips", Labels("Sun", "x"), Drawing())
    assert list((tmp_path / "hips").iterdir()) == []
