"""The names of fields as words: cut at marks, capitals and known words, in one spelling each."""

from __future__ import annotations

import re
from functools import cache

from epnkit.drafts.tables import table

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

#: What a number behind a word is cut off from: ``naxis1``, ``cdelt2``.
_SHORTEST = 2


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Cut a name into words.

    Examples
    --------
    >>> words_of("DATE-OBS"), words_of("startTime"), words_of("WAVEMIN")
    (('date', 'observation'), ('start', 'time'), ('wavelength', 'min'))
    """
    pieces = [piece.lower() for piece in _PIECES.findall(name)]
    return tuple(_spelt(word) for piece in pieces for word in _cut(piece))


def _cut(piece: str) -> list[str]:
    """Cut a piece that is no word into words, where all of it can be: ``dateobs``."""
    if piece in _known() or piece.isdigit():
        return [piece]
    for length in range(len(piece) - _SHORTEST, _SHORTEST - 1, -1):
        head, tail = piece[:length], piece[length:]
        if head in _known() and (tail in _known() or len(_cut(tail)) > 1):
            return [head, *_cut(tail)]
    return [piece]


def _spelt(word: str) -> str:
    return _spellings().get(word, word)


@cache
def _spellings() -> dict[str, str]:
    told = table("words")["spellings"]
    return {other: word for word, others in told.items() for other in others}


@cache
def _known() -> frozenset[str]:
    told = table("words")
    return frozenset([*told["words"], *told["spellings"], *_spellings()])
