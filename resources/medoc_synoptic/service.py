"""EUV synoptic maps of the Sun at MEDOC, one granule a map and wavelength."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import Mapping, access, compute, hertz, identifier, julian_date, last_part
from epnkit.service import Cursor, Link, Service, documentation, helioviewer, this

#: Where SiTools2 is; the addresses of files in its records begin at its root.
HOST = "https://idoc-medoc.ias.u-psud.fr"

#: ``syn171/syn171_20040302.005959_efz20040302.010014.fts``: the map, and the image it was begun by.
NAME = r"(?:^|/)(syn\d+_\d{8}\.\d{6}_(.+?))\.fi?ts(?:\.gz)?$"

#: An estimate of a file's length in bytes, which no column gives: 720 x 360 pixels of four bytes.
SIZE = 720 * 360 * 4

image = pl.col("filename").str.extract(NAME, 2)

#: How the files of images are called by their missions: EIT's efz, EUVI's …euA.
eit, euvi, aia = (image.str.contains(form) for form in (r"^ef[zr]\d", r"eu[AB]$", r"(?i)^aia"))


def address(field: str) -> pl.Expr:
    """Give the complete address of a file."""
    given = pl.col(field).cast(pl.String)
    return pl.when(given.str.starts_with("/")).then(HOST + given).otherwise(given)


def choose_by_mission(soho: str, stereo: str, sdo: str) -> pl.Expr:
    """Give what belongs to the mission that took the images; null if its name is unknown."""
    return (
        pl.when(eit).then(pl.lit(soho)).when(euvi).then(pl.lit(stereo)).when(aia).then(pl.lit(sdo))
    )


mapping = Mapping(
    columns={
        "granule_uid": compute(identifier, pl.col("filename").str.extract(NAME, 1)),
        "granule_gid": pl.format(
            "{} {} Angstrom",
            choose_by_mission("EIT", "EUVI", "AIA").fill_null("unknown"),
            pl.col("wavelength"),
        ),
        "obs_id": compute(
            identifier, pl.lit("EUV-SYN"), pl.col("obs_date").dt.strftime("%Y%m%d_%H%M%S")
        ),
        "dataproduct_type": "ma",
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-corona",
        "time_min": compute(julian_date, "obs_date"),
        "time_max": compute(julian_date, "obs_date"),
        "spectral_range_min": compute(hertz, "wavelength", -10),
        "spectral_range_max": compute(hertz, "wavelength", -10),
        # A map has every longitude: it begins and ends at the same meridian.
        "c1min": 0.0,
        "c1max": 360.0,
        "c2min": -90.0,
        "c2max": 90.0,
        "coverage": "0/0-11",
        "spatial_coordinate_description": "Carrington",
        "map_projection": "CAR",
        "instrument_host_name": choose_by_mission(
            "Solar and Heliospheric Observatory#SOHO",
            "Solar Terrestrial Relations Observatory#STEREO",
            "Solar Dynamics Observatory#SDO",
        ),
        "instrument_name": choose_by_mission("EIT", "EUVI", "AIA"),
        "measurement_type": "phot.radiance;em.UV.10-50nm",
        "processing_level": 5,
        **access(address("download"), pl.lit(SIZE), "application/fits"),
        "file_name": compute(last_part, "filename"),
        "thumbnail_url": address("preview"),
        "image_file": image,
    },
    own_columns={"image_file": "text"},
)

links = (
    this("The map"),
    Link("#preview", address("preview"), "The map as a picture"),
    helioviewer(pl.col("obs_date")),
    documentation("https://idoc.osups.universite-paris-saclay.fr/medoc/", "MEDOC, and its data"),
)

service = Service(
    name="medoc_synoptic",
    frame="body",
    mapping=mapping,
    key=("index",),
    # Maps are made again; the date of that is in the record.
    cursor=Cursor("crea_date", lag=timedelta(days=7), nulls="first"),
    links=links,
)
