"""Running the checks of a DaCHS, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import psycopg2

from epnkit.dachs.instance import NoDatabaseError
from epnkit.doctor import imports, installation, network, permissions, state, streams
from epnkit.doctor.checks import Check, CheckContext, Finding
from epnkit.errors import EpnkitError

#: All checks, by name.
CHECKS: Mapping[str, Check] = {
    "postgresql": installation.check_postgresql,
    "dachs": installation.check_dachs,
    "pgsphere": installation.check_pgsphere,
    "toolkit": installation.check_toolkit,
    "versions": installation.check_versions,
    "services": imports.check_services,
    "state": state.check_state,
    "disk": installation.check_disk,
    "credentials": permissions.check_credentials,
    "drivers": imports.check_drivers,
    "timers": imports.check_timers,
    "permissions": permissions.check_permissions,
    "egress": network.check_egress,
    "links": network.check_links,
    "streams": streams.check_streams,
}


@dataclass
class Diagnosis:
    """The results of an examination.

    Parameters
    ----------
    findings : dict
        What each check found, by its name; an empty list is good.
    failed : dict
        Why a check could not run, by its name.
    """

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The exit status: 0 if all is well, 1 with findings, 2 if a check could not run."""
        if any(self.findings.values()):
            return 1
        return 2 if self.failed else 0


def examine(context: CheckContext, names: Iterable[str] = ()) -> Iterator[tuple[str, Diagnosis]]:
    """Run the checks, and yield after each its name and the results so far.

    Parameters
    ----------
    context : CheckContext
        What is examined.
    names : iterable of str
        Which checks; by default all.
    """
    diagnosis = Diagnosis()
    no_database: str | None = None
    for name in names or CHECKS:
        try:
            diagnosis.findings[name] = list(CHECKS[name](context))
        except NoDatabaseError as error:
            # Reported once: other checks that need the database cannot run either.
            if name == "postgresql":
                diagnosis.findings[name] = [_as_finding(error)]
            else:
                diagnosis.failed[name] = (
                    f"it needs the database: see {no_database}" if no_database else (str(error))
                )
            no_database = no_database or name
        except (EpnkitError, psycopg2.Error) as error:
            diagnosis.failed[name] = str(error).strip()
        except OSError as error:
            diagnosis.failed[name] = _describe_os_error(error)
        yield name, diagnosis


def _as_finding(error: EpnkitError) -> Finding:
    return Finding(error.what, error.where or "", error.why or "", error.cure or "")


def _describe_os_error(error: OSError) -> str:
    """Describe why a file or directory could not be read; an ordinary user may not see all."""
    where = f"{error.filename}: " if error.filename else ""
    cure = ". Run this as root." if isinstance(error, PermissionError) else ""
    return f"{where}it could not be read: {error.strerror or error}{cure}"
