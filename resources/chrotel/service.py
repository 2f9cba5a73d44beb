"""ChroTel: the whole Sun in three lines of the chromosphere, one granule an image."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    access,
    compute,
    disc_view,
    hertz_band,
    last_part,
    named_observation,
    solarnet,
)
from epnkit.service import Cursor, Embargo, Link, Service, documentation, helioviewer, this

#: ``chroTel_20140902_110310_ha``: when it was taken, and the line.
NAME = r"^chroTel_(?P<day>\d{8}_\d{6})_(?:ha|ca|he)$"

#: The lines, and the full widths of the filters in nm (Bethge et al. 2011,
#: https://doi.org/10.1051/0004-6361/201117456).
LINES = {"ca": "Ca II K", "ha": "H-alpha", "he": "He I 10830"}
WIDTHS = {"ca": 0.03, "ha": 0.05, "he": 0.14}

line = pl.col("name").str.slice(-2)
name = compute(named_observation, "name", "description.DATE-BEG", pattern=NAME)

mapping = Mapping(
    columns={
        "granule_uid": name,
        "granule_gid": line.replace_strict(LINES, default=None),
        "obs_id": pl.col("name").str.slice(0, 23),
        "dataproduct_type": "im",
        **solarnet("description."),
        "target_region": "solar-chromosphere",
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_band,
            "description.WAVELNTH",
            line.replace_strict(WIDTHS, default=None, return_dtype=pl.Float64),
            "description.WAVEUNIT",
        ),
        **disc_view(date="description.DATE-BEG"),
        "measurement_type": pl.when(line == "he")
        .then(pl.lit("phot.radiance;em.IR.NIR"))
        .otherwise(pl.lit("phot.radiance;em.opt")),
        "processing_level": 3,
        **access(pl.col("file.url"), pl.col("file.size")),
        "file_name": compute(last_part, pl.col("file.url")),
        "thumbnail_url": pl.col("previews.urls").list.first(),
        "bib_reference": pl.format("doi:{}", pl.col("doi")),
        "scan_steps": pl.col("description.STEPS"),
    },
    own_columns={"scan_steps": "integer"},
)

links = (
    this("The image; of helium, one for each step through the line", pl.col("file.size")),
    Link("#preview", pl.col("previews.urls"), "A look at it", "image/png"),
    helioviewer(pl.col("description.DATE-BEG")),
    documentation(pl.format("https://doi.org/{}", pl.col("doi")), "How to cite it"),
    documentation(pl.col("licence"), "Its licence"),
    documentation("https://archive.sdc.leibniz-kis.de/", "The archive, and how to cite it"),
)

service = Service(
    name="chrotel",
    frame="body",
    mapping=mapping,
    key=("name",),
    # Observations are reduced again, and their documents change with the files.
    cursor=Cursor("updated", lag=timedelta(days=7)),
    links=links,
    embargo=Embargo(until=pl.col("embargo.until"), held=pl.col("embargo.held")),
)
