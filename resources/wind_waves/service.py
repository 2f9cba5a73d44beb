"""Wind/Waves: dynamic spectra and direction finding of the Sun and of the Earth, a file a day."""

from datetime import timedelta
from pathlib import Path

import polars as pl

from epnkit.mapping import (
    Mapping,
    access,
    compute,
    dataset_columns,
    file_identifier,
    identifier,
    observed_interval,
    read_datasets,
)
from epnkit.service import (
    FILE_CURSOR,
    FILE_KEY,
    Axis,
    DataSet,
    Service,
    TableFile,
    Variable,
    companion,
    documentation,
    read_collections,
    read_wind_averages,
    this,
)

FOLDER = Path(__file__).parent

#: Receiver and day stand in every name: ``WIN_RAD1_60S_19941114.B3E``.
NAME = r"(?i)^((?:wi_wa|win|wind_waves)_.*\d{8}.*)\.(?:cdf|dat|b3e|r[12])$"

receiver = pl.col("file_name").str.extract(r"(?i)_(rad[12]|tnr)_", 1).str.to_lowercase()
day = pl.col("file_name").str.extract(r"_(\d{8})[_.]", 1)
binary = ~pl.col("file_name").str.ends_with(".cdf")

mapping = Mapping(
    columns={
        "granule_uid": compute(
            file_identifier, "file_name", "unreadable", pattern=NAME, what="a day's file"
        ),
        "obs_id": compute(identifier, pl.lit("wi_wa"), receiver, day),
        "dataproduct_type": "ds",
        **dataset_columns(read_datasets(FOLDER / "datasets.toml")),
        ("time_min", "time_max"): compute(
            observed_interval, "epoch_first", "epoch_last", "file_name"
        ),
        "instrument_host_name": "wind",
        "instrument_name": pl.format("waves#{}", receiver),
        "measurement_type": "phot.flux.density;em.radio",
        **access(
            pl.col("url"),
            pl.col("file_size"),
            pl.when(binary)
            .then(pl.lit("application/octet-stream"))
            .otherwise(pl.lit("application/x-cdf")),
        ),
        "file_name": pl.col("file_name"),
        "thumbnail_url": pl.col("picture.url"),
        "bib_reference": "1995SSRv...71..231B",
    }
)

links = (
    this("The day's file", pl.col("file_size")),
    companion("#preview", "picture", "The day, reduced"),
    documentation(
        "https://ui.adsabs.harvard.edu/abs/1995SSRv...71..231B",
        "Bougeret et al. 1995: the radio and plasma wave investigation on Wind",
    ),
)

FREQUENCY = Axis("frequency", "kHz", label="Frequency")

#: Solar flux units at the antenna: what the records say is their unit 4.
streams = tuple(
    DataSet(
        f"wind_waves_{name}_60s",
        f"Wind/Waves {name.upper()}, averages of 60 s",
        {"granule_gid": f"^cdpp_wi_wa_{name}_l2_60s_v2$"},
        TableFile(read_wind_averages),
        tuple(
            Variable(each, "1e-22 W m-2 Hz-1", f"Flux density, {each} of 60 s", FREQUENCY)
            for each in ("mean", "least", "greatest")
        ),
        cadence=timedelta(seconds=60),
        description="Flux density of radio waves at the antenna, in solar flux units: the mean, the"
        " least and the greatest value of 60 s.",
        stamp="center",
    )
    for name in ("rad1", "rad2")
)

service = Service(
    name="wind_waves",
    frame="none",
    mapping=mapping,
    key=FILE_KEY,
    cursor=FILE_CURSOR,
    links=links,
    streams=streams,
    collections=read_collections(FOLDER / "collections.toml"),
)
