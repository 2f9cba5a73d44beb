"""The names of fields as words: cut at marks, capitals and known words, in one spelling each."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from epnkit.drafts.inspect.tables import read_table

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

#: Units whose capitals begin no word.
_UNITS = re.compile(r"(?<![A-Z])(?:[kKMGT]Hz|[kMG]eV|cm-1|cm\^-1)(?![a-z])")

#: The fewest letters of a piece that is split off.
_SHORTEST = 2

#: The most words of a description that says what a field is.
_LONGEST = 5


@cache
def split_words(name: str) -> tuple[str, ...]:
    """Cut a name into words.

    Examples
    --------
    >>> split_words("DATE-OBS"), split_words("startTime"), split_words("WAVEMIN")
    (('date', 'observation'), ('start', 'time'), ('wavelength', 'min'))
    """
    plain = _UNITS.sub(lambda found: f" {found[0].lower()} ", _remove_accents(name))
    pieces = [piece.lower() for piece in _cut_prefix(_PIECES.findall(plain))]
    return _join_phrases(
        tuple(_normalize_spelling(word) for piece in pieces for word in _split_piece(piece))
    )


def _cut_prefix(pieces: list[str]) -> list[str]:
    """Give the last capital of a prefix back to it: ``GEOincidence`` is no ``GE Oincidence``."""
    made: list[str] = []
    for piece in pieces:
        first, rest = piece[:1], piece[1:]
        whole = piece.lower() in _known_words() or rest not in _known_words()
        if made and made[-1].isupper() and first.isupper() and rest.islower() and not whole:
            made[-1] += first
            made.append(rest)
        else:
            made.append(piece)
    return made


def shorten(description: str) -> str:
    """Leave out what stands in brackets, and what comes after a stop; empty if that is long.

    Examples
    --------
    >>> shorten("heliographic latitude [deg], north positive")
    'heliographic latitude'
    """
    plain = re.sub(r"[\[(][^\])]*[\])]", " ", description)
    first = re.split(r"[.;:,/]|--| - ", plain.strip())[0]
    words = re.findall(r"[A-Za-z0-9]+", first)
    return " ".join(words) if 0 < len(words) <= _LONGEST else ""


def _remove_accents(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _join_phrases(words: tuple[str, ...]) -> tuple[str, ...]:
    """Put one word for those that mean one thing together: ``longueur_onde``, ``waveLength``."""
    for phrase, word in _phrases().items():
        for place in range(len(words) - len(phrase) + 1):
            if words[place : place + len(phrase)] == phrase:
                rest = words[place + len(phrase) :]
                return _join_phrases((*words[:place], *word.split(), *rest))
    return words


def _split_piece(piece: str) -> list[str]:
    """Cut a piece that is no word into words, where all of it can be: ``dateobs``."""
    if piece in _known_words() or piece in _foreign_words() or piece.isdigit():
        return [piece]
    if piece in read_table("words")["compounds"]:
        return list(read_table("words")["compounds"][piece])
    if (compound := _split_compound(piece)) is not None:
        return compound
    for length in range(len(piece) - _SHORTEST, _SHORTEST - 1, -1):
        head, tail = piece[:length], piece[length:]
        if head in _known_words() and (tail in _known_words() or len(_split_piece(tail)) > 1):
            return [head, *_split_piece(tail)]
    return [piece]


def _split_compound(piece: str) -> list[str] | None:
    """Cut a German compound before the word that ends it; None if it is none."""
    for suffix in read_table("words")["suffixes"]["words"]:
        head = piece.removesuffix(suffix)
        if head != piece and len(head) > _SHORTEST:
            known = (each for each in (head, head.rstrip("sn")) if each in _foreign_words())
            return [next(known, head), suffix]
    return None


def _normalize_spelling(word: str) -> str:
    return _spellings().get(word) or _foreign_words().get(word, word)


@cache
def _spellings() -> dict[str, str]:
    return {
        other: word for word, others in read_table("words")["spellings"].items() for other in others
    }


@cache
def _foreign_words() -> dict[str, str]:
    return {
        other: word for word, others in read_table("words")["foreign"].items() for other in others
    }


@cache
def _phrases() -> dict[tuple[str, ...], str]:
    phrases = read_table("words")["phrases"]
    return {tuple(phrase.split()): word for word, all_ in phrases.items() for phrase in all_}


@cache
def _known_words() -> frozenset[str]:
    data = read_table("words")
    return frozenset([*data["words"], *data["spellings"], *_spellings()])
