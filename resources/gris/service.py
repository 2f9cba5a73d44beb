"""GRIS: infrared spectropolarimetry of the Sun at GREGOR, one granule a map or series."""

from datetime import timedelta
from typing import Any

import polars as pl

from epnkit.mapping import (
    POINTING,
    Mapping,
    Product,
    access,
    compute,
    file_list,
    last_part,
    named_observation,
    pointing,
    solarnet,
)
from epnkit.service import Cursor, Embargo, Link, Service, documentation, granule, helioviewer

#: ``gris_20170929_011``: the day, and the number of the scan.
NAME = r"^gris_(?P<day>\d{8})_\d{3}$"

#: What the granules of an observation are.
LEVEL_1, INVERSION, CONTEXT = "level 1", "inversion", "context image"

name = compute(named_observation, "name", "description.DATE-BEG", pattern=NAME)
files = pl.col("files.urls")
is_polarised = pl.col("description.STATES") > 1


def name_product(ending: str) -> pl.Expr:
    """Name a product of an observation."""
    return pl.format("{}_{}", pl.col("name"), pl.lit(ending))


def file(url: pl.Expr, size: pl.Expr) -> dict[str | tuple[str, ...], Any]:
    """Declare the columns about a file, with its name."""
    return {**access(url, size), "file_name": compute(last_part, url)}


mapping = Mapping(
    columns={
        "granule_uid": name,
        "obs_id": name,
        **solarnet("description."),
        "target_region": "solar-photosphere",
        **pointing(
            date="description.DATE-BEG",
            x="description.XCEN",
            y="description.YCEN",
            width="description.FOVX",
            height="description.FOVY",
            rotation="description.CROTA2",
            theta="description.THETA",
            mu="description.MU",
        ),
        "accumulations": pl.col("description.ACCUMULA"),
        "scan_steps": pl.col("description.STEPS"),
        "step_size": pl.col("description.STEPSIZE"),
        "series": pl.col("description.SERIES"),
        "polarisation_states": pl.col("description.STATES"),
        "fried_parameter": pl.col("description.ATMOS_R0"),
        "imaging_system": pl.col("description.IMGSYS"),
        "thumbnail_url": pl.col("previews.urls").list.first(),
        "bib_reference": pl.format("doi:{}", pl.col("doi")),
        "data_set": pl.col("rucio"),
    },
    products=(
        Product(
            {
                "granule_gid": LEVEL_1,
                "dataproduct_type": pl.when(pl.col("description.STEPS") > 1)
                .then(pl.lit("sc"))
                .otherwise(pl.lit("sp")),
                "processing_level": 3,
                "file_array": compute(file_list, "files.names", "files.urls", "files.sizes"),
                "measurement_type": pl.when(is_polarised)
                .then(pl.lit("phys.polarization.stokes;em.IR.NIR"))
                .otherwise(pl.lit("phot.radiance;em.IR.NIR")),
                **file(
                    pl.coalesce("package.url", files.list.first()),
                    pl.when(pl.col("package.url").is_not_null())
                    .then(pl.col("package.size"))
                    .otherwise(pl.col("files.sizes").list.first()),
                ),
            }
        ),
        Product(
            {
                "granule_uid": name_product("inversion"),
                "granule_gid": INVERSION,
                "dataproduct_type": "im",
                "processing_level": 5,
                "measurement_type": "phys.magField#phys.veloc",
                **file(pl.col("inversion.url"), pl.col("inversion.size")),
            },
            when=pl.col("inversion.url").is_not_null(),
        ),
        Product(
            {
                "granule_uid": name_product("context"),
                "granule_gid": CONTEXT,
                "dataproduct_type": "im",
                "processing_level": 3,
                "measurement_type": "phot.radiance;em.opt",
                **file(pl.col("context.url"), pl.col("context.size")),
            },
            when=pl.col("context.url").is_not_null(),
        ),
    ),
    own_columns={
        **POINTING,
        "accumulations": "integer",
        "scan_steps": "integer",
        "step_size": "double",
        "series": "integer",
        "polarisation_states": "integer",
        "fried_parameter": "double",
        "imaging_system": "text",
        "data_set": "text",
        "file_array": "text",
    },
)

is_level_1 = granule("granule_gid") == LEVEL_1


def of_level_1(value: pl.Expr) -> pl.Expr:
    """Let only the observation itself have a link."""
    return pl.when(is_level_1).then(value)


links = (
    Link(
        "#this",
        of_level_1(files),
        of_level_1(pl.col("files.names")),
        "application/fits",
        of_level_1(pl.col("files.sizes")),
    ),
    Link("#this", pl.when(~is_level_1).then(granule("access_url")), granule("granule_gid")),
    Link(
        "#package",
        of_level_1(pl.col("package.url")),
        "All files of the observation",
        "application/zip",
        pl.col("package.size"),
    ),
    Link(
        "#counterpart",
        of_level_1(pl.col("files.older_urls")),
        of_level_1(pl.col("files.older_names").list.eval(pl.format("Older: {}", pl.element()))),
        "application/fits",
        of_level_1(pl.col("files.older_sizes")),
    ),
    Link(
        "#derivation",
        of_level_1(pl.col("inversion.url")),
        "Magnetic field and velocity, inverted from it",
        "application/fits",
        pl.col("inversion.size"),
    ),
    Link(
        "#progenitor",
        pl.when(~is_level_1).then(files.list.first()),
        "The spectra that it is of",
        "application/fits",
        pl.col("files.sizes").list.first(),
    ),
    Link("#calibration", pl.col("calibration.url"), "Its flat fields"),
    Link("#preview", pl.col("previews.urls"), "A look at it", "image/png"),
    Link("#auxiliary", pl.col("log.url"), "The observing log of the day", "text/plain"),
    helioviewer(pl.col("description.DATE-BEG")),
    documentation(pl.format("https://doi.org/{}", pl.col("doi")), "How to cite it"),
    documentation(pl.col("licence"), "Its licence"),
    documentation(
        "https://mybinder.org/v2/gl/sdc-grisred%2Fgris-notebooks/HEAD",
        "A notebook that opens data of GRIS, on Binder",
    ),
    documentation("https://archive.sdc.leibniz-kis.de/", "The archive, and how to cite it"),
)

service = Service(
    name="gris",
    frame="body",
    mapping=mapping,
    key=("name",),
    # Observations are reduced again, and their documents change with the files.
    cursor=Cursor("updated", lag=timedelta(days=7)),
    links=links,
    embargo=Embargo(
        until=pl.col("embargo.until"),
        held=pl.col("embargo.held"),
        columns=("data_set", "file_array"),
    ),
)
