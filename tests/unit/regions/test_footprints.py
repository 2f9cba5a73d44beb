"""Every row of the table of what must come out of a contour."""

from __future__ import annotations

import numpy as np
import pytest

from epnkit.errors import RegionError
from epnkit.regions import Flag, Footprints, Images, Observer, Options, footprints
from epnkit.regions.synthetic import encode_mask

#: The Sun's centre at (512, 512), 480 px large, 2 arcsec a pixel, seen straight on at longitude 50.
FACE_ON = Images("2010-01-01T00:00:00", 2.0, 2.0, 512.0, 512.0, 480.0)
AT_50 = Options(observer=Observer(1.5e8, 50.0, 0.0))


def _of(picture: str, x: int = 512, y: int = 512, options: Options = AT_50) -> Footprints:
    """Draw the contour of a picture of # and spaces, its lower left corner at a pixel."""
    lines = picture.strip("\n").split("\n")[::-1]
    width = max(len(line) for line in lines)
    contour = encode_mask(np.array([[c == "#" for c in line.ljust(width)] for line in lines]))
    return footprints([contour.code], [x + contour.x], [y + contour.y], FACE_ON, options)


def _rectangle(width: int, height: int) -> str:
    """Return the code of a rectangle that starts at its lower left pixel."""
    return "4" * (width - 1) + "6" * (height - 1) + "0" * (width - 1) + "2" * (height - 1)


def _pixel_area(found: Footprints) -> float:
    """Return the area in pixels of a small region at the disc's centre."""
    pixel = np.degrees(2 / 3600 / 180 * np.pi * 1.5e8 / 695700 * (1 - 695700 / 1.5e8))
    return float(found.area_deg2[0] / pixel**2)


def test_a_valid_ring_stays_with_its_corners_only() -> None:
    found = _of("####\n####\n####")
    assert found.words(0) == ""
    assert len(found.vertices(0)) == 4
    assert found.pixels[0] == 12
    assert _pixel_area(found) == pytest.approx(12, rel=1e-4)


@pytest.mark.parametrize(
    ("picture", "pixels"), [("   #\n   #\n####\n####", 10), ("###  ###\n########\n###  ###", 20)]
)
def test_a_spike_or_neck_is_a_thin_strip(picture: str, pixels: int) -> None:
    found = _of(picture, options=Options(observer=AT_50.observer, tolerance=0))
    assert found.words(0) == ""
    assert found.pixels[0] == pixels
    assert _pixel_area(found) == pytest.approx(pixels, rel=1e-4)


def test_a_pinch_is_opened_a_little() -> None:
    found = _of("  ##\n  ##\n##\n##", options=Options(observer=AT_50.observer, tolerance=0))
    assert found.words(0) == "joined"
    assert _pixel_area(found) == pytest.approx(8, rel=1e-3)


def test_a_sealed_bay_is_filled() -> None:
    found = _of(" ## \n#  #\n#  #\n ## ")
    assert found.pixels[0] == 12
    assert _pixel_area(found) == pytest.approx(12, rel=1e-3)


def test_a_hole_in_the_path_is_filled_and_said_so() -> None:
    # A walk out along a hook and back, whose end touches its beginning: it winds around nothing.
    hook = "44" + "66" + "00" + "2" + "6" + "44" + "22" + "00"
    found = footprints([hook], [512], [512], FACE_ON, AT_50)
    assert found.errors == [None]
    assert Flag.FILLED.name.lower() in found.words(0)
    assert found.pixels[0] == 9


@pytest.mark.parametrize("picture", ["##", "#####", "#\n #\n  #"])
def test_a_line_gets_its_pixels(picture: str) -> None:
    found = _of(picture)
    assert "degenerate" in found.words(0)
    assert _pixel_area(found) == pytest.approx(picture.count("#"), rel=5e-3)


def test_what_leaves_the_limb_is_cut_and_closed_along_it() -> None:
    found = footprints([_rectangle(60, 20)], [960], [500], FACE_ON, AT_50)
    assert found.words(0).startswith("clipped")
    # The limb of a near observer lies before 90 degrees: at acos(R/D).
    edge = 50 + np.degrees(np.arccos(695700 / 1.5e8))
    assert found.c1max[0] == pytest.approx(edge, abs=0.03)
    assert found.area_deg2[0] > 30


def test_fingers_over_the_limb_become_one_ring() -> None:
    # A wall beyond the limb with two fingers that reach back onto the disc.
    found = _of("########\n      ##\n      ##\n      ##\n########", 987, 510)
    assert found.words(0).split()[:2] == ["clipped", "joined"]
    assert found.s_region[0] is not None


def test_wholly_off_the_limb_is_no_region_but_a_row() -> None:
    found = footprints([_rectangle(5, 5)], [1000], [1000], FACE_ON, AT_50)
    assert found.s_region == [None]
    assert found.errors == [None]
    assert found.words(0) == "off-limb"
    assert np.isnan(found.c1min[0])


def test_a_region_across_the_meridian_0_ends_before_it_begins() -> None:
    found = footprints(
        [_rectangle(40, 10)], [492], [512], FACE_ON, Options(observer=Observer(1.5e8, 0.0, 0.0))
    )
    assert found.c1min[0] > 357
    assert found.c1max[0] < 3
    assert (found.vertices(0)[:, 0] >= 0).all()
    assert (found.vertices(0)[:, 0] < 360).all()


@pytest.mark.parametrize(("tilt", "c2"), [(30.0, 90.0), (-30.0, -90.0)])
def test_a_pole_inside_opens_the_limits(tilt: float, c2: float) -> None:
    y = 512 + round(np.sign(tilt) * 480 * np.cos(np.radians(30)))
    found = footprints(
        [_rectangle(41, 41)], [492], [y - 20], FACE_ON, Options(observer=Observer(1.5e8, 50, tilt))
    )
    assert (found.c1min[0], found.c1max[0]) == (0, 360)
    assert c2 in (found.c2min[0], found.c2max[0])
    assert abs(found.c2max[0] - found.c2min[0]) < 30


def test_a_ring_of_too_many_corners_is_simplified_until_it_fits() -> None:
    comb = "".join("2" * 30 + "4" + "6" * 30 + "44" for _ in range(300)) + "0" * 900
    found = footprints([comb], [62], [512], FACE_ON, Options(observer=AT_50.observer, tolerance=0))
    assert found.words(0).split()[-1] == "simplified"
    assert 3 <= len(found.vertices(0)) <= 1024


def test_a_shape_from_limb_to_limb_has_a_coverage_and_no_polygon() -> None:
    found = footprints([_rectangle(601, 981)], [12], [22], FACE_ON, AT_50)
    assert found.s_region == [None]
    assert Flag.NO_POLYGON & int(found.flags[0])
    assert found.coverage[0] is not None
    assert found.area_deg2[0] == pytest.approx(12720, rel=0.03)


def test_a_shape_around_the_whole_disc_is_the_disc() -> None:
    found = footprints([_rectangle(1001, 1001)], [12], [12], FACE_ON, AT_50)
    assert found.area_deg2[0] == pytest.approx(20626.5 * (1 - 695700 / 1.5e8), rel=2e-3)
    assert found.s_region[0] is not None


@pytest.mark.parametrize(
    ("code", "x", "date", "word"),
    [
        (None, 1, "2010-01-01", "empty"),
        ("  ", 1, "2010-01-01", "empty"),
        ("0248", 1, "2010-01-01", "character 4"),
        ("024", 1, "2010-01-01", "open"),
        ("0426", None, "2010-01-01", "bad start"),
        ("0426", 1, "2010-02-30", "bad date"),
    ],
)
def test_a_bad_row_is_a_named_error_and_stops_nothing(
    code: str | None, x: int | None, date: str, word: str
) -> None:
    images = Images(["2010-01-01", date, "2010-01-01"], 2.0, 2.0, 512, 512, 480)
    found = footprints(
        [_rectangle(3, 3), code, _rectangle(3, 3)],
        np.array([500, x, 500], dtype=object),
        500,
        images,
    )
    assert found.s_region[0] == found.s_region[2] is not None
    assert found.s_region[1] is None
    assert word in str(found.errors[1])
    assert found.flags.tolist() == [0, Flag.BAD, 0]


@pytest.mark.parametrize("cdelt", [0.0, np.nan, np.inf, None])
def test_a_bad_scale_is_a_named_error(cdelt: object) -> None:
    images = Images("2010-01-01", np.array([cdelt], dtype=object), 2.0, 512, 512)
    found = footprints([_rectangle(3, 3)], [500], [500], images)
    assert "bad image scale" in str(found.errors[0])


def test_without_the_apparent_radius_there_is_no_observer_at_l1() -> None:
    images = Images("2010-01-01", 2.0, 2.0, 512, 512)
    found = footprints([_rectangle(3, 3)], [500], [500], images, Options(observer="l1"))
    assert "no observer" in str(found.errors[0])


def test_pixel_conventions_move_the_region() -> None:
    def west(**convention: object) -> float:
        options = Options(observer=AT_50.observer, **convention)  # type: ignore[arg-type]
        return float(footprints([_rectangle(2, 2)], [512], [512], FACE_ON, options).c1min[0])

    one = west(pixel_base=0, center_base=1) - west()
    assert one > 0.1
    assert west() - west(pixel_base=1) == pytest.approx(one, rel=0.01)
    assert west(pixel_anchor="corner") - west() == pytest.approx(one / 2, rel=0.01)


def test_a_mirrored_image_still_gives_a_counter_clockwise_ring() -> None:
    mirrored = Images("2010-01-01", -2.0, 2.0, 512, 512, 480)
    found = footprints([_rectangle(30, 10)], [530], [512], mirrored, AT_50)
    ring = found.vertices(0)
    after = np.roll(ring, -1, axis=0)
    assert (ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]).sum() > 0
    assert found.c1max[0] < 50


def test_a_coverage_is_given_where_it_is_asked_for() -> None:
    options = Options(observer=AT_50.observer, moc_order=7)
    found = footprints([_rectangle(30, 30)], [530], [512], FACE_ON, options)
    assert found.coverage[0] is not None
    assert "7/" in found.coverage[0]


def test_an_empty_batch_is_an_empty_answer() -> None:
    found = footprints([], [], [], Images([], [], [], [], []))
    assert found.s_region == []
    assert found.starts.tolist() == [0]


def test_threads_change_nothing() -> None:
    rng = np.random.default_rng(3)
    start = rng.integers(300, 700, (5000, 2))
    codes = [_rectangle(int(k), 7) for k in rng.integers(2, 60, 5000)]
    one = footprints(codes, start[:, 0], start[:, 1], FACE_ON)
    two = footprints(codes, start[:, 0], start[:, 1], FACE_ON, Options(threads=2))
    assert one.s_region == two.s_region


def test_senseless_options_are_refused() -> None:
    with pytest.raises(RegionError, match="tolerance"):
        Options(tolerance=-1)


def test_through_pixel_centres_a_square_is_a_pixel_smaller() -> None:
    found = footprints(
        [_rectangle(11, 11)],
        [512],
        [512],
        FACE_ON,
        Options(observer=AT_50.observer, outline="center"),
    )
    assert _pixel_area(found) == pytest.approx(100, rel=1e-3)
    assert len(found.vertices(0)) == 4


def test_the_stc_text_and_the_literal_tell_the_same() -> None:
    found = footprints([_rectangle(3, 3)], [500], [500], FACE_ON, AT_50)
    literal = str(found.s_region[0]).strip("{}()").replace("d", "").replace("),(", ",")
    assert literal.replace(",", " ") == str(found.stc(0)).removeprefix("Polygon ")
