"""Identifiers that stand in the names of files."""

from __future__ import annotations

import polars as pl

from epnkit.mapping.identifiers import safe
from epnkit.mapping.outcome import Outcome


def file_identifier(
    names: pl.Series, unreadable: pl.Series | None = None, *, pattern: str, what: str
) -> Outcome:
    r"""Take an identifier out of the names of files; refuse other names, and unreadable files.

    Parameters
    ----------
    names : polars.Series
        The names.
    unreadable : polars.Series, optional
        Why a file could not be read; null if it could.
    pattern : str
        What a name must hold; its first group is the identifier.
    what : str
        What the name should be, with its article: ``a file of NDA``.

    Examples
    --------
    >>> names = pl.Series(["J160131.RT1", "notes.txt"])
    >>> found = file_identifier(names, pattern=r"^(J\d{6})\.RT1$", what="a file of NDA")
    >>> found.values.to_list(), found.reasons[1]
    (['J160131', None], "'notes.txt' is not the name of a file of NDA")
    """
    given = names.cast(pl.String).fill_null("")
    found = given.str.extract(pattern, 1)
    named = Outcome.checked(given, safe(found).values, f"is not the name of {what}")
    if unreadable is None or not unreadable.count():
        return named
    broken = unreadable.is_not_null()
    reasons = named.reasons.zip_with(~broken, "it cannot be read: " + unreadable)
    return Outcome(named.values.set(broken, None), reasons)


#: Its name in services that were written for epnkit 0.1.
identified = file_identifier
