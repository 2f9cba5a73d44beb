"""Instruments, and what carries them, by names that are known where no field is named for them.

Names of files begin with them (``eit_l1_19980101.fits``), the comment of a table has them, or an
instrument was aboard one spacecraft only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import constant
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.bodies import read_instruments, read_missions
from epnkit.drafts.recognise.meanings import find_candidates

#: How sure a name is that no field was named for.
_BEGUN = 0.7

#: How many parts of the names of files are looked at.
_PARTS = 2

#: The tables of names of each column, by body, and those of what looks at the Sun.
_TABLES: dict[str, tuple[Callable[[], dict[str, list[str]]], str]] = {
    "instrument_name": (read_instruments, "observers"),
    "instrument_host_name": (read_missions, "carriers"),
}


def propose_from_names(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose the instrument, or what carries it, by names that are known.

    Parameters
    ----------
    sample : Sample
        The records.
    column : str
        ``instrument_name`` or ``instrument_host_name``.
    """
    found = [*_propose_from_files(sample, column), *_propose_from_comment(sample, column)]
    if not found and column == "instrument_host_name":
        found = list(_propose_only_host(sample))
    yield from found[:1]


def _propose_from_comment(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose the one name that the table's own name or comment has."""
    about = f" {' '.join(re.findall('[a-z0-9]+', sample.declared.about.lower()))} "
    known = {name for key, name in _known_names(column).items() if f" {key} " in about}
    if len(known) == 1:
        name = known.pop()
        reason = f"the table speaks of {name}"
        yield Proposal((column,), constant(name), (), _BEGUN, reason)


def _propose_only_host(sample: Sample) -> Iterator[Proposal]:
    """Propose what carries the instruments of all records, if each was aboard nothing else."""
    table = read_table("targets")["hosts"]
    hosts = {name.lower(): host for host, names in table.items() for name in names}
    for candidate in find_candidates(sample, "instrument_name")[:1]:
        values = candidate.field.texts.unique()
        aboard = {hosts.get(value.lower()) for value in values}
        if len(aboard) == 1 and (host := aboard.pop()):
            reason = f"{candidate.field.name} is aboard nothing else"
            yield Proposal(("instrument_host_name",), constant(host), (), _BEGUN, reason)


def _propose_from_files(sample: Sample, column: str) -> Iterator[Proposal]:
    """Propose the name that those of all files begin with."""
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
    read_by_body, of_sun = _TABLES[column]
    listed = [name for names in read_by_body().values() for name in names]
    return {name.lower(): name for name in (*listed, *read_table("targets")["solar"][of_sun])}
