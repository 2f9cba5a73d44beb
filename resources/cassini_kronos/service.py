"""Cassini/RPWS, the Kronos database: radio spectra of Saturn, one granule an hour and a level."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl

from epnkit.mapping import (
    Mapping,
    access,
    compute,
    dataset_columns,
    file_identifier,
    observed_interval,
    read_datasets,
)
from epnkit.service import (
    FILE_CURSOR,
    FILE_KEY,
    Axis,
    DataSet,
    Link,
    PairedFile,
    Service,
    Table,
    TableFile,
    Variable,
    companion,
    documentation,
    granule,
    read_collections,
    read_kronos_n1,
    read_kronos_n2,
    read_kronos_n3,
    read_kronos_n3b,
    this,
)

FOLDER = Path(__file__).parent

#: A level, in some a source and a mode, year, day of year and hour: ``N3d_dsq2012181.00``.
NAME = r"^((?:[KRP]|N3[bde]_[a-z]{3})\d{7}\.\d{2})$"

hour = pl.col("file_name").str.extract(r"(\d{7}\.\d{2})$", 1)

#: Where Cassini was before it came to Saturn: first and last hour, and what it observed.
PASSED = (
    ("1998116.00", "1998116.23", "Venus", "planet"),
    ("1999175.00", "1999175.23", "Venus", "planet"),
    ("1999227.00", "1999257.23", "Earth", "planet"),
    ("2000271.00", "2001180.23", "Jupiter", "planet"),
    ("1997001.00", "2003366.23", "interplanetary medium", "interplanetary_medium"),
)


def passed(column: int, later: str) -> pl.Expr:
    """Give what was observed in an hour, and from 2004 on what is observed at Saturn."""
    chosen = pl.lit(later)
    for period in reversed(PASSED):
        inside = hour.is_between(pl.lit(period[0]), pl.lit(period[1]))
        chosen = pl.when(inside).then(pl.lit(period[column])).otherwise(chosen)
    return chosen


def instant(ti: pl.Expr, centiseconds: pl.Expr) -> pl.Expr:
    """Read the times of level N1: YYDDDSSSSS, the years counted from 1996, and centiseconds."""
    day = pl.datetime(ti // 10**8 + 1996, 1, 1) + pl.duration(days=ti // 10**5 % 1000 - 1)
    return day + pl.duration(seconds=ti % 10**5, milliseconds=10 * centiseconds)


def since_1997(days: pl.Expr) -> pl.Expr:
    """Read the times of level N2: days, of which the first is 1 January 1997."""
    return pl.datetime(1997, 1, 1) + pl.duration(microseconds=((days - 1) * 86400e6).round())


def time(end: str) -> pl.Expr:
    """Give the time of the first or the last record; other levels have none."""
    raw = instant(pl.col(f"{end}.ti"), pl.col(f"{end}.c"))
    return pl.coalesce(raw, since_1997(pl.col(f"{end}.t97")))


at_saturn = passed(2, "Saturn") == "Saturn"

mapping = Mapping(
    columns={
        "granule_uid": compute(
            file_identifier, "file_name", "unreadable", pattern=NAME, what="an hour"
        ),
        "obs_id": pl.format("K{}", hour),
        "dataproduct_type": "ds",
        **dataset_columns(read_datasets(FOLDER / "datasets.toml")),
        ("time_min", "time_max"): compute(
            observed_interval, time("first"), time("last"), "file_name"
        ),
        # The receiver's; what it was tuned to within an hour is in the files.
        "spectral_range_min": 3685.6,
        "spectral_range_max": 16025e3,
        "target_name": passed(2, "Saturn"),
        "target_class": passed(3, "planet"),
        "target_region": pl.when(at_saturn).then(pl.lit("planetary-magnetosphere")),
        "feature_name": pl.when(at_saturn).then(pl.lit("SKR#Saturn Auroral Kilometric Radiation")),
        "instrument_host_name": "cassini-orbiter",
        "instrument_name": "rpws",
        **access(pl.col("url"), pl.col("file_size"), "application/octet-stream"),
        "file_name": pl.col("file_name"),
        "thumbnail_url": pl.col("picture.url"),
        "publisher": "PADC",
        "bib_reference": "2004SSRv..114..395G",
    }
)


def below(level: str, url: str, what: str) -> Link:
    """Declare the link to the file of the level below."""
    source = pl.when(granule("granule_gid").str.contains(level)).then(pl.col(url))
    return Link("#progenitor", source, what, "application/octet-stream")


links = (
    this("The hour's file", pl.col("file_size")),
    below("_n1$", "telemetry.url", "The hour in telemetry (level N0)"),
    below("_n2$", "receiver.url", "The hour in units of the receiver (level N1)"),
    below("_n3.$", "calibrated.url", "The hour in physical units (level N2)"),
    companion("#preview", "picture", "The hour, reduced"),
    documentation("https://lesia.obspm.fr/kronos/", "The Kronos database, and its levels"),
    documentation(
        "https://ui.adsabs.harvard.edu/abs/2004SSRv..114..395G",
        "Gurnett et al. 2004: the radio and plasma wave investigation on Cassini",
    ),
)

SWEPT = Axis("frequency", "kHz", varies=True, label="Frequency", limits=(3.6, 16100.0))

STOKES = (
    Variable("s", "V2 Hz-1", "Intensity (Stokes I)", SWEPT),
    *(
        Variable(
            name, None, f"Stokes {name.upper()}, relative to the intensity", SWEPT, scale="linear"
        )
        for name in ("q", "u", "v")
    ),
    Variable("th", "rad", "Colatitude of the source", SWEPT, scale="linear"),
    Variable("ph", "rad", "Azimuth of the source", SWEPT, scale="linear"),
    Variable("snx", None, "Signal to noise of the antenna X", SWEPT),
    Variable("snz", None, "Signal to noise of the antenna Z", SWEPT),
)


#: What level N3b has for each of the two measurements that a value is made of.
EACH = (
    ("s", "V2 Hz-1", "Intensity (Stokes I)", "log"),
    *(
        (name, None, f"Stokes {name.upper()}, relative to the intensity", "linear")
        for name in "quv"
    ),
    ("snx", None, "Signal to noise of the antenna X", "log"),
    ("snz", None, "Signal to noise of the antenna Z", "log"),
)

PAIRS = (
    *(
        Variable(f"{name}{number}", unit, f"{what}, {which} measurement", SWEPT, scale=scale)
        for name, unit, what, scale in EACH
        for number, which in ((1, "first"), (2, "second"))
    ),
    Variable("th", "rad", "Colatitude of the source", SWEPT, scale="linear"),
    Variable("ph", "rad", "Azimuth of the source", SWEPT, scale="linear"),
    Variable(
        "zr", None, "Difference of both autocorrelations of Z over their sum", SWEPT, scale="linear"
    ),
)


def polarised(
    level: str,
    assumed: str,
    read: Callable[[Path, Path], Table] = read_kronos_n3,
    variables: tuple[Variable, ...] = STOKES,
) -> DataSet:
    """Declare level N3b, N3d or N3e, each record of which is made of records of level N2."""
    antennas = "three" if level == "n3b" else "two"
    return DataSet(
        f"cassini_kronos_{level}",
        f"Cassini/RPWS Kronos N{level[1:]}, {assumed}",
        {"granule_gid": f"^co_rpws_hfr_kronos_{level}$"},
        PairedFile(read, rf"{level}/N3[bde]_[a-z]{{3}}(\d{{7}}\.\d\d)$", r"n2/P\1"),
        variables,
        longest=timedelta(days=31),
        description=f"Level N{level[1:]}: goniopolarimetry with {antennas} antennas, {assumed}; a"
        " record a sweep, as in level N2.",
        resource="https://lesia.obspm.fr/kronos/",
    )


streams = (
    DataSet(
        "cassini_kronos_n1",
        "Cassini/RPWS Kronos, receiver units",
        {"granule_gid": "^co_rpws_hfr_kronos_n1$"},
        TableFile(read_kronos_n1),
        (
            Variable("fi", None, "Code of the frequency", type="integer"),
            Variable("ant", None, "Code of the antennas", type="integer"),
            *(
                Variable(name, None, f"Receiver's {name}", type="integer", scale="linear")
                for name in ("agc1", "agc2", "auto1", "auto2", "cross1", "cross2")
            ),
        ),
        longest=timedelta(days=31),
        description="Level N1: a record a frequency, in units of the receiver.",
        resource="https://lesia.obspm.fr/kronos/",
    ),
    DataSet(
        "cassini_kronos_n2",
        "Cassini/RPWS Kronos, calibrated",
        {"granule_gid": "^co_rpws_hfr_kronos_n2$"},
        TableFile(read_kronos_n2),
        (
            Variable("autoX", "V2 Hz-1", "Autocorrelation of the antenna X", SWEPT),
            Variable("autoZ", "V2 Hz-1", "Autocorrelation of the antenna Z", SWEPT),
        ),
        longest=timedelta(days=31),
        description="Level N2: a record a sweep of the receiver, whose frequencies change with its"
        " mode; a sweep with fewer values than the longest ends with fill values.",
        resource="https://doi.org/10.25935/xs9j-nd90",
    ),
    polarised("n3b", "any source", read_kronos_n3b, PAIRS),
    polarised("n3d", "known source"),
    polarised("n3e", "circular"),
)

service = Service(
    name="cassini_kronos",
    frame="none",
    mapping=mapping,
    key=FILE_KEY,
    cursor=FILE_CURSOR,
    links=links,
    streams=streams,
    collections=read_collections(FOLDER / "collections.toml"),
)
