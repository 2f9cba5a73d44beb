"""ExPRES: modelled dynamic spectra of Jupiter's radio emissions, one granule a simulation."""

from datetime import timedelta
from pathlib import Path

import polars as pl

from epnkit.mapping import (
    Mapping,
    Outcome,
    access,
    compute,
    file_identifier,
    hash_list,
    hertz_limits,
    observed_interval,
    round_to_single_precision,
)
from epnkit.service import (
    FILE_CURSOR,
    FILE_KEY,
    Axis,
    CdfFile,
    DataSet,
    Link,
    Service,
    Variable,
    companion,
    documentation,
    read_collections,
    this,
)

#: ``expres_earth_jupiter_io_vipal_lossc-wid1deg_3kev_20150430_v01.json``
NAME = r"^(expres_[a-z0-9+-]+_[a-z]+_.+_\d{8}_v\d{2}[a-z]?)\.json$"

#: The family of a simulation: observer, planet and source.
FAMILY = r"^(expres_[^_]+_[^_]+_[^_]+)_"


def minutes_after(start: pl.Series, minutes: pl.Series) -> Outcome:
    """Add minutes to a time such as ``201504300000``."""
    begin = start.str.to_datetime("%Y%m%d%H%M", strict=False)
    made = begin + pl.select(pl.duration(seconds=(minutes * 60).round())).to_series()
    return Outcome.checked(start, made, "is not a time")


def agreeing(file: pl.Series, simulation: pl.Series, start: pl.Series) -> Outcome:
    """Refuse a file whose simulation is called by another date (``Io2015-04-30``) than it has."""
    called = simulation.str.replace_all("-", "").str.extract(r"(\d{8})", 1)
    apart = (called != start.str.slice(0, 8)).fill_null(value=False)
    complaint = "is of a simulation that is called by another date"
    return Outcome.checked(file, file.set(apart, None), complaint)


def moons(sources: pl.Series) -> pl.Series:
    """Name the satellites that sources of emission are attached to."""
    return sources.list.eval(pl.element().str.json_path_match("$.SAT"))


lowest, highest = (compute(round_to_single_precision, f"FREQUENCY.{end}") for end in ("MIN", "MAX"))
channels = pl.when(pl.col("FREQUENCY.TYPE") == "Linear").then(
    (pl.col("FREQUENCY.MAX") - pl.col("FREQUENCY.MIN")) / (pl.col("FREQUENCY.NBR") - 1) * 1e6
)
step = (pl.col("TIME.MAX") - pl.col("TIME.MIN")) / pl.col("TIME.NBR") * 60
name = compute(agreeing, "file_name", "SIMU.NAME", "OBSERVER.SCTIME")


def target(parent: pl.Series, sources: pl.Series) -> Outcome:
    """Join the planet and its moons that cause emission."""
    listed = pl.DataFrame([parent.alias("parent"), moons(sources).alias("moons")])
    return hash_list(listed.select(pl.concat_list("parent", "moons")).to_series())


def target_class(sources: pl.Series) -> pl.Series:
    """Say whether moons are among the targets."""
    caused = moons(sources).list.drop_nulls().list.eval(pl.element().filter(pl.element() != ""))
    alone = pl.Series(["planet"]).new_from_index(0, len(sources))
    return alone.zip_with(caused.list.len().fill_null(0) == 0, alone + "#satellite")


mapping = Mapping(
    columns={
        "granule_uid": compute(
            file_identifier, name, "unreadable", pattern=NAME, what="a simulation"
        ),
        "granule_gid": pl.col("file_name").str.extract(FAMILY, 1),
        "obs_id": compute(file_identifier, name, "unreadable", pattern=NAME, what="a simulation"),
        "dataproduct_type": "ds",
        "target_name": compute(target, "OBSERVER.PARENT", "SOURCE"),
        "target_class": compute(target_class, "SOURCE"),
        "target_region": "planetary-magnetosphere",
        ("time_min", "time_max"): compute(
            observed_interval,
            compute(minutes_after, "OBSERVER.SCTIME", "TIME.MIN"),
            compute(minutes_after, "OBSERVER.SCTIME", "TIME.MAX"),
            "file_name",
        ),
        "time_sampling_step_min": step,
        "time_sampling_step_max": step,
        # From the configuration: the attributes of the CDF files are ten times too large.
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_limits, lowest, highest, unit="MHz"
        ),
        "spectral_sampling_step_min": channels,
        "spectral_sampling_step_max": channels,
        "instrument_host_name": compute(hash_list, "OBSERVER.SC"),
        "instrument_name": "ExPRES",
        "measurement_type": "phot.flux.density;em.radio;meta.modelled",
        "processing_level": 5,
        **access(pl.col("spectrum.url"), pl.col("spectrum.size")),
        "file_name": pl.col("spectrum.url").str.extract(r"([^/]+)$", 1),
        "thumbnail_url": pl.col("picture.url"),
        "bib_reference": "doi:10.1051/0004-6361/201935161",
    }
)

links = (
    this("The simulated spectrum", pl.col("spectrum.size")),
    Link("#progenitor", pl.col("url"), "The configuration of the simulation"),
    companion("#preview", "picture", "The spectrum, reduced"),
    documentation("https://expres.readthedocs.io/", "ExPRES: what it simulates, and how"),
    documentation(
        "https://doi.org/10.1051/0004-6361/201935161",
        "Louis et al. 2019: ExPRES, an exoplanetary and planetary radio emissions simulator",
    ),
)

FREQUENCY = Axis("Frequency", "MHz")

#: Simulations that are streamed: observer, moon, magnetic model and version.
FAMILIES = (
    ("earth", "io", "vipal", "v01"),
    *(
        (observer, moon, model, "v11")
        for observer in ("earth", "juno")
        for moon in ("io", "europa", "ganymede", "callisto")
        for model in ("jrm09", "jrm33")
    ),
)


HAND = Variable(
    "Polarization",
    None,
    "Hand of visible emission: -1 from the north, 1 from the south",
    FREQUENCY,
    type="integer",
    scale="linear",
)

LONGITUDE = Variable("CML", "deg", "Central meridian longitude of the observer", scale="linear")


def auroral(observer: str) -> DataSet:
    """Declare the simulations of aurorae for an observer: what is seen of all sources together.

    They have a source at every longitude, called ``LONGITUDEd-RADIUSR NORTH`` (ExPRES,
    ``m_cdf.pro``), whose beaming angles are left to the files.
    """
    return DataSet(
        f"expres_{observer}_aurorae",
        f"ExPRES, aurorae from {observer.title()}, JRM33",
        {
            "granule_uid": f"^expres_{observer}_jupiter_(?!(io|europa|ganymede|callisto)_)"
            "[^_]+_jrm33_.*_[0-9]{8}_v21$"
        },
        CdfFile(),
        (HAND, LONGITUDE),
        cadence=timedelta(minutes=1),
        longest=timedelta(days=31),
        description="Modelled dynamic spectra of Jupiter's auroral radio emission: whether any of"
        " the sources around the oval is visible, and of which hand its emission is.",
        digits=0,
        resource="https://doi.org/10.25935/txka-y235",
    )


def simulated(observer: str, moon: str, model: str, version: str) -> DataSet:
    """Declare the simulations of a family, a file a day."""
    hemispheres = (("north", "northern"), ("south", "southern"))
    return DataSet(
        f"expres_{observer}_{moon}_{model}",
        f"ExPRES, {moon.title()} from {observer.title()}, {model.upper()}",
        {
            "granule_uid": f"^expres_{observer}_jupiter_{moon}_{model}_lossc-wid1deg_3kev"
            f"_[0-9]{{8}}_{version}$"
        },
        CdfFile(),
        (
            HAND,
            *(
                Variable(
                    f"Theta_{code}",
                    "deg",
                    f"Beaming angle of the {word} source",
                    FREQUENCY,
                    field=f"Theta[{moon.title()} {code.upper()}]",
                    scale="linear",
                )
                for code, word in hemispheres
            ),
            LONGITUDE,
        ),
        cadence=timedelta(minutes=1),
        longest=timedelta(days=31),
        description="Modelled dynamic spectra of Jupiter's radio emission caused by a moon.",
        digits=0,
        resource="https://expres.readthedocs.io/",
    )


streams = (
    *(simulated(*each) for each in FAMILIES),
    *(auroral(observer) for observer in ("earth", "juno")),
)

service = Service(
    name="expres",
    frame="none",
    mapping=mapping,
    key=FILE_KEY,
    cursor=FILE_CURSOR,
    links=links,
    streams=streams,
    collections=read_collections(Path(__file__).parent / "collections.toml"),
)
