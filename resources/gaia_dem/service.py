"""Gaia-DEM: maps of the corona's thermal structure, four granules an observation of AIA."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    Product,
    access,
    compute,
    disc_view,
    identifier,
    julian_date,
    last_part,
)
from epnkit.service import Cursor, Link, Service, documentation, granule, helioviewer, this

#: Where SiTools2 is; the addresses of files in its records begin at its root.
HOST = "https://idoc-medoc.ias.u-psud.fr"

#: The channels of AIA of which the maps are made, from 335 to 94 Angstrom, in Hz.
LOWEST, HIGHEST = 299792458 / 335e-10, 299792458 / 94e-10

#: An estimate of a file's length in bytes, which no column gives: 1024 x 1024 pixels of two bytes.
SIZE = 2 * 1024 * 1024

#: A map: its part of the file's name, what it shows, and the UCD of its values.
MAPS = {
    "temp": ("temperature", "phys.temperature.electron"),
    "em": ("emission measure", "phys.emissMeasure"),
    "width": ("width of the temperature distribution", "phys.temperature.electron;stat.stdev"),
    "chi2": ("chi squared of the fit", "stat.fit.chi2"),
}

#: The observation's time, to the millisecond: what the real identifiers have after a blank.
moment = pl.col("date_obs").dt.strftime("%Y-%m-%dT%H-%M-%S.%3f")


def address(field: str) -> pl.Expr:
    """Give the complete address of a file; an observation may lack one of its maps."""
    given = pl.col(field).cast(pl.String)
    return pl.when(given.str.starts_with("/")).then(HOST + given).otherwise(given)


def product(kind: str) -> Product:
    """Declare the granule of one map of an observation."""
    title, ucd = MAPS[kind]
    file = address(f"{kind}_fits_rice")
    return Product(
        {
            "granule_uid": compute(identifier, pl.lit(f"DEM-AIA-{kind}"), moment, separator="_"),
            "granule_gid": title,
            "measurement_type": ucd,
            **access(file, pl.lit(SIZE)),
            "file_name": compute(last_part, file),
            "thumbnail_url": look(file, 64),
        },
        when=pl.col(f"{kind}_fits_rice").is_not_null(),
    )


def look(file: pl.Expr, side: int) -> pl.Expr:
    """Give the picture of a map, so many pixels wide: 64 as a thumbnail, 1024 as a preview."""
    return file.str.replace(r"\.fits(\.gz)?$", f"_{side}.png")


mapping = Mapping(
    columns={
        "obs_id": compute(identifier, pl.lit("DEM-AIA"), moment, separator="_"),
        "dataproduct_type": "ma",
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-corona",
        "time_min": compute(julian_date, "date_obs"),
        "time_max": compute(julian_date, "date_obs"),
        "spectral_range_min": LOWEST,
        "spectral_range_max": HIGHEST,
        **disc_view(date="date_obs"),
        # The maps are in the image plane of AIA, of which they are made pixel by pixel.
        "spatial_coordinate_description": "Helioprojective-Cartesian",
        "map_projection": "TAN",
        "instrument_host_name": "Solar Dynamics Observatory#SDO",
        "instrument_name": "Atmospheric Imaging Assembly#AIA",
        "processing_level": 5,
        "sunum": pl.col("sunum_193"),
    },
    own_columns={"sunum": "integer"},
    products=tuple(product(kind) for kind in MAPS),
)

links = (
    this("The map"),
    Link("#preview", look(granule("access_url"), 1024), "The map as a picture"),
    helioviewer(pl.col("date_obs")),
    documentation("https://idoc.osups.universite-paris-saclay.fr/medoc/", "MEDOC, and its data"),
)

service = Service(
    name="gaia_dem",
    frame="body",
    mapping=mapping,
    key=("sunum_193",),
    # Maps are made within days of an observation; SiTools2 does not say when.
    cursor=Cursor("date_obs", lag=timedelta(days=30), nulls="first"),
    links=links,
)
