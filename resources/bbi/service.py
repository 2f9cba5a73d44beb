"""BBI: broad band images of the Sun at GREGOR, one granule an image or a burst."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    POINTING,
    Mapping,
    access,
    compute,
    last_part,
    named_observation,
    pointing,
    solarnet,
)
from epnkit.service import Cursor, Embargo, Link, Service, documentation, helioviewer, this

#: ``bbi_20160424_003``: the day, and the number of the image or burst.
NAME = r"^bbi_(?P<day>\d{8})_\d{3}$"

name = compute(named_observation, "name", "description.DATE_BEG", pattern=NAME)


def middle(axis: str) -> pl.Expr:
    """Take the middle of an axis."""
    return (end(axis, "MIN") + end(axis, "MAX")) / 2


def side(axis: str) -> pl.Expr:
    """Take the length of an axis."""
    return (end(axis, "MAX") - end(axis, "MIN")).abs()


def end(axis: str, which: str) -> pl.Expr:
    """Name the field with an end of an axis, in arcseconds."""
    return pl.col(f"description.HELIOPROJECTIVE_{axis}_{which}")


mapping = Mapping(
    columns={
        "granule_uid": name,
        "granule_gid": pl.coalesce("description.BTYPE", pl.lit("image")),
        "obs_id": name,
        "dataproduct_type": "im",
        **solarnet("description.", begin="DATE_BEG", end="DATE_END"),
        "target_region": "solar-photosphere",
        **pointing(
            date="description.DATE_BEG",
            x=middle("X"),
            y=middle("Y"),
            width=side("X"),
            height=side("Y"),
            # The limits are those of the axes.
            rotation=pl.lit(0.0),
            theta="description.THETA",
            mu="description.MU",
        ),
        "measurement_type": "phot.radiance;em.opt",
        "processing_level": 3,
        **access(pl.col("file.url"), pl.col("file.size")),
        "file_name": compute(last_part, pl.col("file.url")),
        "thumbnail_url": pl.col("previews.urls").list.first(),
        "bib_reference": pl.format("doi:{}", pl.col("doi")),
        "fried_parameter_min": pl.col("description.ATMOS_R0_MIN"),
        "fried_parameter_max": pl.col("description.ATMOS_R0_MAX"),
    },
    own_columns={**POINTING, "fried_parameter_min": "double", "fried_parameter_max": "double"},
)

links = (
    this("The image", pl.col("file.size")),
    Link("#preview", pl.col("previews.urls"), "A look at it", "image/png"),
    helioviewer(pl.col("description.DATE_BEG")),
    documentation(pl.format("https://doi.org/{}", pl.col("doi")), "How to cite it"),
    documentation(pl.col("licence"), "Its licence"),
    documentation("https://archive.sdc.leibniz-kis.de/", "The archive, and how to cite it"),
)

service = Service(
    name="bbi",
    frame="body",
    mapping=mapping,
    key=("name",),
    # Observations are reduced again, and their documents change with the files.
    cursor=Cursor("updated", lag=timedelta(days=7)),
    links=links,
    embargo=Embargo(until=pl.col("embargo.until"), held=pl.col("embargo.held")),
)
