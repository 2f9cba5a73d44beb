"""DKIST: data sets of the Inouye Solar Telescope, one granule a data set."""

import polars as pl

from epnkit.mapping import (
    Mapping,
    access,
    compute,
    file_array,
    hash_list,
    hertz_limits,
    julian_date,
    middle,
    safe,
    sky_outline,
)
from epnkit.service import FILE_CURSOR, FILE_KEY, Embargo, Link, Service, documentation, this

#: Where the data centre gives out what describes a data set.
DOWNLOADS = "https://api.dkistdc.nso.edu/download"

#: What is observed, by the word of the archive: the part of the Sun, and the feature's name.
TARGETS = {
    "activecorona": ("solar-corona", "active corona"),
    "quietcorona": ("solar-corona", "quiet corona"),
    "coronalhole": ("solar-corona", "coronal hole"),
    "filament": ("solar-chromosphere", "filament"),
    "prominence": ("solar-chromosphere", "prominence"),
    "plages": ("solar-chromosphere", "plage"),
    "spicules": ("solar-chromosphere", "spicules"),
    "pore": ("solar-photosphere", "pore"),
    "quietsun": ("solar-photosphere", "quiet Sun"),
    "sunspot": ("solar-photosphere", "sunspot"),
}

#: Instruments that always have a spectral axis, where an old record does not say.
SPECTROGRAPHS = ["VISP", "DL-NIRSP", "VTF"]

#: Speed of light in nm/s.
LIGHT = 299792458e9


def letters(given: pl.Series) -> pl.Series:
    """List the Stokes parameters, be they one text or several, each once and in their order."""
    text = (given.list.join("") if given.dtype == pl.List else given).str.to_uppercase()
    parts = [pl.when(text.str.contains(letter)).then(pl.lit(letter)) for letter in "IQUV"]
    return pl.select(pl.concat_list(parts).list.drop_nulls()).to_series()


def measurement(longest: pl.Series, full: pl.Series, stokes: pl.Series) -> pl.Series:
    """Name what was measured: light, beyond 1 µm infrared, and polarisation."""
    radiance = pl.when(longest > 1000).then(pl.lit("em.IR")).otherwise(pl.lit("em.opt"))
    polarised = pl.coalesce(pl.lit(full), pl.lit(letters(stokes).list.len() > 1))
    more = pl.when(polarised).then(pl.lit("#phys.polarization.stokes")).otherwise(pl.lit(""))
    return pl.select(pl.concat_str(pl.lit("phot.radiance;"), radiance, more)).to_series()


def targets(given: pl.Series, part: int) -> pl.Series:
    """Translate the archive's words for what is observed; those that say nothing are left out."""
    words = given.list.eval(pl.element().str.to_lowercase().str.replace_all(r"[^a-z]", ""))
    known = {word: names[part] for word, names in TARGETS.items()}
    return words.list.eval(
        pl.element().replace_strict(known, default=None, return_dtype=pl.String).drop_nulls()
    )


def complete(name: str) -> pl.Expr:
    """Give an address of the record, if it is complete: simulated records hold placeholders."""
    return pl.when(pl.col(name).str.contains("^https?://")).then(pl.col(name))


inversion = pl.col("inversionId").is_not_null()
dataset = pl.coalesce("datasetId", "inversionId")
proposal = pl.coalesce("primaryProposalId", "proposalId")
begin, end = pl.coalesce("startTime", "asdf.begin"), pl.coalesce("endTime", "asdf.end")

second_level = (
    inversion
    | pl.col("productId").str.starts_with("L2").fill_null(value=False)
    | pl.col("asdfObjectKey").str.contains("_L2_").fill_null(value=False)
)
level = pl.when(second_level).then(pl.lit("2")).otherwise(pl.lit("1"))
# Whoever inverts, inverts spectra of VISP; the record of an inversion does not name it.
instrument = pl.when(inversion).then(pl.lit("VISP")).otherwise("instrumentName")

shortest = pl.coalesce("wavelengthMin", pl.col("wavelengths").list.min())
longest = pl.coalesce("wavelengthMax", pl.col("wavelengths").list.max())
line = pl.format(" {} nm", ((shortest + longest) / 2).round(0).cast(pl.Int64))
step = pl.col("averageDatasetSpectralSampling")
cadence = pl.col("averageDatasetTemporalSampling")
exposure = pl.col("exposureTime") / 1000

spectral = pl.coalesce(
    "hasSpectralAxis",
    (pl.col("wavelengthMax") > pl.col("wavelengthMin"))
    | pl.col("instrumentName").is_in(SPECTROGRAPHS),
)
product = (
    pl.when(second_level | spectral)
    .then(pl.lit("sc"))
    .when(pl.col("hasTemporalAxis"))
    .then(pl.lit("mo"))
    .otherwise(pl.lit("im"))
)

# A mirror of the data centre's bucket, or the data centre itself.


bucket = pl.concat_str("address", pl.col("bucket").fill_null("data"), pl.lit("/"))


def download(key: str, what: str) -> pl.Expr:
    """Give where a file of the data set is, if the record names it."""
    service = pl.concat_str(pl.lit(f"{DOWNLOADS}/{what}?datasetId="), "datasetId")
    here = pl.concat_str(bucket, pl.col(key))
    return pl.when(pl.col(key).str.len_chars() > 0).then(pl.coalesce(here, service))


asdf = pl.coalesce(
    download("asdfObjectKey", "asdf"), pl.format(f"{DOWNLOADS}/asdf?datasetId={{}}", "datasetId")
)
folder = pl.concat_str(bucket, proposal, pl.lit("/"), dataset, pl.lit("/"))
# Bytes of an ASDF file that is not at hand, by those that are: headers of 7 kB for each frame.
estimate = 150_000 + 7_000 * pl.col("frameCount").fill_null(0)
size = pl.coalesce("datasetSize", "dataset_size")

#: The columns of a footprint, as :data:`epnkit.mapping.OUTLINE` has them.
FOOTPRINT = (
    "s_region",
    "coverage",
    "c1min",
    "c1max",
    "c2min",
    "c2max",
    "footprint_area",
    "footprint_flags",
    "footprint_origin",
)

mapping = Mapping(
    columns={
        "granule_uid": compute(safe, dataset, distinct=True),
        # One program observes several lines, each a data set.
        "granule_gid": pl.concat_str(
            instrument, pl.when(~inversion).then(line), pl.lit(" level "), level, ignore_nulls=True
        ),
        "obs_id": compute(
            safe, pl.coalesce("observingProgramExecutionId", "canonicalDataset", dataset)
        ),
        "dataproduct_type": product,
        "target_name": "Sun",
        "target_class": "star",
        "target_region": compute(hash_list, compute(targets, "targetTypes", part=0)),
        "feature_name": compute(hash_list, compute(targets, "targetTypes", part=1)),
        "time_min": compute(julian_date, begin),
        "time_max": compute(julian_date, pl.coalesce(end, begin)),
        "time_exp_min": exposure,
        "time_exp_max": exposure,
        "time_sampling_step_min": cadence,
        "time_sampling_step_max": cadence,
        ("spectral_range_min", "spectral_range_max"): compute(
            hertz_limits, shortest, longest, unit="nm"
        ),
        # The step is even in wavelength, so that in frequency it is widest at the shortest.
        "spectral_sampling_step_min": LIGHT * step / longest**2,
        "spectral_sampling_step_max": LIGHT * step / shortest**2,
        FOOTPRINT: compute(
            sky_outline,
            "asdf.outline",
            "boundingBox",
            compute(middle, begin, pl.coalesce(end, begin)),
        ),
        "instrument_host_name": "Daniel K. Inouye Solar Telescope#DKIST",
        "instrument_name": instrument,
        "measurement_type": compute(measurement, longest, "hasAllStokes", "stokesParameters"),
        "processing_level": pl.when(second_level).then(5).otherwise(3),
        "processing_level_desc": pl.format("DKIST level {}", level),
        "proposal_id": compute(
            hash_list,
            pl.concat_list(proposal, "contributingProposalIds").list.eval(
                pl.element().str.to_lowercase()
            ),
        ),
        "internal_reference": compute(hash_list, pl.when(inversion).then("datasetIds")),
        "bib_reference": pl.format("doi:{}", pl.col("doi")),
        **access(asdf, pl.coalesce("asdf.size", estimate), "application/x-asdf"),
        "file_name": pl.col("asdfObjectKey").str.extract("([^/]+)$", 1),
        "stokes_parameters": compute(hash_list, compute(letters, "stokesParameters")),
        "experiment_id": compute(
            hash_list, pl.concat_list("primaryExperimentId", "contributingExperimentIds")
        ),
        "spectral_lines": compute(hash_list, "spectralLines"),
        "frame_count": pl.coalesce("frameCount", pl.col("asdf.file_count").cast(pl.Int64)),
        "array_shape": pl.col("asdf.shape").cast(pl.List(pl.String)).list.join("#"),
        "dataset_size": pl.when(size > 0).then(size * 1.073741824),
        "workflow": pl.concat_str("workflowName", "workflowVersion", separator=" "),
        # Without an address, the service that lists files gives names alone.
        "file_array": compute(file_array, "asdf.files", folder),
    },
    own_columns={
        "footprint_area": "double",
        "footprint_flags": "text",
        "footprint_origin": "text",
        "stokes_parameters": "text",
        "experiment_id": "text",
        "spectral_lines": "text",
        "frame_count": "integer",
        "array_shape": "text",
        "dataset_size": "double",
        "workflow": "text",
        "file_array": "text",
    },
)

doi = pl.format("https://doi.org/{}", pl.col("doi"))

links = (
    this(
        "The data set's metadata and world coordinates, which list its files", pl.col("asdf.size")
    ),
    Link(
        "#preview",
        pl.coalesce(download("browseMovieObjectKey", "movie"), complete("browseMovieUrl")),
        "A movie of it",
        "video/mp4",
    ),
    Link(
        "#auxiliary",
        download("qualityReportObjectKey", "quality"),
        "How good the observation and its calibration are",
        "application/pdf",
    ),
    documentation(complete("headerDocumentationUrl"), "The headers of its files"),
    documentation(complete("calibrationDocumentationUrl"), "How it was calibrated"),
    documentation(doi, "Its DOI, by which to cite it"),
    documentation("https://nso.edu/dkist/", "The telescope"),
)

service = Service(
    name="dkist",
    frame="body",
    mapping=mapping,
    # For the data centre itself it is key=("datasetId",), no cursor, source="api.toml": README.md.
    key=(*FILE_KEY, "line"),
    cursor=FILE_CURSOR,
    links=links,
    embargo=Embargo(
        until=pl.col("embargoEndDate"), held=pl.col("isEmbargoed"), columns=("file_array",)
    ),
)
