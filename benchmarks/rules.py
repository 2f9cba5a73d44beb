"""How many rows a second all row rules take, on granules of 60 columns.

Usage: python -m benchmarks.rules [--rows 100000]

The best and the median of five runs are told, for rows that are clean and for rows of which one in
a hundred is broken.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.epncore import columns, rules

#: Columns beside the 46 mandatory ones, to make 60.
OPTIONAL = (
    "access_url access_format access_estsize thumbnail_url file_name datalink_url bib_reference"
    " publisher coverage time_scale target_region feature_name sun_distance_min sun_distance_max"
)

Floats = NDArray[np.float64]

VERTICES = 12
RUNS = 5


def granules(size: int, seed: int = 1) -> pl.DataFrame:
    """Make clean granules of the form of active regions, 60 columns wide."""
    draw = np.random.default_rng(seed)
    number = pl.int_range(size, eager=True).cast(pl.String)
    start = 2450000.5 + draw.uniform(0, 9000, size)
    west, south = draw.uniform(0, 340, size), draw.uniform(-60, 50, size)
    values: dict[str, Any] = {
        **_texts(number),
        **_pair("time_min", "time_max", start, start + 0.01),
        **_pair("c1min", "c1max", west, west + 10),
        **_pair("c2min", "c2max", south, south + 8),
        **_pair("spectral_range_min", "spectral_range_max", np.full(size, 4e14), 5e14),
        "s_region": _polygons(west, south),
        "processing_level": 3,
        "access_estsize": draw.integers(1, 10_000, size),
    }
    wanted = [c.name for c in columns.COLUMNS.values() if c.mandatory]
    wanted += OPTIONAL.split()
    frame = pl.select(_series(name, values, size) for name in wanted)
    dates = pl.lit("2026-01-02T03:04:05").str.to_datetime(time_unit="us")
    named = ("creation_date", "modification_date", "release_date")
    return frame.with_columns(dates.alias(name) for name in named)


def _texts(number: pl.Series) -> dict[str, Any]:
    return {
        "granule_uid": "ar_20220419_035533_" + number,
        "granule_gid": "active_region",
        "obs_id": "image_" + number,
        "dataproduct_type": "im",
        "measurement_type": "phys.magField;phys.absorption",
        "target_name": "Sun",
        "target_class": "star",
        "spatial_frame_type": "body",
        "instrument_host_name": "SDO",
        "instrument_name": "Helioseismic and Magnetic Imager#HMI",
        "service_title": "bench",
        "access_url": "https://example.org/data/2022/04/" + number + ".fits",
        "access_format": "application/fits",
        "thumbnail_url": "https://example.org/thumbnails/" + number + ".png",
        "file_name": number + ".fits",
        "datalink_url": "https://example.org/datalink?id=" + number,
        "bib_reference": "2012SoPh..275..207S",
        "publisher": "Observatoire de Paris",
        "time_scale": "UTC",
        "target_region": "active region",
    }


def _pair(low: str, high: str, least: Any, most: Any) -> dict[str, Any]:
    return {low: least, high: most}


def _series(name: str, values: dict[str, Any], size: int) -> pl.Expr:
    value = values.get(name)
    kind = columns.polars_type(name)
    if isinstance(value, pl.Series | np.ndarray):
        return pl.lit(pl.Series(name, value)).cast(kind)
    return pl.repeat(value, size, dtype=kind).alias(name)


def _polygons(west: Floats, south: Floats) -> pl.Series:
    """Write ellipses inside the boxes as pgsphere's literals."""
    turn = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    lon = west[:, None] + 5 + 4.9 * np.cos(turn)
    lat = south[:, None] + 4 + 3.9 * np.sin(turn)
    points = [
        pl.format("({}d,{}d)", pl.lit(pl.Series(lon[:, k])), pl.lit(pl.Series(lat[:, k])))
        for k in range(VERTICES)
    ]
    return pl.select(
        pl.concat_str(pl.lit("{"), pl.concat_str(points, separator=","), pl.lit("}"))
    ).to_series()


def broken(rows: pl.DataFrame) -> pl.DataFrame:
    """Break one row in a hundred."""
    chosen = pl.int_range(pl.len()) % 100 == 7
    return rows.with_columns(
        pl.when(chosen).then(0.0).otherwise(pl.col("time_min")).alias("time_min"),
        pl.when(chosen).then(pl.lit("sun")).otherwise(pl.col("target_name")).alias("target_name"),
    )


def _rate(rows: pl.DataFrame) -> tuple[float, float, int]:
    """Give the best and the median rate, and how much was found."""
    took, found = [], 0
    for _ in range(RUNS):
        begun = time.perf_counter()
        found = rules.check_rows(rows, service="bench", frame="body").height
        took.append(time.perf_counter() - begun)
    return rows.height / min(took), rows.height / statistics.median(took), found


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    clean = granules(parser.parse_args().rows)
    for title, rows in (("clean", clean), ("1 % broken", broken(clean))):
        best, median, found = _rate(rows)
        print(
            f"{title}: {rows.height} rows x {rows.width} columns, {found} findings: "
            f"best {best:,.0f} rows/s, median {median:,.0f} rows/s"
        )


if __name__ == "__main__":
    main()
