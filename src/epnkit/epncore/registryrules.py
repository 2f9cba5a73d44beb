"""The rules that a registry record decides (EPN-TAP 2.0, sections 1.2 and 4)."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.epncore import vocabularies
from epnkit.epncore.findings import RuleFinding
from epnkit.epncore.published import RegistryRecord
from epnkit.epncore.schemarules import check_utype

#: One of these must be among the subjects (section 1.2).
SUBJECTS = frozenset(
    {"exoplanet-astronomy", "solar-physics", "solar-system-astronomy", "planetary-science"}
)

_TAP = "ivo://ivoa.net/std/tap"


def check_record(record: RegistryRecord, table: str) -> Iterator[RuleFinding]:
    """Check the record under which a table is published.

    Parameters
    ----------
    record : RegistryRecord
        The record.
    table : str
        The table's full name.

    Yields
    ------
    RuleFinding
        What breaks a rule.
    """
    yield from check_subjects(record.subjects)
    utype = record.tables.get(table)
    if utype is None:
        yield RuleFinding(116, "", record.identifier, f"has no table {table}")
    else:
        yield from check_utype(utype, "the registry record")
    if not any(standard.lower().startswith(_TAP) for standard in record.capabilities):
        yield RuleFinding(116, "", record.identifier, "has no TAP capability")


def check_subjects(given: tuple[str, ...]) -> Iterator[RuleFinding]:
    """Check the subjects of a resource (rules 7 and 8).

    Parameters
    ----------
    given : tuple of str
        The subjects.

    Yields
    ------
    RuleFinding
        What breaks a rule.
    """
    if not SUBJECTS.intersection(given):
        message = f"none of the subjects is one of {', '.join(sorted(SUBJECTS))}"
        yield RuleFinding(7, "", ", ".join(given), message)
    known = vocabularies.load("uat")
    for subject in given:
        if subject not in known:
            yield RuleFinding(8, "", subject, "is not a term of the UAT")
