"""The rules that a registry record decides (EPN-TAP 2.0, sections 1.2 and 4)."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.epncore import vocabularies
from epnkit.epncore.findings import Finding
from epnkit.epncore.published import Record
from epnkit.epncore.schemarules import utype_faults

#: One of these must be among the subjects (section 1.2).
SUBJECTS = frozenset(
    {"exoplanet-astronomy", "solar-physics", "solar-system-astronomy", "planetary-science"}
)

_TAP = "ivo://ivoa.net/std/tap"


def judge(record: Record, table: str) -> Iterator[Finding]:
    """Judge the record under which a table is published.

    Parameters
    ----------
    record : Record
        The record.
    table : str
        The table's full name.

    Yields
    ------
    Finding
        What breaks a rule.
    """
    yield from subjects(record.subjects)
    utype = record.tables.get(table)
    if utype is None:
        yield Finding(116, "", record.identifier, f"has no table {table}")
    else:
        yield from utype_faults(utype, "the registry record")
    if not any(standard.lower().startswith(_TAP) for standard in record.capabilities):
        yield Finding(116, "", record.identifier, "has no TAP capability")


def subjects(given: tuple[str, ...]) -> Iterator[Finding]:
    """Judge the subjects of a resource (rules 7 and 8).

    Parameters
    ----------
    given : tuple of str
        The subjects.

    Yields
    ------
    Finding
        What breaks a rule.
    """
    if not SUBJECTS.intersection(given):
        message = f"none of the subjects is one of {', '.join(sorted(SUBJECTS))}"
        yield Finding(7, "", ", ".join(given), message)
    known = vocabularies.load("uat")
    for subject in given:
        if subject not in known:
            yield Finding(8, "", subject, "is not a term of the UAT")
