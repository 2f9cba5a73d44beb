"""What a field may mean by its name; :mod:`epnkit.drafts.recognise.values` judges its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table

#: What each word that no rule speaks of takes from the score.
_UNEXPLAINED = 0.08

#: What a field within a document loses, for its name says less alone.
_WITHIN = 0.02

#: The share of records that have a value, below which a field comes after others.
_RARE = 0.9

#: Words that add nothing to what a name says.
_EMPTY = {
    "name",
    "names",
    "value",
    "utc",
    "text",
    "string",
    "the",
    "iso",
    "in",
    "of",
    "s",
    "intended",
    "identification",
}

#: Units as names of fields have them, at their end.
UNIT_WORDS = {
    "s",
    "sec",
    "secs",
    "seconds",
    "ms",
    "msec",
    "us",
    "minutes",
    "hours",
    "hz",
    "khz",
    "mhz",
    "ghz",
    "nm",
    "um",
    "micron",
    "microns",
    "angstrom",
    "angstroms",
    "kev",
    "ev",
    "deg",
    "degrees",
    "arcsec",
}


@dataclass(frozen=True)
class Candidate:
    """A field that may have a meaning.

    Parameters
    ----------
    field : Field
        The field.
    score : float
        How sure, from 0 to 1.
    """

    field: Field
    score: float


@dataclass(frozen=True)
class _Rule:
    exact: dict[str, float]
    groups: tuple[frozenset[str], ...]
    score: float
    never: frozenset[str]

    def rate(self, field: Field) -> float:
        """Return how sure a name is to have the meaning; 0 for not at all."""
        last, whole = _strip_unit(plain_name(field.name.rsplit(".", 1)[-1])), plain_name(field.name)
        context = set(field.context)
        if context & self.never or context & _ELSEWHERE:
            return 0.0
        known = max(self.exact.get(last, 0.0), self.exact.get(whole, 0.0))
        lost = _WITHIN if field.context else 0.0
        return max(known - lost if known else 0.0, self._by_words(field) - lost)

    def _by_words(self, field: Field) -> float:
        said = set(field.words) - _EMPTY  # a bare name says what the document is named
        words = [*(field.context[-1:] if said else field.context), *field.words]
        if not self.groups or self.never & set(field.words):
            return 0.0
        if not all(group & set(words) for group in self.groups):
            return 0.0
        explained = frozenset().union(*self.groups) | _EMPTY
        extra = [word for word in field.words if word not in explained | UNIT_WORDS]
        return self.score - _UNEXPLAINED * len(extra)


#: Documents within a record that speak of something else than the record.
_ELSEWHERE = {"parent", "progenitor", "user", "author", "contact", "license", "provenance"}


def _strip_unit(name: str) -> str:
    """Leave out the unit at the end of a name: ``cadence_s``, ``fmin_khz``."""
    head, _, last = name.rpartition("_")
    return head if head and last in UNIT_WORDS else name


def plain_name(name: str) -> str:
    """Write a name in lower case, with ``_`` for every other mark."""
    bare = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return bare.removeprefix("vespa_")  # the global attributes of MASER's CDF files


@cache
def _rules() -> dict[str, _Rule]:
    return {
        meaning: _Rule(
            rule.get("exact", {}),
            tuple(frozenset(group) for group in rule.get("words", [])),
            rule.get("score", 0.0),
            frozenset(rule.get("never", [])),
        )
        for meaning, rule in read_table("meanings").items()
    }


def words_that_exclude(meaning: str) -> frozenset[str]:
    """Return the words of names that a meaning never has."""
    return _rules()[meaning].never


def find_candidates(sample: Sample, meaning: str) -> list[Candidate]:
    """List the fields that may have a meaning: the likeliest first, those that are rare last."""
    rule = _rules()[meaning]
    rated = [Candidate(field, round(rule.rate(field), 3)) for field in sample]
    known = [c for c in rated if c.score > 0.3]
    return sorted(known, key=lambda c: (c.field.coverage < _RARE, -c.score))
