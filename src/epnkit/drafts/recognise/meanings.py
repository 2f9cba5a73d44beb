"""What a field may mean by its name; :mod:`epnkit.drafts.recognise.values` judges its values."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.inspect.words import shorten

#: What each word that no rule speaks of takes from the score.
_UNEXPLAINED = 0.08

#: What a field within a document loses, for its name says less alone.
_WITHIN = 0.02

#: How many fewer records may have a value of a field that comes first for its name.
_MUCH_LESS = 0.1

#: How sure a UCD is that says what a field is, and one that says more than is looked for.
_BY_UCD, _BY_LONGER_UCD = 0.94, 0.9

#: What a name loses that is known in another spelling: ``lvl`` for level.
_SPELT = 0.04

#: What is lost if a description has the words and the name has not, and how sure that is at most.
_DESCRIBED, _MOST_DESCRIBED = 0.1, 0.82

#: Words of names of values that are one of several of a quantity: the document says which quantity.
_STATISTICS = frozenset(["average", "median", "min", "max", "center"])

#: Words that say one end of a range, and which.
_ENDS = {
    **dict.fromkeys(("min", "from", "low", "lower"), "min"),
    **dict.fromkeys(("max", "to", "high", "upper"), "max"),
}

#: Words that add nothing to what a name says.
_EMPTY = {
    "name",
    "names",
    "label",
    "acronym",
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
    "observing",
    "identification",
    "angle",
}

#: Units as names of fields have them, at their end.
UNIT_WORDS = {
    "s",
    "sec",
    "secs",
    "seconds",
    "ms",
    "msec",
    "millisecond",
    "milliseconds",
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
    "degs",
    "degree",
    "degrees",
    "arcsec",
    "arcmin",
    "thz",
    "cm1",
    "km",
    "au",
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

    @property
    def ends(self) -> frozenset[str]:
        """The ends of a range that its name says: min, max, or none.

        Other words for them may be anything but at the end of a name: ``phase.from``.
        """
        words = self.field.words
        return frozenset(["min", "max"]) & {*words, *(_ENDS.get(word, "") for word in words[-1:])}


def find_end(
    found: Iterable[Candidate], end: str, whole: Container[str] = ()
) -> tuple[Candidate, bool] | None:
    """Find the likeliest field of one end of a range, or else of both ends.

    Parameters
    ----------
    found : iterable of Candidate
        The fields of a quantity, the likeliest first.
    end : str
        ``min`` or ``max``.
    whole : container of str
        Fields in whose names these words say no end, but minutes.

    Returns
    -------
    tuple of Candidate and bool, or None
        The field, and whether its name says the end.
    """
    ends = [(c, frozenset() if c.field.name in whole else c.ends) for c in found]
    own = next((c for c, said in ends if end in said), None)
    either = next((c for c, said in ends if not said), None)
    chosen = own or either
    return None if chosen is None else (chosen, own is not None)


@dataclass(frozen=True)
class _Rule:
    exact: dict[str, float]
    groups: tuple[frozenset[str], ...]
    score: float
    never: frozenset[str]
    ucds: tuple[str, ...] = ()
    of_provenance: bool = False

    def rate(self, field: Field, ucd: str = "") -> float:
        """Return how sure a name or its declared UCD has the meaning; 0 for not at all."""
        last = plain_name(field.label)
        context = set(field.context)
        elsewhere = _ELSEWHERE - _PROVENANCE if self.of_provenance else _ELSEWHERE
        if context & self.never or context & elsewhere:
            return 0.0
        forms = {last, _strip_unit(last)}
        if not field.description:
            forms.add(plain_name(field.name))
            forms |= self._forms_of_document(field)
        known = max(self.exact.get(form, 0.0) for form in forms)
        spelt = "_".join(word for word in field.words if word not in _EMPTY)
        spellings = spelt, _strip_unit(spelt)
        known = max(known, *(self.exact.get(form, 0.0) - _SPELT for form in spellings))
        lost = _WITHIN if field.context else 0.0
        by_name = max(known - lost if known else 0.0, self._by_words(field) - lost)
        if field.description:
            by_name = min(by_name - _DESCRIBED, _MOST_DESCRIBED)
        return max(by_name, rate_ucd(ucd, self.ucds)) if ucd else by_name

    def _forms_of_document(self, field: Field) -> set[str]:
        """Return the name of the document, if the field is a value or an end of what it names."""
        *_, document, _ = ("", *field.name.rsplit(".", 2))
        is_part = field.context and {*field.words} <= _ENDS.keys() | _EMPTY
        return {plain_name(document)} if is_part and not self.never & {*field.words} else set()

    def _by_words(self, field: Field) -> float:
        # A bare name says what the document is named, and a mean or an end of what it is.
        said = set(field.words) - _EMPTY - _STATISTICS - _ENDS.keys()
        words = [*(field.context[-1:] if said else field.context), *field.words]
        if not self.groups or self.never & set(field.words):
            return 0.0
        if not all(group & set(words) for group in self.groups):
            return 0.0
        explained = frozenset().union(*self.groups) | _EMPTY
        extra = [word for word in field.words if word not in explained | UNIT_WORDS]
        return self.score - _UNEXPLAINED * len(extra)


#: Documents within a record that speak of something else than the record.
_PROVENANCE = frozenset(["provenance"])
_ELSEWHERE = {"parent", "progenitor", "user", "author", "contact", "license", *_PROVENANCE}


def _strip_unit(name: str) -> str:
    """Leave out the unit at the end of a name: ``cadence_s``, ``fmin_khz``."""
    head, _, last = name.rpartition("_")
    return head if head and last in UNIT_WORDS else name


def rate_ucd(ucd: str, wanted: tuple[str, ...]) -> float:
    """Return how sure a UCD has one of several meanings: its words in any order, and few more.

    What an identifier is of is said by the words after ``meta.id``, so those have to be the same.

    Examples
    --------
    >>> rate_ucd("em.wl;stat.min", ("em.wl;stat.min",)), rate_ucd("em.wl", ("em.wl;stat.min",))
    (0.94, 0.0)
    >>> rate_ucd("meta.id;meta.main", ("meta.id",)), rate_ucd("meta.id;obs", ("meta.id",))
    (0.94, 0.0)
    """
    words = frozenset(ucd.lower().replace(" ", "").split(";"))
    if any(word.startswith(_ABOUT_VALUES) for word in words):
        return 0.0
    meanings = [frozenset(each.lower().split(";")) for each in wanted]
    if "meta.id" in words:
        same = words - _MAIN in [each - _MAIN for each in meanings]
        return _BY_UCD if same else 0.0
    plain = words - _EMPTY_UCDS
    if plain in meanings or words in meanings:
        return _BY_UCD
    limits = {word for word in plain if word.startswith("stat.")}
    longer = any(each <= plain and limits <= each for each in meanings)
    return _BY_LONGER_UCD if longer else 0.0


#: Words of UCDs that speak of how well a value is known.
_ABOUT_VALUES = ("stat.error", "stat.stdev", "meta.code.qual", "meta.unit", "arith.diff")

#: The word of a UCD that says that a table has several of its kind, and this is the main one.
_MAIN = frozenset(["meta.main"])

#: Words of UCDs that add nothing to what a value is (UCD1+ words, IVOA recommendation).
_EMPTY_UCDS = frozenset(["obs", "obs.field", "stat.mean", "stat.median", *_MAIN])


def plain_name(name: str) -> str:
    """Write a name in lower case, with ``_`` for other marks and before words with a capital.

    Examples
    --------
    >>> plain_name("DATE-OBS"), plain_name("productId"), plain_name("RAJ2000")
    ('date_obs', 'product_id', 'raj2000')
    """
    cut = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name)
    cut = re.sub(r"(?<=[a-z])(?=[A-Z]{2,}$)", "_", cut)
    bare = re.sub(r"[^a-z0-9]+", "_", cut.lower()).strip("_")
    return bare.removeprefix("vespa_")  # the global attributes of MASER's CDF files


@cache
def _rules() -> dict[str, _Rule]:
    return {
        meaning: _Rule(
            rule.get("exact", {}),
            tuple(frozenset(group) for group in rule.get("words", [])),
            rule.get("score", 0.0),
            frozenset(rule.get("never", [])),
            tuple(rule.get("ucds", [])),
            rule.get("of_provenance", False),
        )
        for meaning, rule in read_table("meanings").items()
    }


def words_that_exclude(meaning: str) -> frozenset[str]:
    """Return the words of names that a meaning never has."""
    return _rules()[meaning].never


def find_candidates(sample: Sample, meaning: str) -> list[Candidate]:
    """List the fields that may have a meaning: the likeliest first, those that few have last."""
    rule, ucds = _rules()[meaning], sample.declared.ucds
    rated = [Candidate(f, round(rule.rate(f, ucds.get(f.name, "")), 3)) for f in sample]
    known = [c for c in rated if c.score > 0.3] or _find_described(sample, rule)
    most = max((c.field.coverage for c in known), default=0.0)
    return sorted(known, key=lambda c: (c.field.coverage < most - _MUCH_LESS, -c.score))


def _find_described(sample: Sample, rule: _Rule) -> list[Candidate]:
    """List the fields whose description has the words of a meaning, where no name has them."""
    rated = (
        Candidate(field, min(rule.rate(Field(plain, field.values)) - _DESCRIBED, _MOST_DESCRIBED))
        for field in sample
        if not field.description
        and (plain := shorten(sample.declared.descriptions.get(field.name, "")))
    )
    return [c for c in rated if c.score > 0.3]
