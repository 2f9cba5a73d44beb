"""Making the checks of a DaCHS, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import psycopg2

from epnkit.dachs.instance import NoDatabaseError
from epnkit.doctor import installation, outside, privacy, work
from epnkit.doctor.patient import Check, Finding, Patient
from epnkit.errors import EpnkitError

#: All checks, by name.
CHECKS: Mapping[str, Check] = {
    "postgresql": installation.postgresql,
    "dachs": installation.dachs,
    "pgsphere": installation.pgsphere,
    "toolkit": installation.toolkit,
    "versions": installation.versions,
    "services": work.services,
    "disk": installation.disk,
    "credentials": privacy.credentials,
    "drivers": work.drivers,
    "timers": work.timers,
    "permissions": privacy.permissions,
    "egress": outside.egress,
    "links": outside.links,
}


@dataclass
class Diagnosis:
    """What came of an examination.

    Parameters
    ----------
    findings : dict
        What each check found, by its name; nothing is good.
    failed : dict
        Why a check could not look, by its name.
    """

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """0 where all is well, 1 with findings, 2 where something could not be looked at."""
        if any(self.findings.values()):
            return 1
        return 2 if self.failed else 0


def examine(patient: Patient, names: Iterable[str] = ()) -> Iterator[tuple[str, Diagnosis]]:
    """Make the checks, and give after each its name and what is known so far.

    Parameters
    ----------
    patient : Patient
        What is examined.
    names : iterable of str
        Which checks; by default all.
    """
    diagnosis = Diagnosis()
    without: str | None = None
    for name in names or CHECKS:
        try:
            diagnosis.findings[name] = list(CHECKS[name](patient))
        except NoDatabaseError as error:
            # It is told once: whatever else needs the database cannot look either.
            if name == "postgresql":
                diagnosis.findings[name] = [_finding(error)]
            else:
                diagnosis.failed[name] = (
                    f"it needs the database: see {without}" if without else (str(error))
                )
            without = without or name
        except (EpnkitError, psycopg2.Error) as error:
            diagnosis.failed[name] = str(error).strip()
        except OSError as error:
            diagnosis.failed[name] = _unseen(error)
        yield name, diagnosis


def _finding(error: EpnkitError) -> Finding:
    return Finding(error.what, error.where or "", error.why or "", error.cure or "")


def _unseen(error: OSError) -> str:
    """Say why a file or directory could not be looked at; an ordinary user may not see all."""
    where = f"{error.filename}: " if error.filename else ""
    cure = ". Run this as root." if isinstance(error, PermissionError) else ""
    return f"{where}it could not be looked at: {error.strerror or error}{cure}"
