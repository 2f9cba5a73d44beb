"""NRH: images of the Sun by the Nançay radioheliograph, one granule an observation."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl

from epnkit.mapping import Mapping, compute, hertz_of_lists, identifier, julian_date, safe
from epnkit.service import Cursor, Link, Service, documentation

#: Frequencies, in units of 100 kHz, that are too noisy to be shown; datalink reads the same file.
EXCLUDED = json.loads((Path(__file__).parent / "movies.json").read_text())["excluded"]


def best_movie(plots: pl.Series, begin: pl.Series, frequencies: pl.Series) -> pl.Series:
    """Give the movie of the highest frequency that is shown; its name has the day first."""
    shown = frequencies.list.eval(
        pl.element().filter((pl.element() > 0) & ~pl.element().is_in(EXCLUDED))
    )
    highest = shown.list.max().cast(pl.String).str.zfill(4)
    day = begin.str.replace(r"^(\d{4})-(\d\d)-(\d\d).*$", "${3}${2}${1}")
    return plots + "/nrh" + day + "_" + highest + ".gif"


def megahertz(frequencies: pl.Series) -> pl.Series:
    """List frequencies in MHz, separated by hashes; zeros only fill a list up."""
    real = frequencies.list.eval(pl.element().filter(pl.element() > 0).sort())
    texts = real.list.eval(pl.format("{}.{}", pl.element() // 10, pl.element() % 10))
    joined_texts = texts.list.join("#")
    return joined_texts.set(joined_texts == "", None)


day = pl.col("hdeb").str.slice(0, 10).str.replace_all("-", "")
# 2d071221.01, .01Z and .01ZZ are one observation, compressed more and more.
part = pl.col("file").str.extract(r"\.(\d+)Z*$", 1)
movie = compute(best_movie, "plots", "hdeb", "frq")

mapping = Mapping(
    columns={
        "granule_uid": compute(safe, "unique_id", distinct=True),
        # The compression tells the files of one observation apart.
        "granule_gid": pl.concat_str(pl.lit("videoplots"), pl.col("file").str.extract(r"(Z*)$", 1)),
        "obs_id": compute(identifier, pl.lit("nrh"), day, part),
        "dataproduct_type": "mo",
        "target_name": "Sun",
        "target_class": "star",
        "target_region": "solar-corona",
        "time_min": compute(julian_date, "hdeb"),
        "time_max": compute(julian_date, "hfin"),
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_of_lists, "frq", unit="100 kHz"
        ),
        "instrument_host_name": "Nancay Radio Observatory",
        "instrument_name": "NRH",
        "measurement_type": "phot.radiance;em.radio",
        "processing_level": 3,
        "thumbnail_url": movie,
        "unique_id": pl.col("unique_id"),
        "frequencies": compute(megahertz, "frq"),
        "raw_file": pl.col("file"),
    },
    own_columns={"unique_id": "text", "frequencies": "text", "raw_file": "text"},
)

links = (
    Link("#thumbnail", movie, "The movie of the highest frequency"),
    documentation("https://rsdb.obs-nancay.fr/", "The radio solar database of Nancay"),
)

service = Service(
    name="nrh",
    frame="none",
    mapping=mapping,
    key=("unique_id",),
    source="source.json",
    # Days are compressed again, and handed in late.
    cursor=Cursor("@timestamp", lag=timedelta(days=30)),
    links=links,
)
