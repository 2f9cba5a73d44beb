"""The columns that tell of a granule's file."""

from __future__ import annotations

import polars as pl

from epnkit.mapping.media_types import access, media_type


def test_the_ending_of_a_name_tells_its_type() -> None:
    names = pl.Series(["a.FITS", "https://data.example.org/b.png", "c.unknown", "d", None])
    assert media_type(names).to_list() == ["application/fits", "image/png", None, None, None]


def test_a_granule_without_an_address_has_neither_type_nor_length() -> None:
    records = pl.DataFrame({"url": ["https://data.example.org/a.bin", None], "size": [1025, 1025]})
    declared = access(pl.col("url"), pl.col("size"), "application/octet-stream")
    made = records.select(**{str(name): value for name, value in declared.items()})
    assert made.to_dicts() == [
        {
            "access_url": "https://data.example.org/a.bin",
            "access_format": "application/octet-stream",
            "access_estsize": 2,
        },
        {"access_url": None, "access_format": None, "access_estsize": None},
    ]
