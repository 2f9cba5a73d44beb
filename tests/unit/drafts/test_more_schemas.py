"""Drafts for schemas as archives publish them, made up after them; drafting was developed on these.

Drafting was first scored on such schemas before it had seen them; what it got wrong there is
kept here. So these show that nothing is lost again, not how it does on the next schema.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from tests.support.draft_judge import Expected, judge_draft, of_documents

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import propose

SUN = {"target_name": "Sun", "target_class": "star"}
MARS = {"target_name": "Mars", "target_class": "planet"}


def sql(**columns: list[Any]) -> Sample:
    """Make a sample of a table, with the types that its driver gives."""
    return Sample("sql", pl.DataFrame(columns), len(next(iter(columns.values()))))


def lines(make: Callable[[int], dict[str, Any]]) -> Sample:
    """Make a sample of one file of 20 records, as the reader of files gives them."""
    of_file = {"path": "in/list.csv", "file_name": "list.csv"}
    return of_documents([{**make(n), **of_file, "line": n + 1} for n in range(20)], "files")


def days(first: str, count: int = 12) -> list[dt.date]:
    return [dt.date.fromisoformat(first) + dt.timedelta(number) for number in range(count)]


def spectral_events() -> Sample:
    """Make a log of bursts with one date and two times of day, as MySQL gives them."""
    return sql(
        event_no=list(range(1, 13)),
        obs_date=days("2003-10-28"),
        start_ut=[dt.timedelta(hours=23, minutes=51)] * 12,
        end_ut=[dt.timedelta(minutes=3)] * 12,
        station=["Learmonth"] * 12,
        instrument=["SRS"] * 12,
        freq_low_mhz=[25.0] * 12,
        freq_high_mhz=[180.0] * 12,
        intensity=[1, 2, 3] * 4,
    )


def french_cubes() -> Sample:
    """Make a table of hyperspectral cubes of Mars with French names."""
    return sql(
        nom_cube=[f"ORB{18 + n:04}_1" for n in range(12)],
        cible=["Mars"] * 12,
        date_debut=[f"{day} 22:03:11" for day in days("2004-01-14")],
        date_fin=[f"{day} 22:13:45" for day in days("2004-01-14")],
        mission=["Mars Express"] * 12,
        instrument=["OMEGA"] * 12,
        type_produit=["cube"] * 12,
        longitude_min=[101.5] * 12,
        longitude_max=[110.25] * 12,
        latitude_min=[-35.5] * 12,
        latitude_max=[20.25] * 12,
        incidence=[41.2] * 12,
        longueur_onde_min=[0.93] * 12,
        longueur_onde_max=[5.1] * 12,
        unite_longueur_onde=["micron"] * 12,
        temps_pose=[0.1] * 12,
        taille_octets=[92345678] * 12,
    )


def italian_images() -> Sample:
    """Make a table of images of the Sun with Italian names, and times of day of MySQL."""
    return sql(
        id_osservazione=list(range(100, 112)),
        nome_file=[f"CT_Halpha_{n:04}.fits" for n in range(12)],
        data_oss=days("2004-05-12"),
        ora_inizio=[dt.timedelta(hours=8, minutes=12, seconds=33)] * 12,
        ora_fine=[dt.timedelta(hours=8, minutes=12, seconds=34)] * 12,
        osservatorio=["INAF Osservatorio di Catania"] * 12,
        strumento=["Filtro Halle"] * 12,
        oggetto=["Sole"] * 12,
        lunghezza_onda=[6562.8] * 12,
        unita_onda=["Angstrom"] * 12,
        esposizione_ms=[25.0] * 12,
        tipo_prodotto=["immagine"] * 12,
    )


def planetary_index() -> Sample:
    """Make an index table of PDS3, with the angles and places of images of Mars."""
    return sql(
        product_id=[f"H{22 + n:04}_0000_RE3.IMG" for n in range(12)],
        data_set_id=["MEX-M-HRSC-3-RDR-V3.0"] * 12,
        file_specification_name=[f"DATA/{n:04}/H{22 + n:04}_0000_RE3.IMG" for n in range(12)],
        instrument_host_name=["MARS EXPRESS"] * 12,
        instrument_id=["HRSC"] * 12,
        target_name=["MARS"] * 12,
        orbit_number=list(range(22, 34)),
        start_time=[dt.datetime.combine(day, dt.time(22, 3, 11)) for day in days("2004-01-14")],
        stop_time=[dt.datetime.combine(day, dt.time(22, 8)) for day in days("2004-01-14")],
        processing_level_id=[3] * 12,
        minimum_latitude=[-20.5] * 12,
        maximum_latitude=[12.25] * 12,
        easternmost_longitude=[151.2] * 12,
        westernmost_longitude=[148.1] * 12,
        incidence_angle=[60.5] * 12,
        emission_angle=[0.1] * 12,
        phase_angle=[61.3] * 12,
    )


def flares(number: int) -> dict[str, Any]:
    """Make a line of a list of flares, its date with the name of the month."""
    return {
        "flare_id": str(2021213 + number),
        "date": f"{12 + number // 4}-Feb-2002",
        "start": "21:29:56",
        "peak": "21:30:42",
        "end": "21:32:12",
        "dur_s": "136",
        "energy_low_kev": "12",
        "energy_high_kev": "25",
        "total_counts": str(167304 + number),
        "x_asec": "592",
        "y_asec": "-358",
    }


def keywords(number: int) -> dict[str, Any]:
    """Make a line of the export of a series of images, which a record number tells apart."""
    return {
        "T_REC": f"2014-01-01T00:{number:02}:01Z",
        "FSN": str(67300000 + 8 * number),
        "DATE__OBS": f"2014-01-01T00:{number:02}:00.34",
        "TELESCOP": "SDO/AIA",
        "INSTRUME": "AIA_3",
        "EXPTIME": "1.999601",
        "WAVELNTH": "171",
        "WAVEUNIT": "angstrom",
    }


def registry(number: int) -> dict[str, Any]:
    """Make a document of a registry of PDS4 products."""
    start = f"2017-09-10T{number:02}:12:44.120Z"
    return {
        "lidvid": f"urn:nasa:pds:maven.iuvs.calibrated:limb:orbit{5700 + number}::13.0",
        "pds:Time_Coordinates.pds:start_date_time": start,
        "pds:Time_Coordinates.pds:stop_date_time": start.replace(":12:", ":21:"),
        "pds:Primary_Result_Summary.pds:processing_level": "Calibrated",
        "pds:Target_Identification.pds:name": "Mars",
        "pds:Target_Identification.pds:type": "Planet",
    }


def receivers() -> Sample:
    """Make a table of daily files of a radio receiver, units at the end of the names."""
    return sql(
        file=[f"swaves_{day:%Y%m%d}_a_hfr.dat" for day in days("2008-01-01")],
        spacecraft=["STEREO-A"] * 12,
        receiver=["HFR"] * 12,
        kind=["dynamic spectrum"] * 12,
        begin_utc=[f"{day} 00:00:12" for day in days("2008-01-01")],
        end_utc=[f"{day} 23:59:34" for day in days("2008-01-01")],
        fmin_khz=[125.0] * 12,
        fmax_khz=[16025.0] * 12,
        cadence_s=[38.05] * 12,
        channel_width_khz=[50.0] * 12,
    )


#: Each schema, and what the columns of its first granule ought to be.
SCHEMAS: dict[str, tuple[Sample, Expected]] = {
    "spectral events": (
        spectral_events(),
        {
            "granule_uid": "drafted_1",
            "time_min": 2452941.49375,
            "time_max": 2452941.5020833333,
            "spectral_range_min": 25e6,
            "spectral_range_max": 180e6,
            "instrument_host_name": "Learmonth",
            "instrument_name": "SRS",
        },
    ),
    "french cubes": (
        french_cubes(),
        {
            **MARS,
            "granule_uid": "ORB0018_1",
            "time_min": 2453019.418877315,
            "time_max": 2453019.426215278,
            "spectral_range_min": 5.878283e13,
            "spectral_range_max": 3.223575e14,
            "c1min": 101.5,
            "c1max": 110.25,
            "c2min": -35.5,
            "c2max": 20.25,
            "incidence_min": 41.2,
            "incidence_max": 41.2,
            "time_exp_min": 0.1,
            "dataproduct_type": {"cu", "sc"},
            "instrument_host_name": "Mars Express",
            "instrument_name": "OMEGA",
        },
    ),
    "italian images": (
        italian_images(),
        {
            **SUN,
            "granule_uid": {"CT_Halpha_0000", "drafted_100"},
            "time_min": 2453137.842048611,
            "time_max": 2453137.8420601850,
            "time_exp_min": 0.025,
            "spectral_range_min": 4.568055e14,
            "instrument_host_name": "INAF Osservatorio di Catania",
            "instrument_name": "Filtro Halle",
            "dataproduct_type": "im",
        },
    ),
    "planetary index": (
        planetary_index(),
        {
            **MARS,
            "granule_uid": "H0022_0000_RE3",
            "granule_gid": "MEX-M-HRSC-3-RDR-V3.0",
            "time_min": 2453019.418877315,
            "time_max": 2453019.4222222223,
            "processing_level": 3,
            "instrument_host_name": "MARS EXPRESS",
            "instrument_name": "HRSC",
            "c1min": 148.1,
            "c1max": 151.2,
            "c2min": -20.5,
            "c2max": 12.25,
            "incidence_min": 60.5,
            "emergence_max": 0.1,
            "phase_min": 61.3,
            "phase_max": 61.3,
            "dataproduct_type": "im",
        },
    ),
    "flares": (
        lines(flares),
        {
            "granule_uid": "drafted_2021213",
            "time_min": 2452318.395787037,
            "time_max": 2452318.397361111,
            "spectral_range_min": 2.901587e18,
            "spectral_range_max": 6.044973e18,
        },
    ),
    "keywords": (
        lines(keywords),
        {
            **SUN,
            "granule_uid": {"67300000", "drafted_67300000"},
            "time_min": 2456658.5000039353,
            "spectral_range_min": 1.753172e16,
            "instrument_host_name": "SDO/AIA",
            "instrument_name": "AIA_3",
            "time_exp_max": 1.999601,
        },
    ),
    "registry": (
        of_documents([registry(n) for n in range(12)], "elasticsearch"),
        {
            **MARS,
            "time_min": 2458006.508843981,
            "time_max": 2458006.515093981,
            "processing_level": 3,
        },
    ),
    "receivers": (
        receivers(),
        {
            "granule_uid": "swaves_20080101_a_hfr",
            "time_min": 2454466.500138889,
            "time_max": 2454467.499699074,
            "spectral_range_min": 125e3,
            "spectral_range_max": 16.025e6,
            "spectral_sampling_step_min": 50e3,
            "time_sampling_step_max": 38.05,
            "dataproduct_type": "ds",
            "instrument_host_name": "STEREO-A",
            "instrument_name": "HFR",
        },
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_most_columns_are_right_and_no_sure_one_is_wrong(name: str) -> None:
    sample, expected = SCHEMAS[name]
    found = judge_draft(sample, "drafted", expected)
    assert found.misled == [], found
    assert found.share >= 0.9, found


def test_the_frame_of_limits_on_a_surface_is_the_bodys() -> None:
    assert propose(planetary_index(), "drafted").frame == "body"


def test_two_fields_that_name_different_bodies_leave_the_target_open() -> None:
    records = sql(
        opus_id=[f"co-iss-n{n}" for n in range(12)],
        planet=["Saturn"] * 12,
        intended_target_name=["Titan"] * 12,
        start_time=[f"{d}" for d in days("2007-06-29")],
    )
    found = propose(records, "drafted").of("target_name")
    assert found is not None
    assert not found.sure
    assert "planet" in found.reason


def test_a_spacecraft_that_also_measures_around_itself_does_not_tell_the_target() -> None:
    records = sql(
        data_item_id=[f"solo_L2_mag_{n:04}" for n in range(12)],
        mission=["SOLO"] * 12,
        begin_time=[f"{day}T00:00:00" for day in days("2020-07-01")],
    )
    found = propose(records, "drafted").of("target_name")
    assert found is not None
    assert found.value.value == "Sun"
    assert not found.sure


@pytest.mark.parametrize(
    ("name", "kind"),
    [("433 EROS", "asteroid"), ("46P/WIRTANEN", "comet"), ("C/1995 O1", "comet"), ("DUST", "star")],
)
def test_small_bodies_are_known_by_their_designations(name: str, kind: str) -> None:
    records = sql(
        product_id=[f"M{n}" for n in range(12)],
        target_name=[name] * 12,
        start_time=[f"{day}T00:00:00" for day in days("2000-02-14")],
    )
    found = propose(records, "drafted").of("target_class")
    assert found is not None
    assert (found.value.value, found.sure) == (kind, False)


def test_sizes_in_kilobytes_are_taken_as_they_are() -> None:
    records = sql(
        id=[f"a{n}" for n in range(12)],
        url=["https://data.example.org/a.fits"] * 12,
        file_size_kb=[811] * 12,
        date_obs=days("2000-02-14"),
    )
    found = propose(records, "drafted").of("access_estsize")
    assert found is not None
    assert records.records.select(found.value.value).to_series()[0] == 811
