"""Finding UCDs by words: in the list of UCD1+, and in the columns of EPNcore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from astropy.utils.data import get_pkg_data_contents

from epnkit.epncore import vocabularies
from epnkit.epncore.columns import COLUMNS

#: What the letter of a word says of its place (UCDlist, section 1).
_PLACES = {
    "P": "leads",
    "S": "follows",
    "Q": "leads or follows",
    "E": "leads or follows",
    "C": "leads or follows",
    "V": "leads or follows",
}


@dataclass(frozen=True)
class FoundUcd:
    """A UCD that fits words.

    Parameters
    ----------
    ucd : str
        The UCD.
    place : str
        Where a word of UCD1+ may be: ``leads``, ``follows``, or both; ``whole`` for a UCD of
        several words.
    description : str
        What it means; empty for a word that is newer than the descriptions.
    score : int
        How many of the words it has, those in its name twice.
    """

    ucd: str
    place: str
    description: str
    score: int


def find_ucds(text: str, most: int = 15) -> list[FoundUcd]:
    """Find UCDs by words, the best first.

    Parameters
    ----------
    text : str
        Words, in any case; the beginning of each counts: ``temp`` finds temperatures.
    most : int
        How many at most.

    Examples
    --------
    >>> find_ucds("magnetic field")[0].ucd
    'phys.magField'
    """
    words = [word for word in re.findall(r"\w+", text.lower()) if len(word) > 2]
    found = [FoundUcd(*each, _score(words, *each)) for each in _iterate_known()]
    best = sorted((each for each in found if each.score), key=lambda each: (-each.score, each.ucd))
    return best[:most]


def _iterate_known() -> Iterator[tuple[str, str, str]]:
    """Give each UCD with its place and description."""
    told = _read_descriptions()
    for word, letter in vocabularies.load("ucd").terms.items():
        yield word, _PLACES.get(letter, ""), told.get(word.lower(), "")
    for column in COLUMNS.values():
        if ";" in column.ucd:
            yield column.ucd, "whole", f"{column.name}: {column.description}"


@cache
def _read_descriptions() -> dict[str, str]:
    """Read what the words mean from the list that astropy has, an earlier edition."""
    text = get_pkg_data_contents("data/ucd1p-words.txt", package="astropy.io.votable")
    parts = ([part.strip() for part in line.split("|")] for line in text.splitlines())
    return {part[1].lower(): part[2] for part in parts if len(part) == 3}


def _score(words: list[str], ucd: str, place: str, description: str) -> int:
    name = [part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", ucd)]
    prose = re.findall(r"\w+", description.lower())
    in_name = sum(any(_fits(word, part) for part in name) for word in words)
    in_prose = sum(any(_fits(word, part) for part in prose) for word in words)
    return 2 * in_name + in_prose


def _fits(word: str, part: str) -> bool:
    """Say whether one begins with the other: ``mag`` stands for magnetic."""
    return part.startswith(word) or (len(part) >= 3 and word.startswith(part))
