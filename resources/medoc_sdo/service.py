"""Images of the Sun by AIA and HMI on SDO at MEDOC, one granule a record of JSOC's series."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    Outcome,
    access,
    compute,
    disc_view,
    hertz,
    identifier,
    julian_date_in_scale,
)
from epnkit.service import Cursor, Link, Service, documentation, granule, helioviewer, this

#: What a series of HMI shows: the file of it, its name, the UCD of its values.
HMI = {
    "ic": ("continuum", "continuum", "phot.count;em.opt.R"),
    "ic_nolimbdark": ("continuum", "continuum without limb darkening", "phot.count;em.opt.R"),
    "m": ("magnetogram", "magnetogram", "phys.magField;em.opt.R"),
    "v": ("Dopplergram", "dopplergram", "spect.dopplerVeloc.opt"),
    "sharp": ("magnetogram", "active region patch", "phys.magField;em.opt.R"),
    "sharp_cea": ("Br", "active region patch, remapped", "phys.magField;em.opt.R"),
}

#: The slots of HMI's series of 720 seconds, as their headers say: from when they are numbered, in
#: TAI, and how long one is.
EPOCH, SLOT = pl.datetime(1993, 1, 1), 720

#: From what wavelength on, in Angstrom, light of AIA is of which band.
BANDS = {0: "em.X-ray.soft", 100: "em.UV.10-50nm", 1000: "em.UV.100-200nm", 4000: "em.opt.B"}

#: Lengths of files without compression in bytes, since no column gives any: 4096 x 4096 pixels of
#: two and of four bytes, and the 432 x 381 pixels of a usual patch.
AIA_SIZE, HMI_SIZE, PATCH_SIZE = 4096 * 4096 * 2, 4096 * 4096 * 4, 432 * 381 * 4

series, wave, date = (
    pl.col("series_name").str.to_lowercase(),
    pl.col("wavelnth"),
    pl.col("date__obs"),
)
is_aia, is_patch = series == "aia.lev1", series.str.starts_with("hmi.sharp")
product = series.str.extract(r"^hmi\.(.+)_720s(?:_nrt)?$")
is_map = (product == "sharp_cea").fill_null(value=False)
near_real_time = pl.when(series.str.ends_with("_nrt")).then(pl.lit(", near real time"))


def of_hmi(place: int) -> pl.Expr:
    """Give what is known of the series of HMI; null for AIA, and for unknown ones."""
    return product.replace_strict(
        {name: known[place] for name, known in HMI.items()}, default=None, return_dtype=pl.String
    )


def require_known(uid: pl.Series, kind: pl.Series) -> Outcome:
    """Refuse records of series that nothing is known of."""
    return Outcome.checked(uid, uid.set(kind.is_null(), None), "is of a series that is not known")


def jsoc(time: pl.Expr) -> pl.Expr:
    """Write a time in TAI as JSOC does."""
    return time.dt.strftime("%Y.%m.%d_%H:%M:%S_TAI")


# A series of 720 s is made of what was taken about the middle of its slot; an image of AIA begins
# with its date.
t_rec = pl.when(~is_aia).then(EPOCH + pl.duration(seconds=pl.col("t_rec_index") * SLOT))
half = pl.duration(seconds=SLOT // 2)
exposure = pl.col("exptime").cast(pl.Float64)
exposed = pl.duration(microseconds=(exposure.clip(0) * 1e6).round().cast(pl.Int64))
end = pl.coalesce(date + exposed, date)
#: A slot is in TAI; a date is in UTC.
scale = pl.when(t_rec.is_not_null()).then(pl.lit("TAI"))

band = pl.coalesce(*(pl.when(wave >= low).then(pl.lit(ucd)) for low, ucd in [*BANDS.items()][::-1]))
#: What kind of record it is; null if nothing is known of its series.
kind = pl.when(is_aia).then(pl.lit("AIA")).otherwise(of_hmi(1))
title = (
    pl.when(is_aia)
    .then(pl.format("AIA {} Angstrom", wave))
    .otherwise(pl.format("HMI {}{}", of_hmi(1), near_real_time.fill_null("")))
)

# Where the files of a record are; what is not at MEDOC has no location there.
place = pl.col("ias_path").str.strip_suffix("/image_lev1.fits").str.strip_chars_end("/")
address = pl.when(place.str.contains("://")).then(place).otherwise(pl.lit("https://") + place)
at_medoc = (pl.col("ias_location").fill_null("") != "") & (place.fill_null("") != "")
segment = pl.when(is_aia).then(pl.lit("image_lev1")).otherwise(of_hmi(0))
file = pl.when(at_medoc).then(pl.format("{}/{}.fits", address, segment))

size = pl.when(is_patch).then(PATCH_SIZE).when(is_aia).then(AIA_SIZE).otherwise(HMI_SIZE)

#: The name that MEDOC's own client gives a file: series, wavelength, date, what tells twins apart.
twin = (
    pl.when(is_aia)
    .then(pl.format("_{}", "recnum"))
    .when(is_patch)
    .then(pl.format("_{}", "harpnum"))
)
file_name = pl.format(
    "{}_{}A_{}{}.{}.fits",
    series,
    wave,
    date.dt.strftime("%Y-%m-%dT%H-%M-%S"),
    twin.fill_null(""),
    segment,
)


def look(address: pl.Expr, side: int) -> pl.Expr:
    """Give the picture next to a file, so many pixels wide: 64 as a thumbnail, 1024 as preview."""
    return address.str.replace(r"\.fits$", f"_{side}.png")


mapping = Mapping(
    columns={
        "granule_uid": compute(
            require_known, compute(identifier, series, "recnum", separator="_"), kind
        ),
        "granule_gid": title,
        # AIA takes an image of each channel in twelve seconds; products of HMI share a slot.
        "obs_id": pl.when(is_aia)
        .then(pl.format("AIA_{}", date.dt.truncate("12s").dt.strftime("%Y%m%dT%H%M%S")))
        .when(is_patch)
        .then(pl.format("HMI_{}_{}", jsoc(t_rec).str.replace_all(r"[.:]", ""), "harpnum"))
        .otherwise(pl.format("HMI_{}", jsoc(t_rec).str.replace_all(r"[.:]", ""))),
        # What is remapped is a map.
        "dataproduct_type": pl.when(is_map).then(pl.lit("ma")).otherwise(pl.lit("im")),
        "target_name": "Sun",
        "target_class": "star",
        "target_region": pl.when(~is_aia | (wave >= 4000))
        .then(pl.lit("solar-photosphere"))
        .when(wave >= 1000)
        .then(pl.lit("solar-chromosphere"))
        .otherwise(pl.lit("solar-corona")),
        "feature_name": pl.when(is_patch).then(pl.format("HARP {}", "harpnum")),
        "time_min": compute(julian_date_in_scale, pl.coalesce(t_rec - half, date), scale),
        "time_max": compute(julian_date_in_scale, pl.coalesce(t_rec + half, end), scale),
        "time_exp_min": pl.when(is_aia & (exposure > 0)).then(exposure),
        "time_exp_max": pl.when(is_aia & (exposure > 0)).then(exposure),
        "spectral_range_min": compute(hertz, wave, unit="Angstrom"),
        "spectral_range_max": compute(hertz, wave, unit="Angstrom"),
        # A record does not say where on the disc a patch is; its file does.
        **disc_view(date=pl.when(~is_patch).then(date)),
        "spatial_coordinate_description": pl.when(is_map)
        .then(pl.lit("Carrington"))
        .otherwise(pl.lit("Helioprojective-Cartesian")),
        "map_projection": pl.when(is_map).then(pl.lit("CEA")),
        "instrument_host_name": "Solar Dynamics Observatory#SDO",
        "instrument_name": pl.when(is_aia)
        .then(pl.lit("Atmospheric Imaging Assembly#AIA"))
        .otherwise(pl.lit("Helioseismic and Magnetic Imager#HMI")),
        "measurement_type": pl.when(is_aia)
        .then(pl.format("phot.count;{}", band))
        .otherwise(of_hmi(2)),
        "processing_level": pl.when(is_aia).then(3).otherwise(5),
        **access(file, size),
        "file_name": file_name,
        "thumbnail_url": look(file, 64),
        "recnum": pl.col("recnum"),
        "sunum": pl.col("sunum"),
        "series_name": series,
        "t_rec": jsoc(t_rec),
        "harp_number": pl.when(is_patch).then(pl.col("harpnum")),
    },
    own_columns={
        "recnum": "integer",
        "sunum": "integer",
        "series_name": "text",
        "t_rec": "text",
        "harp_number": "integer",
    },
)

links = (
    this("The image"),
    Link("#preview", look(granule("access_url"), 1024), "The image as a picture"),
    helioviewer(date),
    documentation("https://idoc.osups.universite-paris-saclay.fr/medoc/", "MEDOC, and its data"),
)

service = Service(
    name="medoc_sdo",
    frame="body",
    mapping=mapping,
    key=("series_name", "recnum"),
    # Records come within weeks of an observation, and are not dated when they do.
    cursor=Cursor("date__obs", lag=timedelta(days=30), nulls="first"),
    # Most ask for a time of one channel: its images lie side by side, one batch after another.
    cluster=("granule_gid", "time_min"),
    links=links,
)
