"""TFCat catalogues: features in the plane of time and frequency, one granule each."""

from pathlib import Path

import polars as pl

from epnkit.mapping import Mapping, access, compute, dataset_columns, identifier, read_datasets
from epnkit.service import FILE_CURSOR, Events, Link, Service, documentation, this

DATASETS = read_datasets(Path(__file__).parent / "datasets.toml")

#: The media type of a catalogue, which may be compressed.
of_catalogue = (
    pl.when(pl.col("path").str.ends_with(".gz"))
    .then(pl.lit("application/x-gzip"))
    .otherwise(pl.lit("application/x-tfcat+json"))
)

#: Whether a record is a catalogue, rather than a feature of one.
is_catalogue = pl.col("number") == 0


def hide_quotes(documents: pl.Series) -> pl.Series:
    """Write quotes as %22, and backslashes as %5C: a value of EPN-TAP holds none (section 1.2).

    JSON may write any character of a text by its number, so that no % of its own, no apostrophe and
    no hash is left.
    """
    written = documents
    for character in "%'#`\x7f":
        written = written.str.replace_all(character, f"\\u{ord(character):04x}", literal=True)
    quoted = written.str.replace_all('"', "%22", literal=True)
    return quoted.str.replace_all("\\", "%5C", literal=True)


def name_group(dataset: pl.Series, number: pl.Series) -> pl.Series:
    """Return the group of a granule: the data set of a feature, or that of catalogues."""
    of_catalogues = dataset.set(dataset.is_not_null(), "catalogue")
    return dataset.zip_with(number > 0, of_catalogues)


columns = dataset_columns(DATASETS, "path")
stem = pl.col("path").str.replace(r"\.(tfcat|json)(\.gz)?$", "")
uid = compute(
    identifier, stem, pl.when(is_catalogue).then(pl.lit("catalogue")).otherwise(pl.col("feature"))
)

mapping = Mapping(
    columns={
        **columns,
        "granule_uid": uid,
        "granule_gid": compute(name_group, columns["granule_gid"], "number"),
        # A feature is of no observation that others are of: those of a catalogue are thousands.
        "obs_id": uid,
        # The file of an event would be a VOEvent (section 2.3.7); these are held by their rows.
        "dataproduct_type": pl.when(is_catalogue).then(pl.lit("ca#ci")).otherwise(pl.lit("ev#ci")),
        "event_status": pl.when(~is_catalogue).then(pl.lit("observation")),
        "time_min": pl.col("time_min"),
        "time_max": pl.col("time_max"),
        "spectral_range_min": pl.col("frequency_min"),
        "spectral_range_max": pl.col("frequency_max"),
        "feature_name": pl.coalesce(pl.col("feature_name"), columns["feature_name"]),
        "processing_level": 5,
        **access(pl.when(is_catalogue).then(pl.col("url")), pl.col("file_size"), of_catalogue),
        "file_name": pl.col("file_name"),
        "bib_reference": pl.col("catalogue.bib_reference"),
        "catalogue_title": pl.col("catalogue.title"),
        "catalogue_url": pl.col("url"),
        "feature_count": pl.col("features"),
        "feature_shape": pl.col("geometry"),
        "reference_position": pl.col("ref_position"),
        "tfcat_document": compute(hide_quotes, "document"),
    },
    own_columns={
        "catalogue_title": "text",
        "catalogue_url": "text",
        "feature_count": "integer",
        "feature_shape": "text",
        "reference_position": "text",
        "tfcat_document": "text",
    },
)

links = (
    this("The catalogue (TFCat)", pl.col("file_size")),
    Link(
        "#progenitor",
        pl.when(~is_catalogue).then("url"),
        "The catalogue that the feature is of (TFCat)",
        of_catalogue,
        pl.col("file_size"),
    ),
    documentation("https://doi.org/10.25935/6068-8528", "TFCat, the format of the catalogues"),
)

streams = tuple(
    Events(
        f"tfcat_{dataset.name}",
        f"TFCat, {dataset.name.replace('_', ' ')}",
        {"granule_gid": f"^{dataset.name}$"},
        "Features of catalogues in TFCat, each with its limits of time and frequency",
    )
    for dataset in DATASETS
)

service = Service(
    name="tfcat_catalogues",
    frame="none",
    mapping=mapping,
    key=("path", "feature"),
    cursor=FILE_CURSOR,
    links=links,
    streams=streams,
)
