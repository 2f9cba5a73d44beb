"""Words of a source in those of EPN-TAP."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_texts, refuse_unread

#: How many of the known words a refusal lists.
_LISTED = 5


def translate(given: pl.Series, words: Mapping[str, str | int]) -> Outcome:
    """Translate words; one that is not known is refused by its name.

    Parameters
    ----------
    given : polars.Series
        Words of the source; values of other types count as they are written.
    words : mapping of str
        For each word of the source what stands for it.

    Returns
    -------
    Outcome
        The translations, and the reason if a word has none: a source that has a new word tomorrow
        says so, rather than leaving the column empty.

    Examples
    --------
    >>> made = translate(pl.Series(["MARS", "CERES"]), {"MARS": "Mars", "MOON": "Moon"})
    >>> made.values.to_list(), made.reasons.to_list()
    (['Mars', None], [None, "'CERES' is not a known word (MARS, MOON)"])
    """
    texts = as_texts(given)
    values = texts.replace_strict(
        list(words), list(words.values()), default=None, return_dtype=_type_of(words)
    )
    return refuse_unread(given, values, f"a known word ({_list(words)})")


def _type_of(words: Mapping[str, str | int]) -> pl.DataType:
    return pl.Series(list(words.values())).dtype


def _list(words: Mapping[str, str | int]) -> str:
    more = " ..." if len(words) > _LISTED else ""
    return ", ".join(list(words)[:_LISTED]) + more
