"""Files of several instruments in one directory, each with its own cards and units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits
from tests.support.draft_judge import judge_draft
from tests.unit.drafts.test_typed_truth import read_origin

from epnkit.drafts.inspect.declared import add_declared
from epnkit.drafts.inspect.origin import Choices, parse_origin
from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import propose

C = 299792458.0

Cards = dict[str, Any]


def write(folder: Path, first: Cards, others: Cards, share: int) -> Sample:
    """Write files, of which one in so many has the first cards; the first file has them."""
    for number in range(30):
        header = fits.Header()
        header["DATE-OBS"] = f"2010-02-{number % 28 + 1:02}T10:00:00"
        for name, value in (first if number % share == 0 else others).items():
            header[name] = value
        fits.PrimaryHDU(header=header).writeto(folder / f"f{number:03}.fits")
    origin = parse_origin(str(folder), "drafted", Choices())
    return add_declared(read_origin(folder), origin)


@pytest.mark.parametrize("share", [2, 6])
def test_a_unit_goes_by_the_instrument(share: int, tmp_path: Path) -> None:
    sample = write(
        tmp_path,
        {"INSTRUME": "A", "EXPTIME": (250.0, "[ms]"), "WAVELNTH": (656.3, "[nm]")},
        {"INSTRUME": "B", "EXPTIME": (4.0, "[s]"), "WAVELNTH": (3933.7, "[Angstrom]")},
        share,
    )
    expected = {"time_exp_min": 0.25, "spectral_range_min": C / 656.3e-9}
    assert judge_draft(sample, "drafted", expected).wrong == []
    later = Sample("files", sample.records.reverse(), 30, sample.declared)
    expected = {"time_exp_max": 4.0, "spectral_range_min": C / 3933.7e-10}
    assert judge_draft(later, "drafted", expected).wrong == []


def test_units_that_nothing_tells_apart_are_to_be_decided(tmp_path: Path) -> None:
    first, others = {"EXPTIME": (250.0, "[ms]")}, {"EXPTIME": (4.0, "[s]")}
    made = propose(write(tmp_path, first, others, 2), "drafted").of("time_exp_min")
    assert made is not None
    assert made.confidence < 0.8
    assert "nothing says which" in made.reason


def test_a_unit_that_only_some_comments_say_is_not_sure(tmp_path: Path) -> None:
    first, others = {"EXPTIME": (250.0, "[ms]")}, {"EXPTIME": (4.0, "exposure")}
    made = propose(write(tmp_path, first, others, 2), "drafted").of("time_exp_min")
    assert made is not None
    assert made.confidence < 0.8


def test_exposures_under_two_keywords_keep_their_units(tmp_path: Path) -> None:
    sample = write(tmp_path, {"EXPTIME": (250.0, "[ms]")}, {"XPOSURE": (4.0, "[s]")}, 2)
    assert judge_draft(sample, "drafted", {"time_exp_min": 0.25}).wrong == []


@pytest.mark.parametrize("share", [2, 6])
def test_the_start_and_a_duration_stand_in_for_an_end(share: int, tmp_path: Path) -> None:
    elapsed, ended = {"TELAPSE": (43.2, "[s]")}, {"DATE-END": "2010-02-28T10:01:00"}
    sample = write(tmp_path, elapsed, ended, share)
    judged = judge_draft(sample, "drafted", {"time_max": 2455228.9166666665 + 0.0005})
    assert judged.wrong == []
    assert judged.misled == []


@pytest.mark.parametrize(
    ("first", "others", "low", "high"),
    [
        (
            {"WAVEMIN": (17.0, "[nm]"), "WAVEMAX": (18.0, "[nm]")},
            {"WAVELNTH": (171.0, "[Angstrom]")},
            C / 18e-9,
            C / 17e-9,
        ),
        (
            {"WAVEMIN": (17.0, "[nm]"), "WAVEMAX": (18.0, "[nm]"), "WAVEUNIT": -9},
            {"WAVELNTH": 171.0, "WAVEUNIT": -10},
            C / 18e-9,
            C / 17e-9,
        ),
        (
            {"WAVELNTH": 171.0, "WAVEUNIT": "Angstrom"},
            {"WAVEMIN": (17.0, "[nm]"), "WAVEMAX": (18.0, "[nm]")},
            C / 171e-10,
            C / 171e-10,
        ),
        (
            {"FREQMIN": (20.0, "[MHz]"), "FREQMAX": (80.0, "[MHz]")},
            {"WAVELNTH": (171.0, "[Angstrom]")},
            20e6,
            80e6,
        ),
    ],
)
def test_ranges_complete_each_other_each_in_its_unit(
    first: Cards, others: Cards, low: float, high: float, tmp_path: Path
) -> None:
    sample = write(tmp_path, first, others, 5)
    expected = {"spectral_range_min": low, "spectral_range_max": high}
    assert judge_draft(sample, "drafted", expected).wrong == []
