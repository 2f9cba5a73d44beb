"""What most records have comes before what few have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

_Found = TypeVar("_Found")

#: How many fewer records may have something that comes first for its name.
MUCH_LESS = 0.1


def keep_common(
    found: Iterable[_Found], share: Callable[[_Found], float], less: float = MUCH_LESS
) -> list[_Found]:
    """Leave out what much fewer records have than something else.

    Parameters
    ----------
    found : iterable
        What was found, the likeliest first.
    share : callable
        Gives the share of the records that have it, from 0 to 1.
    less : float
        How many fewer records may have it.

    Examples
    --------
    >>> keep_common(["few", "all", "most"], {"few": 0.3, "all": 1.0, "most": 0.95}.__getitem__)
    ['all', 'most']
    """
    shares = [(share(each), each) for each in found]
    most = max((part for part, _ in shares), default=0.0)
    return [each for part, each in shares if part >= most - less]
