"""HFC1T3: type III radio bursts of the Heliophysics Feature Catalogue, one granule a burst."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    Outcome,
    compact_time,
    compute,
    hash_list,
    hertz_limits,
    identifier,
    julian_date,
    round_to_single_precision,
    tfcat_contour,
)
from epnkit.service import Cursor, Events, Link, Service, documentation

CORNERS = ("br_y0_mhz", "br_y1_mhz", "br_y2_mhz", "br_y3_mhz")


def burst_or_band(
    low: pl.Series, high: pl.Series, wavemin: pl.Series, wavemax: pl.Series, waveunit: pl.Series
) -> tuple[Outcome, Outcome]:
    """Give the burst's own limits in Hz, or the instrument's where it has none."""
    own, band = hertz_limits(low, high, "MHz"), hertz_limits(wavemin, wavemax, waveunit)
    missing = low.is_null()
    return _either(missing, band.low, own.low), _either(missing, band.high, own.high)


def remove_quotes(documents: pl.Series) -> pl.Series:
    """Write quotes as %22: a value of EPN-TAP holds none (section 1.2)."""
    return documents.str.replace_all('"', "%22", literal=True)


def _either(chosen: pl.Series, one: Outcome, other: Outcome) -> Outcome:
    return Outcome(
        one.values.zip_with(chosen, other.values), one.reasons.zip_with(chosen, other.reasons)
    )


# The catalogue's FLOAT columns hand out single precision.
low = compute(round_to_single_precision, pl.min_horizontal(CORNERS))
high = compute(round_to_single_precision, pl.max_horizontal(CORNERS))
wavelengths = [compute(round_to_single_precision, name) for name in ("wavemin", "wavemax")]
observer = pl.col("observat").str.to_lowercase()
kilohertz = (pl.col("cc_y_mhz") * 1000).round(0).cast(pl.Int64)
snapshot = pl.concat_str(
    pl.col("snapshot_path").str.strip_suffix("/"), "snapshot_fn", separator="/"
)
quicklook = pl.concat_str(pl.col("qclk_url").str.strip_suffix("/"), "qclk_fname", separator="/")

mapping = Mapping(
    columns={
        "granule_uid": compute(
            identifier, pl.lit("t3"), compute(compact_time, "time_start"), kilohertz
        ),
        "granule_gid": "type_iii_burst",
        "obs_id": compute(identifier, "observat", "instrume", compute(compact_time, "date_obs")),
        "dataproduct_type": "ci",
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-corona#heliosphere",
        "feature_name": "type III burst",
        "time_min": compute(julian_date, "time_start"),
        "time_max": compute(julian_date, "time_end"),
        ("spectral_range_min", "spectral_range_max"): compute(
            burst_or_band, low, high, *wavelengths, "waveunit"
        ),
        "instrument_host_name": compute(hash_list, "observat"),
        "instrument_name": compute(hash_list, "instrume"),
        "measurement_type": "phot.flux.density;em.radio",
        "processing_level": 5,
        "thumbnail_url": snapshot,
        "bib_reference": "doi:10.1029/2008SW000425",
        "contour": compute(
            remove_quotes,
            compute(tfcat_contour, "cc", "time_start", "time_end", low, high, observer),
        ),
        "drift_rate": compute(round_to_single_precision, "drift_start"),
        "confidence": pl.col("lvl_trust"),
        "detection_code": pl.concat_str("code", "version", separator=" "),
    },
    own_columns={
        "contour": "text",
        "drift_rate": "double",
        "confidence": "integer",
        "detection_code": "text",
    },
)

links = (
    Link("#progenitor", pl.col("url"), "The spectrum in which it was found"),
    Link("#preview", snapshot, "The burst in its spectrum"),
    Link("#preview", quicklook, "The whole spectrum"),
    documentation("https://doi.org/10.1029/2008SW000425", "How type III bursts are detected"),
)

service = Service(
    name="hfc1t3",
    frame="none",
    mapping=mapping,
    key=("id_type_iii",),
    cursor=Cursor("run_date", lag=timedelta(days=7)),
    links=links,
    streams=(
        Events(
            "hfc1t3_bursts",
            "HFC, type III radio bursts",
            {"granule_gid": "^type_iii_burst$"},
            "Type III radio bursts of the Heliophysics Feature Catalogue",
        ),
    ),
)
