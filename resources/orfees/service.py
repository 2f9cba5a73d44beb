"""ORFEES: dynamic spectra of the Sun from 144 to 1004 MHz, one granule a file."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    Outcome,
    access,
    compute,
    hertz_limits,
    julian_date_of_date_and_time,
    safe,
)
from epnkit.service import (
    Axis,
    Cursor,
    DataSet,
    Link,
    Service,
    TableFile,
    Variable,
    documentation,
    read_orfees,
    this,
)

#: ``orf20220402_093000.fts``, ``int_orf20241110_120000_0.1.fts``: the last number is the
#: integration in seconds, and may have a dot.
NAME = r"^(int_)?orf(?P<day>\d{8})_(?P<clock>\d{6})(?:_(?P<step>\d+(?:\.\d+)?))?\.fts$"


def stem(file: pl.Series) -> Outcome:
    """Make the identifier of a file's name, of which only the last ending is cut off."""
    named = file.set(~file.str.contains(NAME).fill_null(value=False), None)
    made = safe(named.str.strip_suffix(".fts"))
    complaint = "is no name of a file of ORFEES"
    return Outcome.checked(file, made.values, complaint)


day = pl.col("file").str.extract(NAME, 2)
seconds = pl.col("time_step") / 1000

mapping = Mapping(
    columns={
        "granule_uid": compute(stem, "file"),
        "granule_gid": pl.when(pl.col("file").str.starts_with("int_"))
        .then(
            pl.format("dynamic spectra integrated over {} s", pl.col("file").str.extract(NAME, 4))
        )
        .otherwise(pl.lit("dynamic spectra")),
        "obs_id": pl.format("orfees_{}", day),
        "dataproduct_type": "ds",
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-corona",
        "time_min": compute(julian_date_of_date_and_time, "date_obs", "time_obs"),
        "time_max": compute(julian_date_of_date_and_time, "date_end", "time_end"),
        "time_sampling_step_min": seconds,
        "time_sampling_step_max": seconds,
        "time_exp_min": pl.col("exp_time") / 1000,
        "time_exp_max": pl.col("exp_time") / 1000,
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_limits, "freq_start", "freq_stop", unit="MHz"
        ),
        "instrument_host_name": "Nancay Radio Observatory",
        "instrument_name": "ORFEES",
        "measurement_type": "phot.flux.density;em.radio",
        "processing_level": pl.when(pl.col("file").str.starts_with("int_")).then(3).otherwise(2),
        **access(pl.col("url"), pl.col("size")),
        "file_name": pl.col("file"),
        "thumbnail_url": pl.col("quicklook"),
    }
)

links = (
    this("The dynamic spectrum", pl.col("size")),
    Link("#preview", pl.col("quicklook"), "The spectrum of the day"),
    documentation("https://rsdb.obs-nancay.fr/", "The radio solar database of Nancay"),
)

FREQUENCY = Axis("frequency", "MHz", label="Frequency")


def stream(name: str, pattern: str, step: timedelta, title: str) -> DataSet:
    """Declare the spectra of an integration."""
    return DataSet(
        name,
        title,
        {"granule_gid": pattern},
        TableFile(read_orfees),
        (
            Variable("STOKESI", "1e-22 W m-2 Hz-1", "Flux density, Stokes I", FREQUENCY),
            Variable(
                "STOKESV", "1e-22 W m-2 Hz-1", "Flux density, Stokes V", FREQUENCY, scale="linear"
            ),
        ),
        cadence=step,
        longest=timedelta(days=31),
        description="Flux density of the Sun from 144 to 1004 MHz, in solar flux units; the five"
        " bands of the receiver as one, with the times of the first.",
        resource="https://rsdb.obs-nancay.fr/",
    )


streams = (
    stream("orfees", "^dynamic spectra$", timedelta(seconds=0.1), "ORFEES, dynamic spectra"),
    stream("orfees_1s", r"over 1 s$", timedelta(seconds=1), "ORFEES, integrated over 1 s"),
)

service = Service(
    name="orfees",
    frame="none",
    mapping=mapping,
    key=("file",),
    source="source.json",
    cursor=Cursor("@timestamp", lag=timedelta(days=30)),
    links=links,
    streams=streams,
)
