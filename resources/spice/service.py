"""SPICE on Solar Orbiter: spectra of the Sun's ultraviolet, one granule a spectral window."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    FIELD,
    Mapping,
    Outcome,
    Product,
    access,
    compute,
    file_identifier,
    header_field,
    hertz_limits,
    julian_date,
)
from epnkit.service import Cursor, Link, Service, documentation, helioviewer, this

#: ``solo_L2_spice-n-exp_20220305T072522_V01_100663707-014.fits``: level, product, begin, version,
#: SPIOBSID and the number of the raster.
NAME = r"^(solo_L[23]_spice-[a-z-]+_\d{8}T\d{6})_V(\d+)_(\d+)-(\d+)\.fits$"

#: Where ESA's archive gives the latest version of a file.
SOAR = "https://soar.esac.esa.int/soar-sl-tap/data?retrieval_type=LAST_PRODUCT"

#: How many windows a file may have.
MOST = 32

#: Below this a wavelength is in nm, above in Angstrom: SPICE observes from 48 to 105 nm.
ANGSTROM = 200.0

#: What a product is, by the kind in its name.
KINDS = {"exp": "sp", "ras": "sc", "sit": "ds", "ras-int": "im"}

file_name = pl.col("filename")
stem, version, observation, raster = (file_name.str.extract(NAME, part) for part in range(1, 5))
product_id = pl.format("{}_{}-{}.fits", stem, observation, raster)
is_maps = pl.col("level") == "L3"
soar_url = pl.format(f"{SOAR}&product_type=SCIENCE&data_item_id={{}}", pl.col("data_item_id"))
names, shortest, longest = (pl.col(f"fits.{each}") for each in ("names", "shortest", "longest"))


def keyword(name: str) -> pl.Expr:
    """Take a keyword of a file's header, as a text."""
    return pl.col("fits.header").str.json_path_match(f"$.{name}")


def number(name: str) -> pl.Expr:
    """Take a keyword of a file's header that is a number."""
    return keyword(name).cast(pl.Float64, strict=False)


def require_time(given: pl.Series) -> Outcome:
    """Read times, of which an observation must have both."""
    read = julian_date(given)
    missing = read.values.is_null() & read.reasons.is_null()
    return Outcome(read.values, read.reasons.set(missing, "is missing in the archive"))


def of_archive(field: str) -> pl.Expr:
    """Take a wavelength of the archive in nm: it has those of the first window, in two units."""
    value = pl.col(field).cast(pl.Float64)
    return pl.when(value < ANGSTROM).then(value).otherwise(value / 10)


def window(number: int) -> Product:
    """Declare the granule of one window of a file."""
    low, high = (each.list.get(number, null_on_oob=True) for each in (shortest, longest))
    if number == 0:
        low, high = (
            pl.coalesce(low, of_archive("wavemin")),
            pl.coalesce(high, of_archive("wavemax")),
        )
    band = pl.when(high < 100).then(pl.lit("em.UV.50-100nm")).otherwise(pl.lit("em.UV"))
    has = names.list.len() > number
    return Product(
        {
            "granule_uid": compute(
                file_identifier,
                pl.when(file_name.str.contains(NAME))
                .then(pl.format(f"{{}}_{{}}-{{}}_{number}", stem, observation, raster))
                .otherwise(file_name),
                pattern=r"^(solo_L[23]_\S+_\d+-\d+_\d+)$",
                what="a file of SPICE",
            ),
            "granule_gid": pl.format(
                f"{{}} {{}} window {number}", pl.col("level"), pl.col("descriptor")
            ),
            ("spectral_range_min", "spectral_range_max"): compute(
                hertz_limits, low, high, unit="nm"
            ),
            "measurement_type": pl.concat_str(pl.lit("phot.radiance;"), band),
            "spectral_window": names.list.get(number, null_on_oob=True).replace("", None),
            "window_number": number,
        },
        when=has if number else pl.lit(value=True),
    )


mapping = Mapping(
    columns={
        "obs_id": pl.format("{}-{}", observation, raster),
        "dataproduct_type": pl.col("descriptor")
        .str.replace(r"^spice-[a-z]-", "")
        .replace_strict(KINDS, default=None, return_dtype=pl.String),
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-corona#solar-transition-region",
        "time_min": compute(require_time, "begin_time"),
        "time_max": compute(require_time, "end_time"),
        "time_exp_min": number("XPOSURE"),
        "time_exp_max": number("XPOSURE"),
        FIELD: compute(header_field, "fits.header"),
        "subobserver_longitude_min": number("CRLN_OBS") % 360,
        "subobserver_longitude_max": number("CRLN_OBS") % 360,
        "subobserver_latitude_min": number("CRLT_OBS"),
        "subobserver_latitude_max": number("CRLT_OBS"),
        "spatial_coordinate_description": "Carrington",
        "instrument_host_name": "Solar Orbiter#SOLO",
        "instrument_name": "Spectral Imaging of the Coronal Environment#SPICE",
        "processing_level": pl.when(is_maps).then(5).otherwise(3),
        **access(pl.coalesce("fits.url", soar_url), pl.col("filesize"), "application/fits"),
        "file_name": file_name,
        "thumbnail_url": pl.col("preview.url"),
        "spiobsid": observation.cast(pl.Int64),
        "raster_number": raster.cast(pl.Int64),
        "file_version": version.cast(pl.Int64),
        "soop_name": pl.col("soop_name"),
        "study": keyword("STUDY"),
        "detector": pl.col("detector"),
        "observer_distance": number("DSUN_OBS") / 149597870700.0,
    },
    products=tuple(window(number) for number in range(MOST)),
    own_columns={
        "spectral_window": "text",
        "window_number": "integer",
        "spiobsid": "integer",
        "raster_number": "integer",
        "file_version": "integer",
        "soop_name": "text",
        "study": "text",
        "detector": "text",
        "observer_distance": "double",
        "footprint_area": "double",
        "footprint_flags": "text",
    },
)

links = (
    this("The file, with all its windows", pl.col("filesize")),
    Link("#preview", pl.col("preview.url"), "A look at the file"),
    Link(
        "#counterpart",
        pl.when(pl.col("fits.url").is_not_null()).then(soar_url),
        "The file's latest version at ESA's Solar Orbiter Archive",
        "application/fits",
    ),
    helioviewer(pl.col("begin_time")),
    documentation("https://doi.org/10.1051/0004-6361/201935574", "SPICE consortium 2020: SPICE"),
    documentation("https://spice.osups.universite-paris-saclay.fr/", "SPICE's data, by release"),
)

service = Service(
    name="spice",
    frame="body",
    mapping=mapping,
    key=("data_item_id",),
    # The archive tells no more than when an observation began; later versions of older ones come
    # with a new release, and then by a full load.
    cursor=Cursor("begin_time", lag=timedelta(days=90), nulls="first"),
    links=links,
)
