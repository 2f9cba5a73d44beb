"""Whether a UCD is valid: the syntax by astropy, the words by the packaged UCD1+ list."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Literal

from epnkit.epncore import vocabularies

#: The letters of words that may lead a UCD, and of those that may follow (UCDlist, section 1).
_LEADS, _FOLLOWS = frozenset("PQECV"), frozenset("SQECV")


@lru_cache(maxsize=4096)
def find_fault(ucd: str) -> str:
    """Return what is wrong with a UCD.

    Parameters
    ----------
    ucd : str
        Words of UCD1+ joined by semicolons, in any case.

    Returns
    -------
    str
        What is wrong, for a person; empty if nothing is.
    """
    # It brings all of VOTable, and so is not imported before a UCD is checked.
    from astropy.io.votable.ucd import parse_ucd

    try:
        words = [word for _, word in parse_ucd(ucd, has_colon=False)]
    except ValueError as error:
        return f"is not written as a UCD: {error}"
    faults = [_check_word(word, "S" if place else "P") for place, word in enumerate(words)]
    return next(filter(None, faults), "")


def _check_word(word: str, role: Literal["P", "S"]) -> str:
    letter = _word_letters().get(word.lower())
    if letter is None:
        return f"has {word!r}, not a word of UCD1+ {vocabularies.load('ucd').version}"
    if letter not in (_LEADS if role == "P" else _FOLLOWS):
        return f"has {word!r}, which may only {'follow' if role == 'P' else 'lead'}"
    return ""


@cache
def _word_letters() -> dict[str, str]:
    return {word.lower(): letter for word, letter in vocabularies.load("ucd").terms.items()}


def clear_caches() -> None:
    """Clear the results of checks, after the list of words was refreshed."""
    find_fault.cache_clear()
    _word_letters.cache_clear()
