"""Coordinates of which two fields are the ends."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import Draft, propose

COUNT = 12

LIMITS = ("c1min", "c1max", "c2min", "c2max")


def draft(*names: str) -> Draft:
    """Propose for fields of numbers that grow from 1 to 4."""
    columns = {name: [n + k / 100 for k in range(COUNT)] for n, name in enumerate(names, 1)}
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], **columns})
    return propose(Sample("sql", records, COUNT), "x")


@pytest.mark.parametrize(
    "names",
    [
        ("ra_min", "ra_max", "dec_min", "dec_max"),
        ("rightasc1", "rightasc2", "declination1", "declination2"),
        ("right_ascension_min", "right_ascension_max", "declination_min", "declination_max"),
    ],
)
def test_the_ends_of_a_coordinate_on_the_sky_are_two_fields(names: tuple[str, ...]) -> None:
    made = draft(*names)
    assert made.frame == "celestial"
    found = [made.of(column) for column in LIMITS]
    assert [each and each.fields for each in found] == [(name,) for name in names]
    assert [each and each.confidence for each in found] == [0.9] * len(LIMITS)


def test_one_end_is_never_taken_for_both() -> None:
    made = draft("declination1", "declination2")
    assert [made.of(c) and made.of(c).fields for c in ("c2min", "c2max")] != [  # type: ignore[union-attr]
        ("declination1",),
        ("declination1",),
    ]


def test_two_positions_are_no_limits() -> None:
    made = draft("ra2", "ra1", "dec2", "dec1")  # the second is less
    assert made.of("s_region") is None
    assert made.of("c2max") is None
