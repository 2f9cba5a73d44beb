"""LARS: spectra of the Sun with absolute wavelengths, one granule a series."""

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

#: ``lars_20160912_004``: the day, and the number of the series.
NAME = r"^lars_(?P<day>\d{8})_\d{3}$"

name = compute(named_observation, "name", "description.DATE-BEG", pattern=NAME)

mapping = Mapping(
    columns={
        "granule_uid": name,
        "granule_gid": "level 1",
        "obs_id": name,
        "dataproduct_type": "sp",
        **solarnet("description."),
        "target_region": "solar-photosphere",
        **pointing(
            date="description.DATE-BEG",
            x="description.XCEN",
            y="description.YCEN",
            # A round fibre: the square around it.
            width="description.FOVX",
            height="description.FOVX",
            rotation="description.CROTA2",
            theta="description.THETA",
            mu="description.MU",
        ),
        "measurement_type": "phot.radiance;em.opt#phys.veloc",
        "processing_level": 3,
        **access(pl.col("file.url"), pl.col("file.size")),
        "file_name": compute(last_part, pl.col("file.url")),
        "thumbnail_url": pl.col("previews.urls").list.first(),
        "bib_reference": pl.format("doi:{}", pl.col("doi")),
        "accumulations": pl.col("description.ACCUMULA"),
        "wavelength_reference": pl.col("description.WAVEREF"),
    },
    own_columns={**POINTING, "accumulations": "integer", "wavelength_reference": "text"},
)

links = (
    this("The spectra", pl.col("file.size")),
    Link("#preview", pl.col("previews.urls"), "A look at it", "image/png"),
    helioviewer(pl.col("description.DATE-BEG")),
    documentation(pl.format("https://doi.org/{}", pl.col("doi")), "How to cite it"),
    documentation(pl.col("licence"), "Its licence"),
    documentation("https://archive.sdc.leibniz-kis.de/", "The archive, and how to cite it"),
)

service = Service(
    name="lars",
    frame="body",
    mapping=mapping,
    key=("name",),
    # Observations are reduced again, and their documents change with the files.
    cursor=Cursor("updated", lag=timedelta(days=7)),
    links=links,
    embargo=Embargo(until=pl.col("embargo.until"), held=pl.col("embargo.held")),
)
