"""Proposals for the processing level, by what records call it."""

from __future__ import annotations

import re
from functools import cache

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import constant, number, translation
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.mapping.texts import ascii_of

#: What stands before a level in texts.
_BEFORE = r"^(processing|data|codmac|niveau|stufe|livello|nivel|level|lvl|lev|cal)[\s_-]*"

#: EPN-TAP's own numbers, of calibrated and of derived data.
_NUMBERS, _CALIBRATED, _DERIVED = frozenset("12356"), 3, 5

#: How many different levels a field has at most.
_MOST = 10

#: How sure EPN-TAP's own numbers are, those of another count, and a guess.
_OWN, _TRANSLATED, _GUESSED = 0.95, 0.6, 0.4


def propose_level(sample: Sample, *, derived: bool) -> Proposal:
    """Propose the level, which every granule must have: a field that many lack is none.

    Parameters
    ----------
    sample : Sample
        The records.
    derived : bool
        Whether the data are derived, if nothing says more.
    """
    columns = ("processing_level",)
    for field in (c.field for c in find_candidates(sample, "processing_level")):
        if not field.complete:
            continue
        codmac = "codmac" in field.words
        levels = {str(v): _read_level(str(v), codmac=codmac) for v in field.given.unique()}
        if field.words[:2] == ("processing", "level") and levels.keys() <= _NUMBERS:
            reason = "EPN-TAP's own numbers"
            return Proposal(columns, number(field.name), (field.name,), _OWN, reason)
        if levels and len(levels) <= _MOST and all(levels.values()):
            made, reason = translation(field.name, levels), "levels in another count than EPN-TAP's"
            return Proposal(columns, made, (field.name,), _TRANSLATED, reason)
    guess = constant(_DERIVED if derived else _CALIBRATED)
    reason = "a guess: 1 raw, 2 partly processed, 3 calibrated, 5 derived"
    return Proposal(columns, guess, (), _GUESSED, reason)


def _read_level(value: str, *, codmac: bool) -> int | None:
    plain = ascii_of(value).strip().lower().removesuffix(".0")
    bare = re.sub(_BEFORE, "", plain)
    if (codmac or "codmac" in plain) and bare in _table("codmac"):
        return _table("codmac")[bare]
    return _table("levels").get(plain) or _table("levels").get(bare)


@cache
def _table(section: str) -> dict[str, int]:
    known = read_table("levels")[section]
    return {name: int(level) for level, names in known.items() for name in names}
