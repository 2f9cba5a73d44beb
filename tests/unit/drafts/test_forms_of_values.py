"""Values in the forms that catalogues write them, and what a draft makes of the first of them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import epnkit.mapping
from epnkit.drafts.inspect.sample import Declared, Sample
from epnkit.drafts.propose.draft import Draft, propose
from epnkit.drafts.write.service import list_decisions
from epnkit.mapping.declare import Mapping

COUNT = 12
C = 299792458.0
NM = C * 1e9

#: What the code of a draft may name.
NAMES = {"pl": pl, **{name: getattr(epnkit.mapping, name) for name in epnkit.mapping.__all__}}


def grown(first: float, step: float = 1.0) -> list[float]:
    return [first + step * number for number in range(COUNT)]


def commas(values: list[float]) -> list[str]:
    return [f"{value:.2f}".replace(".", ",") for value in values]


def sample(columns: dict[str, Any], declared: Declared | None = None, kind: str = "sql") -> Sample:
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], **given})
    return Sample(kind, records, COUNT, declared or Declared())


def first(draft: Draft, of: Sample) -> dict[str, Any]:
    """Give the first granule, by the values that are declared and by their code."""
    by_value = {each.columns: each.value.value for each in draft.proposals}
    by_code = {
        each.columns: eval(each.value.code, dict(NAMES))  # noqa: S307 - what a draft writes
        for each in draft.proposals
    }
    made, written = (
        Mapping({k if len(k) > 1 else k[0]: v for k, v in columns.items()}).apply(of.records)
        for columns in (by_value, by_code)
    )
    assert made.granules.equals(written.granules)
    row: dict[str, Any] = made.granules.row(0, named=True)
    return row


DAYS = {"start_time": [f"2016-05-{n + 1:02}T10:00:00" for n in range(COUNT)]}
MIDNIGHT = 2457509.5  # of 2016-05-01

CASES: dict[str, tuple[dict[str, Any], Declared, dict[str, Any]]] = {
    "decimal commas": (
        {
            **DAYS,
            "duration_s": commas(grown(0.5)),
            "Laenge_Grad": commas(grown(11.2)),
            "Breite_Grad": commas(grown(48.1, 0.1)),
            "freq_mhz": commas(grown(20.5)),
        },
        Declared(),
        {
            "c1min": 11.2,
            "c2min": 48.1,
            "spectral_range_min": 20.5e6,
            "time_max": MIDNIGHT + 10 / 24 + 0.5 / 86400,
        },
    ),
    "well-known text": (
        {"outline": [f"POLYGON(({n} 1, {n + 2} 1, {n + 1} 3, {n} 1))" for n in range(340, 352)]},
        Declared(),
        {
            "c1min": 340.0,
            "c1max": 342.0,
            "c2min": 1.0,
            "c2max": 3.0,
            "s_region": "{(340.0000000d,1.0000000d),(342.0000000d,1.0000000d),"
            "(341.0000000d,3.0000000d)}",
        },
    ),
    "GeoJSON": (
        {"geom": ['{"type":"Polygon","coordinates":[[[-10,1],[-8,1],[-9,3.5],[-10,1]]]}'] * COUNT},
        Declared(),
        {"c1min": 350.0, "c1max": 352.0, "c2max": 3.5},
    ),
    "an outline over longitude 0": (
        {"outline": "SRID=4326;POLYGON((350 1, 10 1, 0 5, 350 1))"},
        Declared(),
        {"c1min": 350.0, "c1max": 10.0, "c2min": 1.0, "c2max": 5.0},
    ),
    "corners of GeoJSON": (
        {
            "geometry.type": "Polygon",
            "geometry.coordinates": [["[[20.0,-40],[29.0,-40],[29.0,-34],[20.0,-40]]"]] * COUNT,
        },
        Declared(),
        {"c1min": 20.0, "c1max": 29.0, "c2min": -40.087127773, "c2max": -34.0},
    ),
    "steps in wavelength": (
        {"wl_min": 400.0, "wl_max": 800.0, "wl_step": 2.0},
        Declared({"wl_min": "nm", "wl_max": "nm", "wl_step": "nm"}),
        {
            "spectral_sampling_step_min": NM * 2 / 800**2,
            "spectral_sampling_step_max": NM * 2 / 400**2,
        },
    ),
    "steps beside a column of units": (
        {"start": 400.0, "stop": 800.0, "step": 2.0, "resolution": 4.0, "units": "nm"},
        Declared(),
        {
            "spectral_sampling_step_min": NM * 2 / 800**2,
            "spectral_resolution_min": 100.0,
            "spectral_resolution_max": 200.0,
        },
    ),
    "numbered windows": (
        {"TWMIN1": 1332.7, "TWMAX1": 1337.0, "TWMIN2": 2790.6, "TWMAX2": 2809.9},
        Declared(),
        {"spectral_range_min": NM / 280.99, "spectral_range_max": NM / 133.27},
    ),
    "energies in texts": (
        {"energy_band": ["12-25 keV"] * COUNT},
        Declared(),
        {"spectral_range_min": 12 * 2.417989242e17, "spectral_range_max": 25 * 2.417989242e17},
    ),
    "a wavelength among words": (
        {"filter_name": "CH4 889nm"},
        Declared(),
        {"spectral_range_min": NM / 889.0},
    ),
    "a line": ({"filter": "H-alpha"}, Declared(), {"spectral_range_min": NM / 656.281}),
    "a band of radar": (
        {"band": ["X-band", "Ku-band"] * (COUNT // 2)},
        Declared(),
        {"spectral_range_min": 8e9, "spectral_range_max": 12e9},
    ),
    "days since a date": (
        {"t_start": grown(5964.25)},
        Declared({"t_start": "days since 2000-01-01"}),
        {"time_min": MIDNIGHT - 1.0 + 0.25},
    ),
    "shortened Julian dates": (
        {"bjd_start": grown(7509.75)},
        Declared({"bjd_start": "BJD - 2450000"}),
        {"time_min": MIDNIGHT + 0.25},
    ),
    "modified Julian dates in texts": (
        {"mjd_start": [f"{57509.25 + n}" for n in range(COUNT)]},
        Declared(),
        {"time_min": MIDNIGHT + 0.25},
    ),
    "years with a fraction": (
        {"annee_dec": grown(2015.5, 0.01)},
        Declared(),
        {"time_min": 2457023.5 + 182.5},
    ),
    "GPS seconds": ({"gps_start": grown(1146096017.0)}, Declared(), {"time_min": MIDNIGHT}),
    "ephemeris time": ({"et_start": grown(515332868.183)}, Declared(), {"time_min": MIDNIGHT}),
    "Unix milliseconds": (
        {"epoch_unix_ms": [1462060800000 + n for n in range(COUNT)]},
        Declared(),
        {"time_min": MIDNIGHT},
    ),
    "a day of the year and a second of it": (
        {"year": 2016, "doy": 122, "sod_start": grown(3600.0), "sod_end": grown(7200.0)},
        Declared(),
        {"time_min": MIDNIGHT + 1 / 24, "time_max": MIDNIGHT + 2 / 24},
    ),
    "first and last seen": (
        {"firstSeen": DAYS["start_time"], "lastSeen": ["2016-05-20T10:00:00"] * COUNT},
        Declared(),
        {"time_max": MIDNIGHT + 19 + 10 / 24},
    ),
    "samples a second": ({"sample_rate_hz": 32.0}, Declared(), {"time_sampling_step_min": 1 / 32}),
    "steps in minutes": ({"cadence_min": 2.0}, Declared(), {"time_sampling_step_min": 120.0}),
    "hours of right ascension": (
        {"RA": "18 36 56.3", "Dec": "-00 47 01"},
        Declared(),
        {"c1min": 279.2345833, "c2min": -0.7836111},
    ),
    "longitudes to the west": (
        {
            "platform": "MESSENGER",
            "wlon_start": grown(200.0),
            "wlon_end": grown(202.0),
            "lat_start": grown(-10.0),
            "lat_end": grown(-8.0),
        },
        Declared(),
        {"c1min": 158.0, "c1max": 160.0},
    ),
    "longitudes that the source counts to the west": (
        {"lon": grown(200.0), "lat": grown(-10.0)},
        Declared(descriptions={"lon": "planetographic longitude, positive west"}),
        {"c1min": 160.0},
    ),
    "the heights of a path": (
        {
            "lat": grown(10.0),
            "lon": grown(10.0),
            "begin_height_km": grown(99.0),
            "end_height_km": grown(80.0),
        },
        Declared(),
        {"c3min": 80.0, "c3max": 99.0},
    ),
    "two angles that are numbered": (
        {
            "GEOincidence1": grown(30.0),
            "GEOincidence2": grown(28.0),
            "GEOemission1": grown(1.0),
            "GEOemission2": grown(3.0),
        },
        Declared(),
        {"incidence_min": 28.0, "incidence_max": 30.0, "emergence_min": 1.0, "emergence_max": 3.0},
    ),
    "an axis with its unit": (
        {"target": "Venus", "xkm": grown(1200.0), "ykm": grown(-300.0), "zkm": grown(2200.0)},
        Declared(),
        {"c1min": 1200.0, "c2max": -300.0},
    ),
    "titles": (
        {"title": [f"{'Jupiter' if n % 2 == 0 else 'Saturn'}, run {n}" for n in range(COUNT)]},
        Declared(),
        {"target_name": "Jupiter", "target_class": "planet"},
    ),
    "small bodies by number and name": (
        {"spkid": 2000433, "full_name": ["433 Eros (A898 PA)", "1036 Ganymed"] * (COUNT // 2)},
        Declared(),
        {"target_name": "433 Eros (A898 PA)", "target_class": "asteroid"},
    ),
    "types of radio bursts": (
        {"burst_type": ["II", "III", "IV"] * (COUNT // 3)},
        Declared(),
        {"target_name": "Sun", "target_class": "star"},
    ),
    "levels in Italian": ({"livello": "calibrato"}, Declared(), {"processing_level": "3"}),
    "levels of CODMAC": ({"codmac_level": 4}, Declared(), {"processing_level": "5"}),
    "events behind an address": (
        {"link": [f"https://x.example/view/CME/{n}" for n in range(COUNT)]},
        Declared(),
        {"dataproduct_type": "ci"},
    ),
    "created and changed": (
        {**DAYS, "erstellt_am": "2017-01-02 03:04:05", "geaendert_am": "2017-02-02 03:04:05"},
        Declared(),
        {"creation_date": "2017-01-02", "modification_date": "2017-02-02"},
    ),
    "a line and the width of its filter": (
        {"line_nm": 656.28, "filt_fwhm_nm": 0.05},
        Declared(),
        {"spectral_range_min": NM / 656.305, "spectral_range_max": NM / 656.255},
    ),
    "a width in another unit, in French": (
        {"lambda_um": 0.54, "largeur_nm": 170.0},
        Declared(),
        {"spectral_range_min": NM / 625.0, "spectral_range_max": NM / 455.0},
    ),
    "a passband and its channels": (
        {"skyFreqMHz": 327.0, "passbandMHz": 10.0, "channelKHz": 39.0625},
        Declared(),
        {
            "spectral_range_min": 322e6,
            "spectral_range_max": 332e6,
            "spectral_sampling_step_min": 39062.5,
        },
    ),
    "the shortest and the longest wavelength": (
        {"lambdaShortNm": 525.0, "lambdaLongNm": 525.9},
        Declared(),
        {"spectral_range_min": NM / 525.9, "spectral_range_max": NM / 525.0},
    ),
    "keywords that complete each other": (
        {
            "WAVELEN": [6562.8, None] * (COUNT // 2),
            "BANDWID": [0.5, None] * (COUNT // 2),
            "WAVELNTH": [None, 530.3] * (COUNT // 2),
        },
        Declared({"WAVELEN": "Angstrom", "BANDWID": "Angstrom", "WAVELNTH": "nm"}),
        {"spectral_range_min": NM / 656.305, "spectral_range_max": NM / 656.255},
    ),
    "what opens and closes": (
        {"windowOpens": DAYS["start_time"], "windowCloses": ["2016-05-20T10:00:00"] * COUNT},
        Declared(),
        {"time_min": MIDNIGHT + 10 / 24, "time_max": MIDNIGHT + 19 + 10 / 24},
    ),
    "angles from and to": (
        {
            "sza.from": grown(60.5),
            "sza.to": grown(63.25),
            "geometry.phase.from": grown(59.0),
            "geometry.phase.to": grown(64.0),
        },
        Declared(),
        {"incidence_min": 60.5, "incidence_max": 63.25, "phase_min": 59.0, "phase_max": 64.0},
    ),
    "parts of a time with short names": (
        {"yr": 2016, "mo": 5, "dy": grown(1), "hh": 12, "mi": 30, "ss": 0},
        Declared(),
        {"time_min": MIDNIGHT + 12.5 / 24},
    ),
    "dates that other keywords complete": (
        {
            "DATE-OBS": [None, "2016-05-02T11:00:00"] * (COUNT // 2),
            "DATE-END": [None, "2016-05-02T12:00:00"] * (COUNT // 2),
            "DATE_OBS": ["2016-05-01", None] * (COUNT // 2),
            "TIME_OBS": ["06:00:00.000", None] * (COUNT // 2),
            "TIME_END": ["18:00:00.000", None] * (COUNT // 2),
        },
        Declared(),
        {"time_min": MIDNIGHT + 0.25, "time_max": MIDNIGHT + 0.75},
    ),
    "a document of a number and its unit": (
        {"repeatEvery.value": grown(15.0), "repeatEvery.unit": "s"},
        Declared(),
        {"time_sampling_step_min": 15.0},
    ),
    "seconds a cycle": (
        {"meanSecondsPerCycle": grown(32.5), "meanMillisecondsPerFrame": grown(17.0)},
        Declared(),
        {"time_sampling_step_min": 32.5, "time_exp_max": 0.017},
    ),
    "intervals in French": ({"intervalle_s": 0.25}, Declared(), {"time_sampling_step_max": 0.25}),
    "minutes of a scan": (
        {**DAYS, "scanMinutes": 6.0},
        Declared(),
        {"time_max": MIDNIGHT + 10.1 / 24},
    ),
    "corners in arcseconds": (
        {**DAYS, "target": "Sun", "fieldCorners": "(500,100),(400,-100)"},
        Declared(),
        {"s_region": "{("},
    ),
    "longitudes of which the east is the less": (
        {"lon_w": grown(200.0), "lon_e": grown(190.0), "lat_s": -5.0, "lat_n": 5.0},
        Declared(),
        {"c1min": 190.0, "c1max": 200.0},
    ),
    "an elevation that its UCD says": (
        {"lat": grown(1.0), "lon": grown(2.0), "elev": grown(-4390.0)},
        Declared({"elev": "m"}, ucds={"elev": "pos.bodyrc.alt"}),
        {"c3min": -4.39},
    ),
    "the point below the Sun, to the west": (
        {"target": "Phobos", "ssl_wlon": grown(10.0), "ssl_lat": grown(3.0)},
        Declared(),
        {"subsolar_longitude_min": 350.0, "subsolar_latitude_max": 3.0},
    ),
    "an antenna and its receiver": (
        {"antenna": ["Fuji", "Kiso"] * (COUNT // 2), "backEnd": "polarimeter"},
        Declared(),
        {"instrument_host_name": "Fuji", "instrument_name": "polarimeter"},
    ),
    "a craft and its payload": (
        {"mission.craft": "Trace Gas Orbiter", "mission.payload.name": "NOMAD"},
        Declared(),
        {"instrument_host_name": "Trace Gas Orbiter", "instrument_name": "NOMAD"},
    ),
    "sources with places on the sky": (
        {
            "radioSource": ["3C48", "3C147"] * (COUNT // 2),
            "ra": [24.4, 85.6] * (COUNT // 2),
            "dec": [33.2, 49.9] * (COUNT // 2),
            "pPointCarrLon": grown(10.0),
            "pPointHgLat": grown(-3.0),
        },
        Declared(),
        {"target_name": "3C48", "c1min": 24.4},
    ),
    "codes of stations": (
        {"obs_code": "J95", "telescope": "0.4-m reflector"},
        Declared(),
        {"instrument_host_name": "J95", "instrument_name": "0.4-m reflector"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_value_is_right(case: str) -> None:
    columns, declared, expected = CASES[case]
    records = sample(columns, declared)
    row = first(propose(records, "x"), records)
    for column, wanted in expected.items():
        if isinstance(wanted, float):
            near = 1e-12 if column.startswith("time_m") else 1e-6  # a Julian date, to 0.2 s
            assert row[column] == pytest.approx(wanted, rel=near), column
        else:
            assert str(row[column])[: len(wanted)] == wanted, column


#: What is no such form: the columns, and what stays empty or unsure.
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "thousands": ({"freq_mhz": ["1,234", "2,345"] * (COUNT // 2)}, "spectral_range_min"),
    "an epoch of coordinates": ({"epoch": 2015.5}, "time_min"),
    "seconds of a spacecraft's clock": ({"sclk_start": grown(515332868.0)}, "time_min"),
    "a host star": ({"hostname": ["HD 1", "HD 2"] * (COUNT // 2)}, "instrument_host_name"),
    "a part of a time that a comment says is of the exposure": ({"yr": 1993}, "time_exp_min"),
    "an altitude in degrees": (
        {"lat": grown(1.0), "lon": grown(2.0), "lunar_alt_deg": grown(20.0)},
        "c3min",
    ),
    "the point below the Sun": ({"ssl_lon": grown(1.0), "ssl_lat": grown(2.0)}, "c1min"),
    "paths of files": (
        {"filmObject": [f"2022/crisp/{n}/quick.mp4" for n in range(COUNT)]},
        "target_name",
    ),
    "names that are not observed": ({"title": "Phoenix and Jupiter, Saturn"}, "target_name"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_only_looks_like_it_is_nothing(case: str) -> None:
    columns, column = OTHERS[case]
    declared = Declared(descriptions={"yr": "year of the exposure (UT)"})
    assert propose(sample(columns, declared), "x").of(column) is None


def test_a_place_on_the_sun_is_drawn_as_the_earth_sees_it() -> None:
    columns = {**DAYS, "xcen": grown(100.0), "ycen": -200.0, "fovx": 60.0, "fovy": 60.0}
    seen = sample({**columns, "instrument": "SOT", "spacecraft": "Hinode"})
    made = propose(seen, "x")
    assert made.frame == "body"
    assert first(made, seen)["s_region"].startswith("{(")
    elsewhere = propose(sample({**columns, "spacecraft": "Solar Orbiter"}), "x")
    assert elsewhere.of("s_region") is None


def test_an_hour_without_minutes_is_not_sure() -> None:
    given = {"year": 2016, "month": 5, "day": 1, "hour": [n % 24 for n in range(COUNT)]}
    proposal = propose(sample(given), "x").of("time_min")
    assert proposal is not None
    assert proposal.confidence < 0.8


def test_coordinates_of_another_point_are_no_sure_sign_of_the_sun() -> None:
    given = {"pPointCarrLon": grown(10.0), "pPointHgLat": grown(-3.0)}
    proposal = propose(sample(given), "x").of("target_name")
    assert proposal is not None
    assert not proposal.sure


def test_documents_come_before_their_files() -> None:
    names = [f"orb{n}.json" for n in range(COUNT)]
    keys = [f"so-2019-{n:03}" for n in range(COUNT)]
    documents = {"path": names, "file_name": names, "_meta.granuleKey": keys}
    proposal = propose(sample(documents, kind="files"), "x").of("granule_uid")
    assert proposal is not None
    assert proposal.fields == ("_meta.granuleKey",)
    assert not proposal.sure


def test_what_is_alike_of_both_ends_is_asked_once() -> None:
    draft = propose(sample({"cadence_x": grown(3.0)}), "x")
    asked = [line for line in list_decisions(draft) if "cadence_x" in line or "step" in line]
    assert [line.partition(" (")[0] for line in asked] == [
        "time_sampling_step_min, time_sampling_step_max"
    ]


def test_files_are_named_after_the_instrument() -> None:
    names = [f"eit_l1_19980101_{n:02}.fits" for n in range(COUNT)]
    made = propose(sample({"path": names, "file_name": names}, kind="files"), "x")
    proposal = made.of("instrument_name")
    assert proposal is not None
    assert proposal.value.value == "EIT"
    assert not proposal.sure
