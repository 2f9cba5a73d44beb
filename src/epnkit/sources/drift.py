"""Drift: whether a source still gives the fields that a mapping uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Drift:
    """Fields that a source gives, compared with those that are used.

    Parameters
    ----------
    used : tuple of str
        Fields that are used and given, sorted.
    missing : dict of str to str
        Fields that are used but not given, each with the given field of the most similar name,
        or an empty text.
    unused : tuple of str
        Fields that are given and not used, in the source's order.
    """

    used: tuple[str, ...]
    missing: dict[str, str]
    unused: tuple[str, ...]


def compare_fields(used: Collection[str], given: Mapping[str, str]) -> Drift:
    """Compare the fields that a service uses with those that its source gives.

    Parameters
    ----------
    used : collection of str
        As `epnkit.service.Service.fields` gives them.
    given : mapping of str to str
        As a source's ``schema()`` gives them.
    """
    missing = sorted(name for name in used if name not in given)
    return Drift(
        tuple(sorted(name for name in used if name in given)),
        {name: _find_similar(name, given) for name in missing},
        tuple(name for name in given if name not in used),
    )


def _find_similar(name: str, given: Mapping[str, str]) -> str:
    by_lower = {each.lower(): each for each in given}
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.75)
    return by_lower[close[0]] if close else ""
