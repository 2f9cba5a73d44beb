"""Records that become one: what is unreadable in any of them is so in the whole."""

from __future__ import annotations

import polars as pl

from epnkit.loading.prepare.refuse import unreadable_refusals
from epnkit.mapping.folding import Fold, fold
from epnkit.sources.base import SOURCE_DIGEST, UNREADABLE

ROWS = pl.DataFrame(
    {
        "id": [1, 1, 1, 2, 2, 3],
        "noaa": [7, 8, None, 9, 9, 4],
        "size": [1.0, None, None, 2.0, 2.0, 5.0],
        SOURCE_DIGEST: [1, 2, 3, 4, 5, 6],
        UNREADABLE: [None, "size: x is no number", "noaa: ? is no number", None, None, "size: y"],
    }
)


def test_every_note_of_what_is_unreadable_is_kept() -> None:
    whole = fold(ROWS, Fold(by=("id",), collect=("noaa",)), UNREADABLE, SOURCE_DIGEST)
    assert whole["noaa"].to_list() == [[7, 8], [9], [4]]
    assert whole[SOURCE_DIGEST].to_list() == [6, 9, 6]
    assert whole[UNREADABLE].to_list() == [
        "size: x is no number; noaa: ? is no number",
        None,
        "size: y",
    ]


def test_a_folded_record_is_refused_for_what_only_its_last_row_shows() -> None:
    whole = fold(ROWS, Fold(by=("id",), collect=("noaa",)), UNREADABLE, SOURCE_DIGEST)
    refused = unreadable_refusals(whole[UNREADABLE], {"id", "noaa"})
    assert refused.select("number", "field", "reason").rows() == [(0, "noaa", "? is no number")]
