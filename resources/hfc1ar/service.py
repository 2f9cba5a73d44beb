"""HFC1AR: active regions of the Heliophysics Feature Catalogue."""

import polars as pl

from epnkit.datalink.links import Link
from epnkit.mapping.declare import Fold, Mapping, of
from epnkit.mapping.times import julian_date
from epnkit.service import Cursor, Service

mapping = Mapping(
    fold=Fold(by=("id_ar",), collect=("noaa_number",)),
    columns={
        "granule_uid": pl.format("ar_{}_{}_{}", pl.col("date_obs").cast(pl.String).str.slice(0,19).str.replace_all("[-:]","").str.replace("T","_"), "cc_x_pix", "cc_y_pix"),
        "granule_gid": "active_region",
        "obs_id": pl.format("img_{}", pl.col("date_obs").cast(pl.String).str.slice(0,19).str.replace_all("[-:]","").str.replace("T","_")),
        "dataproduct_type": "ci",
        "target_name": "Sun",
        "target_class": "star",
        "time_min": of(julian_date, "date_obs"),
        "time_max": of(julian_date, "date_end"),
        "instrument_host_name": pl.col("observat"),
        "instrument_name": pl.col("instrume"),
        "measurement_type": "phys.area#phys.magField",
        "processing_level": 5,
    },
    extra={"noaa_number": "text", "detection_code": "text", "footprint_area": "double", "pixels": "integer", "footprint_flags": "text"},
)

service = Service(
    name="hfc1ar",
    frame="body",
    mapping=mapping,
    key=("id_ar",),
    cursor=Cursor("run_date"),
    links=(Link("#progenitor", pl.col("url"), "image", "image/fits"),),
)
