"""Names as archives have them: capitals, units, sides, compounds, other languages."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.support.draft_judge import judge_draft

from epnkit.drafts.inspect.sample import Declared, Sample
from epnkit.drafts.inspect.words import split_words
from epnkit.drafts.propose.draft import propose
from epnkit.drafts.recognise.meanings import find_candidates, plain_name
from epnkit.drafts.recognise.units import find_unit

COUNT = 24
C = 299792458.0


def sample(**columns: Any) -> Sample:
    """Make records with an identifier and a time next to some columns; one value is that of all."""
    return declare(Declared(), **columns)


def declare(declared: Declared, **columns: Any) -> Sample:
    """Make records of which a source declares something."""
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    base = {
        "event_id": [f"e{n}" for n in range(COUNT)],
        "start_time": [f"2001-01-{n + 1:02}T00:00:00" for n in range(COUNT)],
    }
    return Sample("sql", pl.DataFrame({**base, **given}), COUNT, declared)


def fields(of: Sample, column: str) -> tuple[str, ...] | None:
    proposal = propose(of, "x").of(column)
    return None if proposal is None else proposal.fields


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("productId", "product_id"),
        ("DATE-OBS", "date_obs"),
        ("RAJ2000", "raj2000"),
        ("ObsJD", "obs_jd"),
        ("MinLatitude", "min_latitude"),
    ],
)
def test_capitals_begin_words_in_plain_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("f_low (MHz)", ("f", "low", "mhz")),
        ("centralFrequencyMHz", ("center", "frequency", "mhz")),
        ("Einfallswinkel", ("incidence", "angle")),
        ("messdatum", ("observation", "date")),
        ("int_time_ms", ("integration", "ms")),
        ("lathg", ("latitude", "hg")),
        ("last_mod_date", ("modified", "date")),
        ("Startuhrzeit", ("start", "time")),
        ("Aufnahmelänge", ("observation", "length")),
        ("Bildbreite", ("image", "width")),
    ],
)
def test_names_are_cut_into_words(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


#: A box of a planet's surface, by the names that archives have for its sides.
BOXES = [
    ("w_hgs_lon", "e_hgs_lon", "s_hgs_lat", "n_hgs_lat"),
    ("MinLongitude", "MaxLongitude", "MinLatitude", "MaxLatitude"),
    ("westernmost", "easternmost", "southernmost", "northernmost"),
    ("upperLeftLon", "lowerRightLon", "lowerRightLat", "upperLeftLat"),
    (
        "west_bounding_coordinate",
        "east_bounding_coordinate",
        "south_bounding_coordinate",
        "north_bounding_coordinate",
    ),
]


@pytest.mark.parametrize("names", BOXES)
def test_the_sides_of_a_box_are_found(names: tuple[str, ...]) -> None:
    values = (10.0, 20.0, -5.0, 5.0)
    found = sample(planet="Mars", center_lon=15.0, **dict(zip(names, values, strict=True)))
    wanted = dict(zip(("c1min", "c1max", "c2min", "c2max"), values, strict=True))
    assert judge_draft(found, "x", wanted).wrong == []


@pytest.mark.parametrize(
    ("lon", "lat"), [("carr_l", "hlat"), ("loncarr", "lathg"), ("hgs_x", "hgs_y"), ("clon", "clat")]
)
def test_points_are_both_ends(lon: str, lat: str) -> None:
    found = sample(planet="Mars", **{lon: 30.0, lat: -4.0})
    wanted = {"c1min": 30.0, "c1max": 30.0, "c2min": -4.0, "c2max": -4.0}
    assert judge_draft(found, "x", wanted).wrong == []


def test_the_letter_of_a_hemisphere_is_a_sign() -> None:
    sides = ["E", "W"] * (COUNT // 2)
    places = {"lat": [12.5 + n for n in range(COUNT)], "lon": [45.5 + n for n in range(COUNT)]}
    found = sample(planet="Earth", **places, lat_dir="S", lon_dir=sides[::-1])
    wanted = {"c1min": 314.5, "c1max": 314.5, "c2min": -12.5, "c2max": -12.5}
    assert judge_draft(found, "x", wanted).wrong == []


@pytest.mark.parametrize("name", ["hemisphere", "lat_sign", "NS", "n_s", "GPSLatitudeRef"])
def test_a_hemisphere_is_known_by_its_name(name: str) -> None:
    places = {"lat": [12.5 + n for n in range(COUNT)], "lon": [45.5 + n for n in range(COUNT)]}
    found = sample(planet="Earth", **places, **{name: ["S", "N"] * (COUNT // 2)})
    assert fields(found, "c2min") == ("lat", name)
    assert judge_draft(found, "x", {"c2min": -12.5, "c2max": -12.5, "c1min": 45.5}).wrong == []


@pytest.mark.parametrize("flag", [{"status": ["S", "N"] * (COUNT // 2)}, {"calibrated": "S"}])
def test_a_flag_of_the_same_letters_is_no_hemisphere(flag: dict[str, Any]) -> None:
    places = {"lat": [12.5 + n for n in range(COUNT)], "lon": [45.5 + n for n in range(COUNT)]}
    found = sample(planet="Earth", **places, **flag)
    assert judge_draft(found, "x", {"c2min": 12.5, "c2max": 12.5, "c1min": 45.5}).wrong == []


def test_where_an_observer_stands_is_no_position() -> None:
    found = sample(
        planet="Mars", site_longitude=[15.0 + n for n in range(COUNT)], site_latitude=48.0
    )
    assert propose(found, "x").frame == "none"


@pytest.mark.parametrize("names", [("ra_deg", "decl_deg"), ("RAJ2000", "DEJ2000"), ("ra", "dec")])
def test_positions_in_the_sky_are_found(names: tuple[str, str]) -> None:
    found = sample(planet="Mars", **dict(zip(names, (200.0, -4.0), strict=True)))
    assert propose(found, "x").frame == "celestial"
    assert judge_draft(found, "x", {"c1min": 200.0, "c2max": -4.0}).wrong == []


@pytest.mark.parametrize(
    ("columns", "low", "high"),
    [
        ({"line_nm": 656.281, "fwhm_nm": 0.05}, C / 656.306e-9, C / 656.256e-9),
        ({"f_low (MHz)": 15.0, "f_high (MHz)": 30.0}, 15e6, 30e6),
        ({"wavenumber_min": 250.0, "wavenumber_max": 1700.0}, C * 25000, C * 170000),
        ({"axis.lower": 250.0, "axis.upper": 1700.0, "axis.units": "cm-1"}, C * 25000, C * 170000),
        ({"centralFrequencyMHz": 150.0, "bandwidthKHz": 700.0}, 149.65e6, 150.35e6),
        ({"first_wavelength_um": 1.0, "last_wavelength_um": 5.0}, C / 5e-6, C / 1e-6),
    ],
)
def test_spectral_ranges_have_the_unit_that_is_said(
    columns: dict[str, Any], low: float, high: float
) -> None:
    wanted = {"spectral_range_min": low, "spectral_range_max": high}
    assert judge_draft(sample(**columns), "x", wanted).wrong == []


def test_metres_of_a_standard_are_not_believed_if_they_are_nanometres() -> None:
    found = sample(em_min=713.5, em_max=867.4)
    proposal = propose(found, "x").of("spectral_range_min")
    assert proposal is not None
    assert not proposal.sure
    assert judge_draft(found, "x", {"spectral_range_max": C / 713.5e-9}).wrong == []


def test_a_width_or_a_grain_is_no_position_in_a_spectrum() -> None:
    assert fields(sample(fwhm_nm=0.05, grain_size_um=63.0), "spectral_range_min") is None


def test_steps_in_wavelength_are_no_steps_in_frequency() -> None:
    assert fields(sample(sampling_step_nm=9.5), "spectral_sampling_step_min") is None
    (name,) = fields(sample(freq_step_khz=9.5), "spectral_sampling_step_min") or ()
    assert name == "freq_step_khz"


def test_a_range_that_few_have_comes_after_one_that_most_have() -> None:
    rare: list[float | None] = [150.0, *[None] * (COUNT - 1)]
    assert fields(sample(freq_mhz=rare, wavelength_nm=656.3), "spectral_range_min") == (
        "wavelength_nm",
    )


def test_zeros_and_words_are_no_wavelengths() -> None:
    values = ["171", "Al.1", "0", *["195"] * (COUNT - 3)]
    found = sample(WAVELNTH=values)
    proposal = propose(found, "x").of("spectral_range_min")
    assert proposal is not None
    assert proposal.fields == ("WAVELNTH",)
    assert not proposal.sure
    assert judge_draft(found, "x", {"spectral_range_min": C / 171e-10}).wrong == []


def test_one_end_is_not_taken_for_the_other() -> None:
    found = sample(planet="Mars", MinEmission=2.0, MaxPhase=99.0)
    assert fields(found, "emergence_min") == ("MinEmission",)
    assert fields(found, "emergence_max") is None
    assert fields(found, "phase_min") is None
    assert fields(found, "phase_max") == ("MaxPhase",)


def test_means_are_of_what_the_document_is_named() -> None:
    found = sample(**{"light.incidenceAngle.mean": 44.0, "light.emissionAngle.mean": 2.5})
    assert judge_draft(found, "x", {"incidence_min": 44.0, "emergence_max": 2.5}).wrong == []


def test_altitudes_are_in_kilometres() -> None:
    found = sample(planet="Venus", lat_c=1.0, lon_c=3.0, alt_min_m=40000.0, alt_max_m=90000.0)
    assert judge_draft(found, "x", {"c3min": 40.0, "c3max": 90.0}).wrong == []


def test_records_of_different_headers_have_their_own_names_for_one_thing() -> None:
    half = COUNT // 2
    found = sample(
        TELESCOP=[*["SOHO"] * half, *[None] * half],
        OBSRVTRY=[*[None] * half, *["STEREO_A"] * half],
        EXPTIME=[*[7.5] * half, *[None] * half],
        XPOSURE=[*[None] * half, *[16.0] * half],
        EXPMIN=[1.0, *[None] * (COUNT - 1)],
    )
    draft = propose(found, "x")
    host, exposure = draft.of("instrument_host_name"), draft.of("time_exp_min")
    assert host is not None
    assert exposure is not None
    assert set(host.fields) == {"TELESCOP", "OBSRVTRY"}
    assert set(exposure.fields) == {"EXPTIME", "XPOSURE"}
    assert "pl.coalesce" in host.value.code
    assert not host.sure
    assert not exposure.sure
    wanted = {"instrument_host_name": "SOHO", "time_exp_max": 7.5}
    assert judge_draft(found, "x", wanted).wrong == []


def test_the_name_of_a_file_comes_after_another_name_and_before_a_number() -> None:
    files = [f"ALC{n:04}.txt" for n in range(COUNT)]
    records = sample(lc_id=[f"ALC{n:04}" for n in range(COUNT)], file=files).records
    named = Sample("sql", records.drop("event_id"), COUNT)
    assert fields(named, "granule_uid") == ("lc_id",)
    numbered = Sample("sql", records.drop("lc_id", "event_id").with_row_index("image_id"), COUNT)
    assert fields(numbered, "granule_uid") == ("file",)
    assert judge_draft(numbered, "x", {"granule_uid": "ALC0000"}).wrong == []


def test_the_name_of_a_file_comes_before_what_a_server_made() -> None:
    files = [f"hill_{n:04}.fits" for n in range(COUNT)]
    records = sample(_id=[f"5f0e{n:04x}" for n in range(COUNT)], file=files).records
    made = Sample("mongodb", records.drop("event_id"), COUNT)
    assert fields(made, "granule_uid") == ("file",)


def test_the_german_for_a_sample_is_no_spacecraft_that_is_sure() -> None:
    proposal = propose(sample(probe=["PEL-1"] * COUNT), "x").of("instrument_host_name")
    assert proposal is not None
    assert not proposal.sure


def test_ucds_and_units_of_columns_count() -> None:
    declared = Declared(
        units={"Wmin": "um", "Wmax": "um", "Tint": "min"},
        ucds={
            "Wmin": "em.wl;stat.min",
            "Wmax": "em.wl;stat.max",
            "Tint": "time.duration;obs.exposure",
            "Alpha": "pos.phaseAng",
            "R": "spect.resolution",
            "Name": "meta.id;src",
            "dW": "stat.error;em.wl;stat.min",
        },
    )
    found = declare(declared, dW=0.1, Wmin=0.8, Wmax=2.5, Tint=4.0, Alpha=12.5, R=100, Name="Eros")
    wanted = {
        "spectral_range_min": C / 2.5e-6,
        "spectral_range_max": C / 0.8e-6,
        "time_exp_min": 240.0,
        "phase_max": 12.5,
        "spectral_resolution_min": 100.0,
        "target_name": "Eros",
        "target_class": "asteroid",
    }
    assert judge_draft(found, "x", wanted).wrong == []


@pytest.mark.parametrize(
    ("ucd", "meanings"),
    [
        ("meta.id", {"granule_uid"}),
        ("meta.id;meta.main", {"granule_uid"}),
        ("meta.id;meta.dataset", {"granule_uid"}),
        ("meta.id;obs", {"obs_id"}),
        ("obs;meta.id", {"obs_id"}),
        ("meta.id;src", {"target_name"}),
        ("meta.id;src;meta.main", {"target_name"}),
        ("meta.id;instr", {"instrument_name"}),
        ("meta.id;instr.det", {"instrument_name"}),
        ("instr.obsty;meta.id", {"instrument_host_name"}),
        ("meta.id;instr.tel", {"instrument_host_name"}),
        ("meta.id;meta.file", {"file_name"}),
        ("meta.id;pos.frame", set()),
        ("time.start;obs", {"time_min"}),
    ],
)
def test_what_an_identifier_is_of_stands_after_it_in_its_ucd(ucd: str, meanings: set[str]) -> None:
    found = declare(Declared(ucds={"q": ucd}), q=[f"q{n}" for n in range(COUNT)])
    named = {m for m in MEANINGS if any(c.field.name == "q" for c in find_candidates(found, m))}
    assert named == meanings


MEANINGS = (
    *("granule_uid", "obs_id", "target_name", "instrument_name", "instrument_host_name"),
    *("file_name", "time_min"),
)


def test_a_declared_identifier_of_observations_is_no_key() -> None:
    declared = Declared(ucds={"uid": "meta.id;meta.main", "obs_id": "meta.id;obs"})
    columns = {"uid": [f"g{n}" for n in range(COUNT)], "obs_id": [f"o{n}" for n in range(COUNT)]}
    records = declare(declared, **columns).records.drop("event_id")
    assert propose(Sample("sql", records, COUNT, declared), "x").key == ("uid",)


def test_a_step_in_gigahertz_is_multiplied() -> None:
    found = sample(freq_step_ghz=2.5)
    proposal = propose(found, "x").of("spectral_sampling_step_min")
    assert proposal is not None
    assert proposal.value.code == 'pl.col("freq_step_ghz").cast(pl.Float64) * 1e+09'
    assert judge_draft(found, "x", {"spectral_sampling_step_min": 2.5e9}).wrong == []


@pytest.mark.parametrize(
    ("comment", "unit"),
    [("exposure (secs)", "s"), ("[Seconds] exposure", "s"), ("length (milliseconds)", "ms")],
)
def test_units_of_time_have_one_spelling(comment: str, unit: str) -> None:
    assert find_unit(comment) == unit


def test_a_description_counts_where_no_name_does() -> None:
    declared = Declared(units={"PLAM": "Angstrom"}, descriptions={"PLAM": "Pivot wavelength"})
    found = declare(declared, PLAM=1438.0)
    (described,) = find_candidates(found, "wavelength")
    assert described.score < 0.9
    assert judge_draft(found, "x", {"spectral_range_min": C / 1438e-10}).wrong == []
    both = declare(declared, PLAM=1438.0, wavelength_nm=656.3)
    assert [c.field.name for c in find_candidates(both, "wavelength")] == ["wavelength_nm"]


@pytest.mark.parametrize(
    ("column", "field", "value"),
    [
        ("instrument_name", "instruments", [['{"gain": 3}', '{"gain": 4}']] * COUNT),
        ("instrument_name", "instrument", '{"gain": 3}'),
        ("instrument_host_name", "telescope", "15 cm photoheliograph"),
        ("instrument_host_name", "telescop", "Synoptic spectroheliograph"),
    ],
)
def test_values_that_are_no_names_are_not_sure(column: str, field: str, value: Any) -> None:
    found = propose(sample(**{field: value}), "x").of(column)
    assert found is None or found.confidence < 0.8


def test_a_space_telescope_is_a_host() -> None:
    found = propose(sample(telescop="Hubble Space Telescope"), "x").of("instrument_host_name")
    assert found is not None
    assert found.confidence > 0.9
