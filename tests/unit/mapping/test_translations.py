"""Words of a source in those of EPN-TAP: what is not known is refused by its name."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.errors import MappingError
from epnkit.mapping import Mapping, compute, translate

WORDS = {"MARS": "Mars", "MOON": "Moon"}


def test_known_words_are_translated_and_nothing_stays_nothing() -> None:
    made = translate(pl.Series(["MOON", None, "MARS"]), WORDS)
    assert made.values.to_list() == ["Moon", None, "Mars"]
    assert made.reasons.null_count() == 3


@pytest.mark.parametrize("given", [["L1", "L2"], [1, 2]])
def test_what_stands_for_a_word_may_be_a_number(given: list[object]) -> None:
    made = translate(pl.Series(given), {"L1": 2, "L2": 3, "1": 2, "2": 3})
    assert made.values.to_list() == [2, 3]


def test_a_word_that_is_not_known_is_refused_with_its_column() -> None:
    mapping = Mapping({"target_name": compute(translate, "object", words=WORDS)})
    made = mapping.apply(pl.DataFrame({"object": ["MARS", "CERES"]}))
    (refused,) = made.refusals.rows(named=True)
    assert refused["column"] == "target_name"
    assert refused["reason"] == "'CERES' is not a known word (MARS, MOON)"


def test_many_words_are_not_all_listed() -> None:
    made = translate(pl.Series(["x"]), {f"w{n}": "w" for n in range(9)})
    assert made.reasons[0] == "'x' is not a known word (w0, w1, w2, w3, w4 ...)"


def test_where_polars_does_not_name_a_word_translate_is_the_cure() -> None:
    mapping = Mapping({"target_name": pl.col("body").replace_strict({"M": "Mars"})})
    with pytest.raises(MappingError, match="column target_name cannot be made") as error:
        mapping.apply(pl.DataFrame({"body": ["M", "C"]}))
    assert "\n" not in str(error.value)
    assert "compute(translate, field" in error.value.cure
