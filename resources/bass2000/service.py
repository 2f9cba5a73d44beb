"""BASS2000: daily images of the Sun by the spectroheliograph of Meudon, one granule an image."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    Outcome,
    access,
    compact_time,
    compute,
    hash_list,
    hertz_band,
    identifier,
    julian_date,
)
from epnkit.service import Cursor, Link, Service, documentation, this

#: ``mh050501.074655.fits``, and since 2017 ``spectro_obspm_ha_20170615_081500.fits.gz``.
NAME = (
    r"^(?P<code>m[hkKpq]|spectro_obspm_[A-Za-z0-9_]+?)_?(?P<day>\d{8}|\d{6})[._](?P<clock>\d{6})"
    r"(?P<more>(?:_\w+)?)\.fits(?:\.gz|\.bz2)?$"
)

#: What a name begins with, and the line. The case tells K1v from K3.
LINES = {
    "mh": "H-alpha",
    "mq": "H-alpha",
    "mk": "Ca II K1v",
    "mK": "Ca II K3",
    "mp": "Ca II K3 prominences",
    "spectro_obspm_ha": "H-alpha",
    "spectro_obspm_Cak": "Ca II K",
    "spectro_obspm_fullprofile_Cak_3D": "Ca II K profiles",
}


def dated_identifier(filename: pl.Series, observed: pl.Series) -> Outcome:
    """Make the identifier of the file's name, with the century that old names leave out.

    A file whose name tells another moment than its record is refused: one of the two is wrong.
    """
    found = filename.str.extract_groups(NAME).struct.unnest()
    moment = found.select(pl.concat_str("day", "clock", separator="_")).to_series()
    agrees = observed.str.ends_with(moment).fill_null(value=False)
    made = found["code"] + "_" + observed + found["more"]
    return Outcome.checked(
        filename, made.set(~agrees, None), "names no image taken at its DATE_OBS"
    )


observed = compute(compact_time, "date_obs")
day = pl.col("date_obs").cast(pl.String).str.slice(0, 10).str.replace_all("-", "")
processed = pl.col("filename").str.contains("_subtract_processed")

line = pl.col("filename").str.extract(NAME, 1).replace_strict(LINES, default=None)

mapping = Mapping(
    columns={
        "granule_uid": compute(dated_identifier, "filename", observed),
        "granule_gid": pl.when(processed).then(line + " processed").otherwise(line),
        "obs_id": compute(identifier, pl.lit("meudon"), day, "seq_ind"),
        "dataproduct_type": pl.when(pl.col("naxis") > 2).then(pl.lit("sc")).otherwise(pl.lit("im")),
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-chromosphere",
        "time_min": compute(julian_date, "date_obs"),
        "time_max": compute(julian_date, pl.coalesce("date_end", "date_obs")),
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_band, "wavelnth", "passband", "waveunit"
        ),
        # A whole disc has no box of longitudes (EPN-TAP 2.0, section 2.1.4).
        "subobserver_longitude_min": pl.col("longtrc"),
        "subobserver_longitude_max": pl.col("longtrc"),
        "subobserver_latitude_min": pl.col("latirc"),
        "subobserver_latitude_max": pl.col("latirc"),
        "instrument_host_name": compute(hash_list, "origin"),
        "instrument_name": compute(hash_list, "instrume"),
        "measurement_type": "phot.radiance;em.opt",
        "processing_level": pl.when(processed).then(5).otherwise(3),
        **access(pl.col("url"), pl.col("file_size")),
        "file_name": pl.col("filename"),
        # EPN-TAP wants thumbnails as JPEG or PNG; a GIF is offered by datalink alone.
        "thumbnail_url": pl.when(~pl.col("quicklook_url").str.ends_with(".gif")).then(
            pl.col("quicklook_url")
        ),
    }
)

links = (
    this("The image", pl.col("file_size")),
    Link(
        "#progenitor",
        pl.when(processed).then(pl.col("url").str.replace("_subtract_processed", "")),
        "The image that was processed",
    ),
    Link("#preview", pl.col("quicklook_url"), "The image, reduced"),
    documentation("https://bass2000.obspm.fr/", "BASS2000: instruments, data and how to cite them"),
)

service = Service(
    name="bass2000",
    frame="body",
    mapping=mapping,
    key=("id_image",),
    # Images are handed in by the day, and some are reduced again.
    cursor=Cursor("updated", lag=timedelta(days=7)),
    links=links,
)
