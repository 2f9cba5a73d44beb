"""NDA: dynamic spectra of Jupiter and the Sun by the Nançay Decameter Array, one granule a file."""

from datetime import timedelta

import polars as pl

from epnkit.mapping import (
    Mapping,
    Product,
    access,
    compute,
    dynamic_spectrum,
    file_identifier,
    identifier,
    round_to_single_precision,
)
from epnkit.service import (
    FILE_CURSOR,
    FILE_KEY,
    Axis,
    DataSet,
    Link,
    RoutineCdf,
    Service,
    Stream,
    TableFile,
    Variable,
    companion,
    documentation,
    granule,
    read_new_routine,
    this,
)

#: An observation of Routine is called as the raw file that the CDF was made of (``J160131.RT1``),
#: one of NewRoutine as its file without the version.
NAME = r"^([JS]\d{6}|orn_nda_newroutine_(?:jup|sun)_edr_\d{12}_\d{12})(?:[._].*)?$"

routine = pl.col("file_name").str.starts_with("srn_nda_routine_")
sun = pl.col("file_name").str.contains("_sun_edr_")
target = pl.when(sun)

observation = compute(
    file_identifier,
    pl.when(routine).then("Parents").otherwise("file_name"),
    "unreadable",
    pattern=NAME,
    what="an observation",
)


def product(kind: str, gid: str, level: int, url: pl.Expr, size: pl.Expr, **more: str) -> Product:
    """Declare the granule of one of an observation's files, where it is there."""
    return Product(
        {
            "granule_uid": compute(identifier, observation, pl.lit(kind)),
            "granule_gid": gid,
            "processing_level": level,
            **access(url, size, more.get("media_type")),
            "file_name": url.str.extract(r"([^/]+)$", 1),
        },
        when=url.is_not_null() & (~routine if kind == "fits" else routine),
    )


file, file_size = pl.col("url"), pl.col("file_size")

mapping = Mapping(
    columns={
        "obs_id": observation,
        # The limits of NewRoutine's files are the receiver's.
        **dynamic_spectrum(
            first=pl.coalesce("epoch_first", "DATE-OBS"),
            last=pl.coalesce("epoch_last", "DATE-END"),
            lowest=pl.col("Frequency.min").fill_null(10.0),
            highest=pl.col("Frequency.max").fill_null(88.0),
            unit=pl.col("Frequency.unit").fill_null("MHz"),
        ),
        "target_name": target.then(pl.lit("Sun")).otherwise(pl.lit("Jupiter")),
        "target_class": target.then(pl.lit("star")).otherwise(pl.lit("planet")),
        "target_region": target.then(pl.lit("solar-corona")).otherwise(
            pl.lit("planetary-magnetosphere")
        ),
        "feature_name": target.then(None).otherwise(pl.lit("DAM#decametric radio emissions")),
        "time_sampling_step_min": compute(round_to_single_precision, "VESPA_time_sampling_step"),
        "time_sampling_step_max": compute(round_to_single_precision, "VESPA_time_sampling_step"),
        "spectral_sampling_step_min": pl.when(routine).then(75e3).otherwise(48.828e3),
        "spectral_sampling_step_max": pl.when(routine).then(75e3).otherwise(48.828e3),
        "instrument_host_name": "Station de Radioastronomie de Nancay#SRN",
        "instrument_name": pl.when(routine)
        .then(pl.lit("Nancay Decameter Array#NDA#Routine"))
        .otherwise(pl.lit("Nancay Decameter Array#NDA#NewRoutine")),
        "measurement_type": "phot.flux.density;em.radio#phys.polarization",
        "thumbnail_url": pl.col("picture.url"),
        "bib_reference": "2000GMS...119..321L",
    },
    products=(
        product("cdf", "SRN NDA EDR Routine Data", 2, file, file_size),
        product(
            "pdf",
            "SRN NDA PDF Routine Summary Plots",
            5,
            pl.col("summary.url"),
            pl.col("summary.size"),
        ),
        product(
            "rt1",
            "SRN NDA RT1 Routine Raw Data",
            1,
            pl.col("raw.url"),
            pl.col("raw.size"),
            media_type="application/octet-stream",
        ),
        product("fits", "ORN NDA EDR NewRoutine Data", 2, file, file_size),
    ),
)


def unless(gid: str, url: str) -> pl.Expr:
    """Give where another file of the observation is; no granule links to itself in this way."""
    return pl.when(granule("granule_gid") != gid).then(pl.col(url))


links = (
    this("The granule's file"),
    Link(
        "#progenitor",
        unless("SRN NDA RT1 Routine Raw Data", "raw.url"),
        "The receiver's raw file",
        "application/octet-stream",
        pl.col("raw.size"),
    ),
    Link(
        "#preview",
        unless("SRN NDA PDF Routine Summary Plots", "summary.url"),
        "Summary plots of the observation",
        content_length=pl.col("summary.size"),
    ),
    companion("#preview", "picture", "The observation, reduced"),
    documentation("https://www.obs-nancay.fr/", "The Nancay Decameter Array, and how to cite it"),
)

FREQUENCY = Axis("Frequency", "MHz")


DEGREE = Variable(
    "degree",
    None,
    "Degree of circular polarisation: (RR - LL) / (RR + LL)",
    FREQUENCY,
    scale="linear",
)


def routine_stream(code: str, target: str) -> DataSet:
    """Declare the spectra of Routine of a target."""
    hands = (("LL", "Left-hand polarised"), ("RR", "Right-hand polarised"))
    return DataSet(
        f"nda_routine_{code}",
        f"NDA Routine, {target}",
        {"granule_gid": "^SRN NDA EDR Routine Data$", "target_name": f"^{target}$"},
        RoutineCdf(),
        (
            *(
                Variable(
                    name, None, f"{hand}, in counts", FREQUENCY, type="integer", scale="linear"
                )
                for name, hand in hands
            ),
            DEGREE,
        ),
        cadence=timedelta(seconds=1),
        longest=timedelta(days=31),
        description=f"Dynamic spectra of {target} between 10 and 40 MHz, both hands of"
        " polarisation, as the receiver counts: on a scale of decibels; the right-hand sweep is"
        " half a second after the time of the record.",
    )


def new_routine_stream(code: str, target: str) -> DataSet:
    """Declare the spectra of NewRoutine of a target."""
    hands = (("LL", "Left-hand polarised"), ("RR", "Right-hand polarised"))
    return DataSet(
        f"nda_newroutine_{code}",
        f"NDA NewRoutine, {target}",
        {"granule_gid": "^ORN NDA EDR NewRoutine Data$", "target_name": f"^{target}$"},
        TableFile(read_new_routine),
        (*(Variable(name, "V2 Hz-1", hand, FREQUENCY) for name, hand in hands), DEGREE),
        cadence=timedelta(seconds=1),
        longest=timedelta(days=31),
        description=f"Dynamic spectra of {target} between 10 and 88 MHz, both hands of"
        " polarisation.",
    )


targets = (("jup", "Jupiter"), ("sun", "Sun"))

#: Each hand of polarisation, and the degree of it, at the Das2 server of Nancay.
elsewhere = tuple(
    Stream(
        "das2", f"Nancay/NDA/Routine/routine_jup_{kind}", title, {"granule_uid": r"^J\d{6}_cdf$"}
    )
    for kind, title in (
        ("lh", "Jupiter, left-hand polarised"),
        ("rh", "Jupiter, right-hand polarised"),
        ("dp", "Jupiter, degree of polarisation"),
    )
)

streams = (
    *(routine_stream(*target) for target in targets),
    *(new_routine_stream(*target) for target in targets),
    *elsewhere,
)

service = Service(
    name="nda",
    frame="none",
    mapping=mapping,
    key=FILE_KEY,
    cursor=FILE_CURSOR,
    links=links,
    streams=streams,
)
