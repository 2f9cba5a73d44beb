"""Juno/Waves: calibrated dynamic spectra of Jupiter from orbit around it, one granule a day."""

from datetime import timedelta
from pathlib import Path

import polars as pl

from epnkit.mapping import Mapping, access, compute, dynamic_spectrum, file_identifier
from epnkit.service import (
    FILE_CURSOR,
    FILE_KEY,
    Axis,
    CdfFile,
    DataSet,
    Service,
    Variable,
    companion,
    documentation,
    read_collections,
    this,
)

#: ``jno_wav_cdr_lesia_20170329_v02.cdf``
NAME = r"^(jno_wav_cdr_lesia_\d{8}_v\d{2})\.cdf$"

mapping = Mapping(
    columns={
        "granule_uid": compute(
            file_identifier, "file_name", "unreadable", pattern=NAME, what="a day's file"
        ),
        # The versions are data sets of their own.
        "granule_gid": pl.format(
            "jno_wav_cdr_lesia {}", pl.col("file_name").str.extract(r"_(v\d{2})\.cdf$", 1)
        ),
        "obs_id": pl.col("file_name").str.extract(r"^(jno_wav_cdr_lesia_\d{8})_", 1),
        **dynamic_spectrum(),
        "time_sampling_step_min": 1.0,
        "time_sampling_step_max": 1.0,
        "target_name": "Jupiter",
        "target_class": "planet",
        "target_region": "planetary-magnetosphere",
        "instrument_host_name": "juno",
        "instrument_name": "waves",
        "measurement_type": "phot.flux.density;em.radio",
        "processing_level": 3,
        **access(pl.col("url"), pl.col("file_size")),
        "file_name": pl.col("file_name"),
        "thumbnail_url": pl.col("picture.url"),
        "bib_reference": "doi:10.1029/2021JA029435",
    }
)

links = (
    this("The spectra of the day", pl.col("file_size")),
    companion("#preview", "picture", "The day, reduced"),
    documentation(
        "https://doi.org/10.1029/2021JA029435",
        "Louis et al. 2021: how flux densities are derived from Juno's Waves",
    ),
    documentation("https://maser.obspm.fr/", "MASER: the archive, and how to cite it"),
)

FREQUENCY = Axis("Frequency", "kHz", label="Frequency")

streams = tuple(
    DataSet(
        f"juno_waves_{version}",
        f"Juno/Waves, flux densities, {version}",
        {"granule_gid": f"^jno_wav_cdr_lesia {version}$"},
        CdfFile("Epoch"),
        (Variable("flux", "W m-2 Hz-1", "Flux density of radio waves", FREQUENCY, field="Data"),),
        cadence=timedelta(seconds=1),
        longest=timedelta(days=31),
        description="Estimated flux densities of Jupiter's radio emissions as Juno's Waves receives"
        " them; times are those at the spacecraft.",
        resource="https://doi.org/10.1029/2021JA029435",
    )
    for version in ("v01", "v02")
)

service = Service(
    name="juno_waves",
    frame="none",
    mapping=mapping,
    key=FILE_KEY,
    cursor=FILE_CURSOR,
    links=links,
    streams=streams,
    collections=read_collections(Path(__file__).parent / "collections.toml"),
)
