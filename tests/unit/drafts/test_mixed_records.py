"""Records of many origins in one source: each says what it is in its own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

import epnkit.mapping
from epnkit.drafts.inspect.sample import Declared, Sample, UnitsByValue
from epnkit.drafts.propose.draft import Draft, propose
from epnkit.drafts.recognise.units import find_unit

COUNT = 30


def sample(
    columns: Mapping[str, Any], declared: Declared | None = None, kind: str = "sql"
) -> Sample:
    """Make records with an identifier and a time; one value is that of all."""
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    base = {"event_id": [f"e{n}" for n in range(COUNT)]}
    if kind == "files":
        base["path"] = base["file_name"] = [f"{n}.fits" for n in range(COUNT)]
    if not any("DATE" in name for name in given):
        base["start_time"] = days(2001)
    return Sample(kind, pl.DataFrame({**base, **given}), COUNT, declared or Declared())


def draft(columns: Mapping[str, Any], declared: Declared | None = None) -> Draft:
    return propose(sample(columns, declared), "x")


def days(year: int) -> list[str]:
    return [f"{year}-01-{n + 1:02}T00:00:00" for n in range(COUNT)]


def made(of: Sample, *columns: str) -> list[tuple[Any, ...]]:
    """Return what the draft makes of the records for some columns."""
    found = propose(of, "x")
    mapping = epnkit.mapping.Mapping(
        {p.columns if len(p.columns) > 1 else p.columns[0]: p.value.value for p in found.proposals}
    )
    return mapping.apply(of.records).granules.select(columns).rows()


def thirds(one: Any, two: Any, three: Any) -> list[Any]:
    return [(one, two, three)[n % 3] for n in range(COUNT)]


def test_targets_of_several_fields_and_observers_of_the_sun_complete_each_other() -> None:
    of = sample(
        {
            "TARGNAME": thirds("NEPTUNE", None, None),
            "OBJECT": thirds(None, "Jupiter", "full disk"),
            "TELESCOP": thirds("HST", "IRTF", "SDO/AIA"),
        }
    )
    rows = made(of, "target_name", "target_class")
    assert rows[:3] == [("Neptune", "planet"), ("Jupiter", "planet"), ("Sun", "star")]
    target = propose(of, "x").of("target_name")
    assert target is not None
    assert target.confidence < 0.8


def test_one_observer_of_the_sun_among_others_makes_no_target_sure() -> None:
    target = draft({"TELESCOP": thirds("SDO/AIA", "MRO", "Cassini")}).of("target_name")
    assert target is None or target.confidence < 0.8


def test_where_there_is_no_target_there_is_no_class() -> None:
    of = sample({"target_name": thirds("Mars", None, "Venus")})
    assert [row[0] is None for row in made(of, "target_class")[:3]] == [False, True, False]


def test_a_satellite_is_the_target_and_its_planet_is_not() -> None:
    of = sample({"satellite": thirds("Io", "Himalia", "Europa"), "planet": "Jupiter"})
    assert made(of, "target_name", "target_class")[1] == ("Himalia", "satellite")


def test_each_date_has_the_time_of_day_that_is_named_like_it() -> None:
    of = sample(
        {
            "NAXIS": 2,
            "DATE-OBS": thirds("2001-01-02", None, None),
            "TIME-OBS": thirds("06:00:00", None, None),
            "DATE_OBS": thirds(None, "2001-01-03", None),
            "TIME_OBS": thirds(None, "12:00:00", None),
            "DATE-BEG": thirds(None, None, "2001-01-04T18:00:00"),
        },
        kind="files",
    )
    assert [row[0] for row in made(of, "time_min")[:3]] == [2451911.75, 2451913.0, 2451914.25]


def test_a_date_of_the_record_ends_no_observation() -> None:
    declared = Declared(descriptions={"updated": "last change of this row"})
    end = draft({"updated": days(2002)}, declared).of("time_max")
    assert end is not None
    assert end.fields == ("start_time",)


def test_a_change_comes_before_a_run() -> None:
    found = draft({"run_date": days(2002), "updated_at": days(2003)})
    assert found.cursor == "updated_at"
    changed = found.of("modification_date")
    assert changed is not None
    assert changed.fields == ("updated_at",)


def test_a_document_of_provenance_tells_when_its_record_was_changed() -> None:
    assert draft({"provenance.lastModified": days(2002)}).cursor == "provenance.lastModified"
    assert draft({"provenance.instrument": thirds("A", "B", "C")}).of("instrument_name") is None


@pytest.mark.parametrize(("name", "sign"), [("s_dec", 1.0), ("dec", 1.0), ("lat_s", -1.0)])
def test_a_letter_of_a_side_is_at_the_end_of_a_name(name: str, sign: float) -> None:
    other = "s_ra" if "dec" in name else "lon"
    of = sample({other: 10.0, name: [5.0 + n for n in range(COUNT)], "target_name": "Mars"})
    assert made(of, "c2min")[0] == (sign * 5.0,)


def test_widths_of_bands_in_documents_have_their_unit_beside_them() -> None:
    of = sample(
        {
            "filter.centerWavelength.value": thirds(675.0, 500.0, 900.0),
            "filter.centerWavelength.unit": "nm",
            "filter.bandwidth.value": thirds(50.0, 100.0, 200.0),
            "filter.bandwidth.unit": "nm",
        }
    )
    low, high = made(of, "spectral_range_min", "spectral_range_max")[0]
    assert 299792458.0 / low * 1e9 == pytest.approx(700.0)
    assert 299792458.0 / high * 1e9 == pytest.approx(650.0)


def test_a_unit_that_some_files_tell_completes_those_of_the_others() -> None:
    declared = Declared(units_by={"WAVELNTH": UnitsByValue("", {"A": "Angstrom", "B": "angstrom"})})
    columns = {"WAVELNTH": thirds(171.0, 6563.0, 5.0), "WAVEUNIT": thirds(None, None, "um")}
    of = sample(columns, declared, "files")
    lengths = [299792458.0 / low * 1e10 for (low,) in made(of, "spectral_range_min")[:3]]
    assert lengths == pytest.approx([171.0, 6563.0, 50000.0])


def test_a_distance_in_astronomical_units_is_no_wavelength() -> None:
    declared = Declared(units={"place": "AU"})
    found = draft({"place": [0.96 + n / 100 for n in range(COUNT)]}, declared)
    assert found.of("spectral_range_min") is None


@pytest.mark.parametrize("name", ["cadence", "time_step"])
def test_durations_in_iso_8601_are_seconds(name: str) -> None:
    of = sample({name: thirds("PT4S", "PT3M12S", "PT0.5S")})
    assert [row[0] for row in made(of, "time_sampling_step_min")[:3]] == [4.0, 192.0, 0.5]


def test_a_number_of_frames_is_no_exposure() -> None:
    of = sample({"exposure.frames": list(range(COUNT)), "exposure.totalIntegrationS": 90.0})
    assert made(of, "time_exp_min")[0] == (90.0,)


def test_a_step_in_wave_numbers_is_spectral() -> None:
    of = sample({"wavenumber_min_cm1": 2e3, "wavenumber_max_cm1": 4e3, "sampling_cm1": 2.0})
    found = propose(of, "x")
    assert found.of("time_sampling_step_min") is None
    assert made(of, "spectral_sampling_step_min")[0][0] == pytest.approx(2 * 29979245800.0)


@pytest.mark.parametrize(
    ("product", "code"),
    [("daily averaged spectrum", "sp"), ("dynamic spectrum", "ds"), ("vertical profile", "pr")],
)
def test_the_last_words_of_a_product_say_its_kind(product: str, code: str) -> None:
    assert made(sample({"product_type": product}), "dataproduct_type")[0] == (code,)


@pytest.mark.parametrize(
    ("columns", "about", "host"),
    [
        ({"instrument": "AIA"}, "", "SDO"),
        ({"instrument": thirds("AIA", "HMI", "AIA")}, "", "SDO"),
        ({"instrument": thirds("AIA", "EIT", "AIA")}, "", None),
        ({"camera": "SRU"}, "lightning seen by the star cameras of Juno", "Juno"),
        ({"camera": "SRU"}, "seen by Juno and by MAVEN", None),
    ],
)
def test_what_carried_an_instrument_is_known(
    columns: dict[str, Any], about: str, host: str | None
) -> None:
    found = draft(columns, Declared(about=about)).of("instrument_host_name")
    assert (None if found is None else found.value.value) == host


def test_a_number_that_is_the_same_in_all_records_is_no_time() -> None:
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], "ET": [9] * COUNT})
    start = propose(Sample("sql", records, COUNT), "x").of("time_min")
    assert start is None or start.confidence < 0.5


def test_the_name_of_a_file_beside_a_number_is_not_sure_to_identify() -> None:
    records = pl.DataFrame(
        {
            "number": list(range(COUNT)),
            "file_name": [f"kso_{n}.fts" for n in range(COUNT)],
            "start_time": days(2001),
        }
    )
    uid = propose(Sample("sql", records, COUNT, Declared(key=("number",))), "x").of("granule_uid")
    assert uid is not None
    assert uid.confidence < 0.9 or uid.fields == ("number",)


def test_places_that_most_records_have_come_before_ends_that_few_have() -> None:
    of = sample(
        {
            "longitude": 10.0,
            "latitude": 5.0,
            "dipole1long": thirds(9.0, None, None),
            "dipole2long": thirds(11.0, None, None),
            "dipole1lat": thirds(4.0, None, None),
            "dipole2lat": thirds(6.0, None, None),
        }
    )
    assert made(of, "c1min", "c2min")[1] == (10.0, 5.0)


def test_the_energy_of_particles_is_no_spectral_range() -> None:
    energies = {"energy_min_MeV": 50.0, "energy_max_MeV": 80.0}
    assert draft(energies | {"species": "proton"}).of("spectral_range_min") is None
    assert draft(energies).of("spectral_range_min") is not None


def test_a_mission_is_not_sure_to_carry_an_instrument() -> None:
    host = draft({"sample.mission": thirds("Apollo 15", "Apollo 14", "Apollo 17")})
    found = host.of("instrument_host_name")
    assert found is None or not found.sure


def test_carrington_longitudes_come_before_those_from_the_central_meridian() -> None:
    of = sample(
        {"hg_lon": -30.0, "hg_lat": 5.0, "carr_lon": 110.0, "instrument": "AIA", "target": "Sun"}
    )
    assert made(of, "c1min", "c2min")[0] == (110.0, 5.0)


def test_a_side_in_the_name_of_a_single_coordinate_is_its_sense() -> None:
    of = sample({"latitude_n": 4.5, "longitude_e": 135.6, "target_name": "Mars"})
    assert made(of, "c1min", "c2min")[0] == (135.6, 4.5)


def test_outlines_of_what_no_body_is_known_by_lie_on_the_sky() -> None:
    outline = "POLYGON((71 -33, 72 -33, 72 -32, 71 -32, 71 -33))"
    assert draft({"area": outline, "target_name": "65803 Didymos"}).frame == "celestial"
    assert draft({"area": outline, "target_name": "Mars"}).frame == "body"


def test_the_unit_at_the_end_of_a_comment_counts() -> None:
    declared = Declared(units={"exposure": find_unit("exposure time in ms") or ""})
    assert made(sample({"exposure": 30.0}, declared), "time_exp_min")[0] == (0.03,)


def test_what_makes_a_range_is_no_step_and_no_resolution() -> None:
    found = draft({"wl_nm": thirds(500.0, 600.0, 700.0), "fwhm_nm": 50.0})
    assert found.of("spectral_range_min") is not None
    assert found.of("spectral_resolution_min") is None
    assert (
        draft({"channel_angstrom": thirds(171, 193, 304)}).of("spectral_sampling_step_min") is None
    )


def test_a_spectral_range_within_a_document_is_in_the_unit_beside_it() -> None:
    columns = {"spectralRange.min": 383.0, "spectralRange.max": 690.0, "spectralRange.unit": "nm"}
    ((low,),) = {*made(sample(columns), "spectral_range_min")}
    assert 299792458.0 / low * 1e9 == pytest.approx(690.0)
