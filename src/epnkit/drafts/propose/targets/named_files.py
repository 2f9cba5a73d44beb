"""Instruments, and what carries them, by how the names of files begin: ``eit_l1_19980101.fits``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import constant
from epnkit.drafts.propose.proposal import Proposal

#: How sure a name is that the names of all files begin with.
_BEGUN = 0.7

#: How many parts of the names of files are looked at.
_PARTS = 2

#: The tables of names of each column, by body, and those of what looks at the Sun.
_TABLES = {
    "instrument_name": ("instruments", "observers"),
    "instrument_host_name": ("missions", "carriers"),
}


def propose_from_file_names(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose the instrument, or what carries it, that the names of all files begin with.

    Parameters
    ----------
    sample : Sample
        The records.
    column : str
        ``instrument_name`` or ``instrument_host_name``.
    """
    names = sample.fields.get("file_name")
    if names is None or not len(names.texts) or "file_name" in sample.of_table:
        return
    begun = [_first_parts(name) for name in names.texts.unique()]
    for place in range(_PARTS):
        parts = {each[place] if len(each) > place else "" for each in begun}
        known = _known_names(column).get(parts.pop()) if len(parts) == 1 else None
        if known is not None:
            reason = f"the names of all files begin with {known.lower()}"
            yield Proposal((column,), constant(known), (), _BEGUN, reason)
            return


def _first_parts(name: str) -> list[str]:
    return [part.lower() for part in re.split(r"[_.\-]", name)[:_PARTS]]


def _known_names(column: str) -> dict[str, str]:
    table = read_table("targets")
    by_body, of_sun = _TABLES[column]
    listed = [name for names in table[by_body].values() for name in names]
    return {name.lower(): name for name in (*listed, *table["solar"][of_sun])}
