"""Voyager/PRA: radio spectra of the giant planets by Voyager 1 and 2, one granule a file."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    access,
    compact_time,
    compute,
    file_identifier,
    identifier,
    observed_interval,
)
from epnkit.service import (
    FILE_CURSOR,
    FILE_KEY,
    Axis,
    DataSet,
    Link,
    Service,
    TableFile,
    Variable,
    VoyagerLowBand,
    companion,
    documentation,
    read_voyager_summary,
    this,
)

#: ``VG1-J-PRA-3-RDR-LOWBAND-6SEC-V1.0``, ``VG2-N-PRA-4-SUMM-BROWSE-48SEC-V1.0``
DATA_SET = r"^(VG[12]-[JSUN]-PRA-(?:3-RDR-LOWBAND-6SEC|4-SUMM-BROWSE-48SEC)-V1\.0)$"

PLANETS = {"J": "Jupiter", "S": "Saturn", "U": "Uranus", "N": "Neptune"}

#: How far apart the spectra of a data set are, in seconds.
STEPS = {"6SEC": 6.0, "48SEC": 48.0}


def part(pattern: str) -> pl.Expr:
    """Give a part of the data set's name."""
    return pl.col("DATA_SET_ID").str.extract(pattern, 1)


encounter = part(r"^(VG[12]-[JSUN])-")
step = part(r"-(\d+SEC)-").replace_strict(STEPS, default=None)
data_set = compute(
    file_identifier, "DATA_SET_ID", "unreadable", pattern=DATA_SET, what="a data set of PRA"
)
data = pl.coalesce("series.url", "table.url")
data_size = pl.coalesce("series.size", "table.size")

mapping = Mapping(
    columns={
        "granule_uid": compute(identifier, data_set, pl.col("file_name").str.strip_suffix(".LBL")),
        "granule_gid": pl.col("DATA_SET_ID"),
        "obs_id": compute(identifier, encounter, compute(compact_time, "START_TIME")),
        "dataproduct_type": "ds",
        "target_name": part(r"^VG[12]-([JSUN])-").replace_strict(PLANETS, default=None),
        "target_class": "planet",
        "target_region": "planetary-magnetosphere",
        ("time_min", "time_max"): compute(
            observed_interval, "START_TIME", "STOP_TIME", "file_name"
        ),
        "time_sampling_step_min": step,
        "time_sampling_step_max": step,
        # The 70 channels of the low band.
        "spectral_range_min": 1.2e3,
        "spectral_range_max": 1326e3,
        "instrument_host_name": pl.format("voyager-{}", part(r"^VG([12])-")),
        "instrument_name": "pra",
        "measurement_type": "phot.flux.density;em.radio#phys.polarization",
        "processing_level": part(r"-PRA-(\d)-").replace_strict({"3": 3, "4": 5}, default=None),
        **access(data, data_size),
        "file_name": data.str.extract(r"([^/]+)$", 1),
        "thumbnail_url": pl.col("picture.url"),
        "publisher": "NASA/PDS/PPI",
        "bib_reference": "1977SSRv...21..309W",
    }
)

links = (
    this("The spectra", data_size),
    Link("#detached-header", pl.col("url"), "The label of the spectra (PDS3)"),
    companion("#preview", "picture", "The spectra, reduced"),
    documentation(
        pl.format("https://pds.nasa.gov/ds-view/pds/viewProfile.jsp?dsid={}", "DATA_SET_ID"),
        "The data set in the Planetary Data System",
    ),
    documentation(
        "https://ui.adsabs.harvard.edu/abs/1977SSRv...21..309W",
        "Warwick et al. 1977: planetary radio astronomy experiment for Voyager missions",
    ),
)

FREQUENCY = Axis("frequency", "kHz", label="Frequency")

VARIABLES = (
    Variable("power", "dB", "Power in all channels", FREQUENCY, scale="linear"),
    Variable("RH", "dB", "Power in the right-handed channels", FREQUENCY, scale="linear"),
    Variable("LH", "dB", "Power in the left-handed channels", FREQUENCY, scale="linear"),
    Variable("attenuation", "dB", "Attenuation of the receiver", scale="linear"),
)

HANDS = (
    Variable("LH", "dB", "Mean power, left-hand circular", FREQUENCY, scale="linear"),
    Variable("RH", "dB", "Mean power, right-hand circular", FREQUENCY, scale="linear"),
)


def low_band(number: int) -> DataSet:
    """Declare the sweeps of a spacecraft."""
    return DataSet(
        f"voyager{number}_pra_lowband",
        f"Voyager {number}/PRA, low band",
        {"granule_gid": f"^VG{number}-[JSUN]-PRA-3-RDR-LOWBAND-6SEC-V1\\.0$"},
        VoyagerLowBand(),
        VARIABLES,
        cadence=timedelta(seconds=6),
        longest=timedelta(days=31),
        description="Sweeps of 70 channels, whose hand alternates from one to the next and from"
        " sweep to sweep; a sweep has the time 3.9 s after its beginning.",
        stamp="other",
    )


def summary(number: int) -> DataSet:
    """Declare the means of 48 s of a spacecraft."""
    return DataSet(
        f"voyager{number}_pra_48s",
        f"Voyager {number}/PRA, low band, 48 s",
        {"granule_gid": f"^VG{number}-[JSUN]-PRA-4-SUMM-BROWSE-48SEC-V1\\.0$"},
        TableFile(read_voyager_summary),
        HANDS,
        cadence=timedelta(seconds=48),
        description="Mean power in 70 channels in intervals of 48 s, both hands of circular"
        " polarisation; intervals in which the receiver did not sweep are left out.",
        digits=0,
        stamp="other",
        resource="https://pds-ppi.igpp.ucla.edu/",
    )


streams = tuple(declare(number) for declare in (low_band, summary) for number in (1, 2))

service = Service(
    name="voyager_pra",
    frame="none",
    mapping=mapping,
    key=FILE_KEY,
    cursor=FILE_CURSOR,
    links=links,
    streams=streams,
)
