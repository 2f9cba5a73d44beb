"""Rows of several contours in one field."""

from __future__ import annotations

import numpy as np
import pytest

from epnkit.regions import Flag, Footprints, Images, Observer, Options, footprints
from epnkit.regions.contours.multipart import split_rows, unite_limits

IMAGES = Images("2010-01-01T00:00:00", 2.0, 2.0, 512.0, 512.0, 480.0)
OPTIONS = Options(observer=Observer(1.5e8, 5.0, 0.0), separator="B")
SQUARE = "4444" + "6666" + "0000" + "2222"
WIDE = "4" * 600 + "6" * 980 + "0" * 600 + "2" * 980


def _row(code: str, x: str, y: str, options: Options = OPTIONS) -> Footprints:
    return footprints([code], [x], [y], IMAGES, options)


def _sum(code: str, x: list[int], y: list[int]) -> float:
    options = Options(observer=OPTIONS.observer)
    return float(footprints(code.split("B"), x, y, IMAGES, options).area_deg2.sum())


def test_parts_become_one_polygon_with_thin_strips() -> None:
    code = f"{SQUARE}B{SQUARE}B{SQUARE}"
    found = _row(code, "500B530B480", "500B500B540")
    assert found.errors == [None]
    assert found.words(0) == "joined"
    assert found.pixels[0] == 75
    whole = _sum(code, [500, 530, 480], [500, 500, 540])
    # The strips are a hundredth of a degree wide and about three long.
    assert whole < found.area_deg2[0] < whole + 3 * 0.01 * 4
    assert found.coverage == [None]


@pytest.mark.parametrize(("x", "pixels"), [("500B503", 40), ("500B505", 50), ("500B500", 25)])
def test_parts_that_overlap_or_touch_are_united(x: str, pixels: int) -> None:
    found = _row(f"{SQUARE}B{SQUARE}", x, "500B500")
    one = _sum(SQUARE, [500], [500])
    assert found.area_deg2[0] == pytest.approx(one * pixels / 25, rel=0.02)
    assert found.s_region[0] is not None


def test_a_row_of_one_part_is_drawn_as_without_a_separator() -> None:
    alone = footprints([SQUARE], [500], [500], IMAGES, Options(observer=OPTIONS.observer))
    for x in ("500", 500):
        found = footprints([SQUARE], [x], [500], IMAGES, OPTIONS)
        assert found.s_region == alone.s_region
        assert found.flags.tolist() == alone.flags.tolist()


def test_parts_off_the_limb_are_cut_away() -> None:
    found = _row(f"{SQUARE}B{SQUARE}", "500B1010", "500B500")
    assert found.words(0) == "clipped"
    assert found.area_deg2[0] == pytest.approx(_sum(SQUARE, [500], [500]))
    assert _row(f"{SQUARE}B{SQUARE}", "1000B1010", "500B500").words(0) == "off-limb"


def test_parts_around_the_disc_have_a_coverage() -> None:
    found = _row(f"{SQUARE}B{SQUARE}", "40B980", "512B512")
    assert "no-polygon" in found.words(0)
    assert found.s_region == [None]
    assert found.coverage[0] is not None
    assert (found.c1max[0] - found.c1min[0]) % 360 > 140
    wide = _row(f"{WIDE}B{SQUARE}", "12B900", "22B512")
    assert "no-polygon" in wide.words(0)
    assert wide.coverage[0] is not None


def test_a_bad_part_is_named_and_stops_nothing() -> None:
    codes = [f"{SQUARE}B{SQUARE}", f"{SQUARE}B9", f"{SQUARE}B{SQUARE}", None]
    found = footprints(
        codes,
        ["500B520", "500B520", "500", "1"],
        ["500B520", "500B520", "500B520", "1"],
        IMAGES,
        OPTIONS,
    )
    assert found.errors[0] is None
    assert "part 2: bad chain code" in str(found.errors[1])
    assert "bad start" in str(found.errors[2])
    assert "empty" in str(found.errors[3])
    assert found.flags[1:].tolist() == [Flag.BAD] * 3


def test_each_part_is_in_the_image_of_its_row() -> None:
    dates = ["2010-01-01T00:00:00", "2010-01-03T00:00:00"]
    options = Options(separator="B")
    images = Images(dates, 2.0, 2.0, 512.0, 512.0, 480.0)
    both = footprints([f"{SQUARE}B{SQUARE}"] * 2, ["500B530"] * 2, ["500B500"] * 2, images, options)
    # Two days of solar rotation lie between them.
    assert (both.c1min[0] - both.c1min[1]) % 360 == pytest.approx(26.4, abs=0.1)


def test_a_coverage_asked_for_is_that_of_the_parts() -> None:
    options = Options(observer=OPTIONS.observer, separator="B", moc_order=8)
    found = _row(f"{SQUARE}B{SQUARE}", "500B530", "500B500", options)
    assert found.coverage[0] is not None
    assert found.s_region[0] is not None


def test_fields_are_taken_apart() -> None:
    parts = split_rows(
        ["12B34", "56", None], np.array(["1B2", 3, "4"], dtype=object), [5, 6, 7], "B"
    )
    assert parts.codes == ["12", "34", "56", ""]
    assert parts.x.tolist() == ["1", "2", 3, "4"]
    assert parts.y.tolist() == [None, None, 6, 7]
    assert parts.starts.tolist() == [0, 2, 3, 4]


@pytest.mark.parametrize(
    ("edges", "around"),
    [
        ([(10, 20, -5, 5), (340, 350, 0, 9)], (340, 20, -5, 9)),
        ([(10, 20, -5, 5), (15, 40, 0, 9)], (10, 40, -5, 9)),
        ([(10, 200, 0, 1), (190, 20, 0, 1)], (0, 360, 0, 1)),
        ([(0, 360, 50, 90), (15, 40, 0, 9)], (0, 360, 0, 90)),
    ],
)
def test_limits_leave_out_the_widest_gap(
    edges: list[tuple[float, float, float, float]], around: tuple[float, float, float, float]
) -> None:
    assert np.allclose(unite_limits(edges), around)
