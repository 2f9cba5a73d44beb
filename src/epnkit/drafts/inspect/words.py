"""The names of fields as words: cut at marks, capitals and known words, in one spelling each."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from epnkit.drafts.inspect.tables import table

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
    pieces = [piece.lower() for piece in _PIECES.findall(_unaccented(name))]
    return _joined(tuple(_spelt(word) for piece in pieces for word in _cut(piece)))


def _unaccented(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _joined(words: tuple[str, ...]) -> tuple[str, ...]:
    """Put one word for those that mean one thing together: ``longueur_onde``, ``waveLength``."""
    for phrase, word in _phrases().items():
        for place in range(len(words) - len(phrase) + 1):
            if words[place : place + len(phrase)] == phrase:
                return _joined((*words[:place], word, *words[place + len(phrase) :]))
    return words


def _cut(piece: str) -> list[str]:
    """Cut a piece that is no word into words, where all of it can be: ``dateobs``."""
    if piece in _known() or piece in _foreign() or piece.isdigit():
        return [piece]
    for length in range(len(piece) - _SHORTEST, _SHORTEST - 1, -1):
        head, tail = piece[:length], piece[length:]
        if head in _known() and (tail in _known() or len(_cut(tail)) > 1):
            return [head, *_cut(tail)]
    return [piece]


def _spelt(word: str) -> str:
    return _spellings().get(word) or _foreign().get(word, word)


@cache
def _spellings() -> dict[str, str]:
    return {other: word for word, others in table("words")["spellings"].items() for other in others}


@cache
def _foreign() -> dict[str, str]:
    return {other: word for word, others in table("words")["foreign"].items() for other in others}


@cache
def _phrases() -> dict[tuple[str, ...], str]:
    told = table("words")["phrases"]
    return {tuple(phrase.split()): word for word, all_ in told.items() for phrase in all_}


@cache
def _known() -> frozenset[str]:
    told = table("words")
    return frozenset([*told["words"], *told["spellings"], *_spellings()])
