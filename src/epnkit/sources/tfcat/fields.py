"""The fields of a record that is a feature, besides its own properties."""

from __future__ import annotations

from typing import Final

import polars as pl

from epnkit.sources.base import SOURCE_DIGEST, UNREADABLE

#: What is wrong with a feature, and where; no field of a record.
PROBLEM: Final = "problem"

#: The hash of what a record was made of, a number of 32 bits; no field of a record.
DIGEST: Final = "digest"

#: What every record says of its file.
FILE_FIELDS: Final[dict[str, pl.DataType]] = {
    "path": pl.String(),
    "file_name": pl.String(),
    "file_size": pl.Int64(),
    "modified": pl.Datetime("us"),
    "address": pl.String(),
    "url": pl.String(),
}

#: The fields that the reader makes.
READER_FIELDS: Final[dict[str, pl.DataType]] = {
    "line": pl.Int64(),
    "number": pl.Int64(),
    "feature": pl.String(),
    "type": pl.String(),
    "geometry": pl.String(),
    "positions": pl.Int64(),
    "features": pl.Int64(),
    "time_min": pl.Float64(),
    "time_max": pl.Float64(),
    "frequency_min": pl.Float64(),
    "frequency_max": pl.Float64(),
    "wavelength_min": pl.Float64(),
    "wavelength_max": pl.Float64(),
    "time_unit": pl.String(),
    "time_origin": pl.String(),
    "time_scale": pl.String(),
    "spectral_type": pl.String(),
    "spectral_unit": pl.String(),
    "ref_position": pl.String(),
    "document": pl.String(),
}

#: The names that no property of a feature may have among the fields of a record.
TAKEN: Final = frozenset({*FILE_FIELDS, *READER_FIELDS, PROBLEM, DIGEST, UNREADABLE, SOURCE_DIGEST})
