"""HFC1AR: active regions of the Heliophysics Feature Catalogue, a granule per region and image."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Fold,
    Mapping,
    chain_code_footprint,
    compact_time,
    compute,
    hash_list,
    hertz_limits,
    identifier,
    julian_date,
    round_to_single_precision,
)
from epnkit.service import Cursor, Link, Service, documentation

observed = compute(compact_time, "date_obs")
snapshot = pl.concat_str(
    pl.col("snapshot_path").str.strip_suffix("/"), "snapshot_fn", separator="/"
)
quicklook = pl.concat_str(pl.col("qclk_url").str.strip_suffix("/"), "qclk_fname", separator="/")

mapping = Mapping(
    # The query returns a region with several NOAA numbers once for each of them.
    fold=Fold(by=("id_ar",), collect=("noaa_number",)),
    columns={
        "granule_uid": compute(identifier, pl.lit("ar"), observed, "cc_x_pix", "cc_y_pix"),
        "granule_gid": "active_region",
        "obs_id": compute(identifier, "instrume", observed),
        "dataproduct_type": "ci",
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-active-regions",
        "feature_name": "active region",
        "time_min": compute(julian_date, "date_obs"),
        "time_max": compute(julian_date, "date_end"),
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_limits,
            compute(round_to_single_precision, "wavemin"),
            compute(round_to_single_precision, "wavemax"),
            "waveunit",
        ),
        (
            "s_region",
            "coverage",
            "c1min",
            "c1max",
            "c2min",
            "c2max",
            "footprint_area",
            "pixels",
            "footprint_flags",
        ): compute(
            chain_code_footprint,
            *("cc", "cc_x_pix", "cc_y_pix", "date_obs"),
            *("cdelt1", "cdelt2", "center_x", "center_y", "r_sun"),
            # In arcseconds, about 0.7 of a pixel of MDI: areas change by 0.02 % (median), or less
            # than 1.4 % (99 of 100). pgsphere needs 40 % of the time that half a pixel takes.
            tolerance=1.4,
        ),
        "instrument_host_name": compute(hash_list, "observat"),
        "instrument_name": compute(hash_list, "instrume"),
        "measurement_type": "phys.magField#phys.area",
        "processing_level": 5,
        "access_format": "application/json",
        # In kilobytes: a vertex takes 24 bytes, the MOC and the values 1,500; outlines have 60.
        "access_estsize": 3,
        "thumbnail_url": snapshot,
        "bib_reference": "2011AdSpR..47.2105H",
        "noaa_number": compute(hash_list, "noaa_number"),
        "detection_code": pl.concat_str("code", "version", separator=" "),
    },
    own_columns={
        "noaa_number": "text",
        "detection_code": "text",
        "footprint_area": "double",
        "pixels": "integer",
        "footprint_flags": "text",
    },
)

links = (
    Link("#progenitor", pl.col("url"), "The magnetogram in which it was found"),
    Link("#preview", snapshot, "The region in its image"),
    Link("#preview", quicklook, "The whole magnetogram"),
    documentation(
        "https://ui.adsabs.harvard.edu/abs/2011AdSpR..47.2105H",
        "Higgins et al. 2011: how regions are detected and tracked",
    ),
)

service = Service(
    name="hfc1ar",
    frame="body",
    mapping=mapping,
    key=("id_ar",),
    # The catalogue gets the detections of whole days, and some days are detected again.
    cursor=Cursor("run_date", lag=timedelta(days=7)),
    links=links,
    # access_url is the document of the region that q.rd serves (epnkit/q#region_document).
    document="region",
)
