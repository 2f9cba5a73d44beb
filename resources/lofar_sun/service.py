"""LOFAR: images and dynamic spectra of the Sun, one granule a sub-band of an observation."""

import json
import re
from datetime import timedelta
from pathlib import Path

import polars as pl

from epnkit.mapping import (
    Fold,
    Mapping,
    Product,
    access,
    compute,
    file_array,
    hertz_band,
    hertz_limits,
    identifier,
    julian_date,
    julian_date_after,
    julian_date_of_date_and_time,
    offsets_from_sun,
    safe,
)
from epnkit.service import (
    FILE_KEY,
    Axis,
    Cursor,
    DataSet,
    Link,
    Service,
    Table,
    TableFile,
    Variable,
    companion,
    documentation,
    granule,
    this,
)

#: What a granule is of the images: a whole "band" of an observation, with the images as a list
#: behind datalink, or each "image".
GRANULE = json.loads((Path(__file__).parent / "granule.json").read_text())["images"]

#: How long an image is exposed, seconds: one is taken each second (inferred).
STEP = 1.0

#: Days from the year 1 to 1970.
OLD_EPOCH = 719163

#: How far from the Sun's middle a field may be, arcseconds, and still be one of it.
NEAR = 3 * 3600.0

#: The columns that say where an image lies.
PLACES = (
    "subobserver_longitude_min",
    "subobserver_longitude_max",
    "subobserver_latitude_min",
    "subobserver_latitude_max",
    "offset_x",
    "offset_y",
    "ra",
    "dec",
    "target_name",
)

together = GRANULE == "band"


def first(name: str) -> pl.Expr:
    """Give the first value of a field that is collected over the images of a band."""
    return pl.col(name).list.first() if together else pl.col(name)


def last(name: str) -> pl.Expr:
    """Give the last value of such a field."""
    return pl.col(name).list.last() if together else pl.col(name)


def places(ra: pl.Series, dec: pl.Series, date: pl.Series) -> dict[str, pl.Series]:
    """Find where an image lies: around the Sun, whose disc is whole in it, or on the sky."""
    found = offsets_from_sun(ra, dec, date)
    away = (found["x"] ** 2 + found["y"] ** 2) ** 0.5
    outside = ~(away < NEAR).fill_null(value=False)
    names = ("longitude", "longitude", "latitude", "latitude", "x", "y")
    around = [found[name].set(outside, None).round(6) for name in names]
    target = pl.select(pl.when(pl.lit(outside)).then(pl.lit("sky")).otherwise(pl.lit("Sun")))
    columns = [*around, ra % 360, dec, target.to_series()]
    return dict(zip(PLACES, columns, strict=True))


def unless_itself(field: str) -> pl.Expr:
    """Give an address, but not to the granule whose file is there."""
    return pl.when(granule("access_url") != pl.col(field)).then(pl.col(field))


def list_files(names: pl.Series) -> pl.Series:
    """List the images of a band, which lie along the axis of time."""
    rows = [None if each is None else _describe(sorted(each, key=_by_numbers)) for each in names]
    return pl.Series("files", rows, dtype=pl.String)


def _by_numbers(name: str) -> list[tuple[int, str]]:
    """Order names by the numbers in them: t10000 comes after t1001."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _describe(names: list[str]) -> str:
    part = {"grid": [len(names)], "frame": [], "hdu": 0, "names": names}
    return json.dumps([part], separators=(",", ":"))


image = pl.col("band").is_not_null()
begin = first("DATE-OBS")
file_name = first("file_name")
folder = pl.concat_str("address", pl.col("path").str.extract("^(.*/)[^/]*$", 1).fill_null(""))
stem = file_name.str.replace(r"\.fits$", "")
# In their history images name the data that they were made of, in their folders the observation.
observation = pl.coalesce(
    pl.col("HISTORY").str.extract(r"\b(L\d{5,7})_", 1),
    pl.col("path").str.extract(r"(?:^|/)(L\d{5,7})/", 1),
    file_name.str.extract(r"^(LOFAR_\d{8}_\d{6})", 1),
    pl.col("path").str.extract("^(?:.*/)?([^/]+)/[^/]*$", 1),
)
band = pl.col("band") if together else pl.concat_str("band", pl.lit("_t"), "step")
size = pl.col("file_size").list.sum() if together else pl.col("file_size")

images = Product(
    {
        "granule_uid": compute(identifier, observation, band),
        "granule_gid": pl.concat_str(pl.lit("images "), band),
        "dataproduct_type": "im",
        "time_min": compute(julian_date, begin),
        "time_max": compute(
            julian_date_after, compute(julian_date, last("DATE-OBS")), pl.lit(STEP)
        ),
        "time_exp_min": STEP,
        "time_exp_max": STEP,
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_band, "CRVAL3", "CDELT3", unit="Hz"
        ),
        PLACES: compute(places, "CRVAL1", "CRVAL2", begin),
        "platesc": pl.col("CDELT2").abs() * 3600,
        "instrument_name": "LOFAR",
        "processing_level": 3,
        **access(pl.col("url"), pl.col("file_size").list.first() if together else size),
        "file_name": file_name,
        "thumbnail_url": pl.col("picture.url"),
        "sub_band": pl.col("band"),
        "image_count": pl.col("file_name").list.len() if together else pl.lit(1),
        "file_array": compute(file_array, compute(list_files, "file_name"), folder)
        if together
        else None,
    },
    when=image,
)

movie = Product(
    {
        **images.columns,
        "granule_uid": compute(identifier, observation, pl.col("band"), pl.lit("movie")),
        "granule_gid": pl.concat_str(pl.lit("movie "), pl.col("band")),
        "dataproduct_type": "mo",
        "processing_level": 5,
        **access(pl.col("movie.url"), pl.col("movie.size"), "video/mp4"),
        "file_name": pl.col("movie.path").str.extract("([^/]+)$", 1),
        "file_array": None,
    },
    when=image & pl.col("movie.url").is_not_null() & pl.lit(together),
)

spectrum = Product(
    {
        "granule_uid": compute(safe, stem),
        "granule_gid": "dynamic spectra",
        "dataproduct_type": "ds",
        "time_min": compute(julian_date_of_date_and_time, begin, "TIME-OBS"),
        "time_max": compute(julian_date_of_date_and_time, "DATE-END", "TIME-END"),
        # What the header says of the axes is not so.
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_limits, "FREQ.min", "FREQ.max", unit="MHz"
        ),
        "target_name": "Sun",
        "instrument_name": pl.concat_str(pl.lit("LOFAR#"), "INSTRUME"),
        "processing_level": 3,
        **access(pl.col("url"), size),
        "file_name": file_name,
        "thumbnail_url": pl.col("plot.url"),
    },
    when=~image,
)

mapping = Mapping(
    columns={
        "obs_id": compute(safe, observation),
        # Whatever OBJECT says: it is the name of a beam.
        "target_class": "star",
        "target_region": "solar-corona",
        "instrument_host_name": "LOFAR#Low Frequency Array",
        "measurement_type": "phot.flux.density;em.radio",
    },
    own_columns={
        "sub_band": "text",
        "image_count": "integer",
        "offset_x": "double",
        "offset_y": "double",
        "file_array": "text",
    },
    products=(images, movie, spectrum),
    fold=Fold(by=("group",), collect=("file_name", "file_size", "DATE-OBS")) if together else None,
)

links = (
    this("The file; of a sub-band its first image, the service files lists all"),
    Link("#preview", unless_itself("movie.url"), "A movie of the sub-band", "video/mp4"),
    companion("#preview", "overview", "The observation, over all sub-bands"),
    companion("#preview", "plot", "The spectrum, as a picture"),
    companion("#auxiliary", "note", "What is known of the spectrum"),
    documentation("https://lofar.eu/", "The telescope"),
)


def read_spectrum(path: Path) -> Table:
    """Read a dynamic spectrum: data in the first unit, then frequencies, then days (UTC)."""
    import numpy as np
    from astropy.io import fits

    with fits.open(path) as units:
        days = np.asarray(units[2].data["TIME"], float).reshape(-1)
        frequencies = np.asarray(units[1].data["FREQ"], float).reshape(-1)
        values = np.asarray(units[0].data, float)
    # Matplotlib counted from the year 1 before its version 3.3.
    days = np.where(days > 500_000, days - OLD_EPOCH, days)
    values = values if values.shape == (len(days), len(frequencies)) else values.T
    times = np.rint(days * 86_400_000_000).astype(np.int64) * 1000
    return Table(times, {"intensity": values}, {"frequency": frequencies})


streams = (
    DataSet(
        "lofar_sun_spectra",
        "LOFAR, dynamic spectra of the Sun",
        {"granule_gid": "^dynamic spectra$"},
        TableFile(read_spectrum),
        (Variable("intensity", None, "Intensity, not calibrated", Axis("frequency", "MHz")),),
        cadence=timedelta(seconds=0.25),
        longest=timedelta(days=1),
        description="Dynamic spectra of the Sun by beams of LOFAR, between 10 and 240 MHz.",
        resource="https://lofar.eu/",
    ),
)

service = Service(
    name="lofar_sun",
    frame="body",
    mapping=mapping,
    key=("group",) if together else FILE_KEY,
    # Images arrive within minutes; thousands are read again for each hour of lag.
    cursor=Cursor("modified", lag=timedelta(minutes=10)),
    links=links,
    streams=streams,
)
