"""Examining a DaCHS and its services: what would fail, or let others in, and what cures it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from epnkit.deploy.place import NoDatabaseError, Place
from epnkit.errors import EpnkitError
from epnkit.service import Service


@dataclass(frozen=True)
class Finding:
    """Something that is not well.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, setting, table or address.
    why : str
        What comes of it, or how it is known.
    cure : str
        What to do.
    """

    what: str
    where: str
    why: str
    cure: str


@dataclass(frozen=True)
class Patient:
    """What is examined.

    Parameters
    ----------
    place : Place
        The DaCHS.
    services : tuple of Service
        Its services.
    broken : dict
        Why a service cannot be read, by the folder that it lies in.
    sample : int
        How many granules of each service are followed to their files.
    reach : str
        ``HOST:PORT`` outside, which the web server's account is tried with.
    units, crontabs : tuple of pathlib.Path
        Directories of systemd's units, and files or directories of cron's tables.
    constraints : pathlib.Path, optional
        The versions that epnkit was tested with.
    """

    place: Place
    services: tuple[Service, ...] = ()
    broken: Mapping[Path, str] = field(default_factory=dict)
    sample: int = 10
    reach: str = "www.ivoa.net:443"
    units: tuple[Path, ...] = (Path("/etc/systemd/system"), Path("/run/systemd/system"))
    crontabs: tuple[Path, ...] = (
        Path("/etc/crontab"), Path("/etc/cron.d"), Path("/var/spool/cron/crontabs")
    )  # fmt: skip
    constraints: Path | None = None


#: A check gives what it finds; where it cannot look, it raises an error that says why.
Check = Callable[[Patient], Iterable[Finding]]


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


def checks() -> Mapping[str, Check]:
    """Give all checks, by name."""
    from epnkit.deploy.doctor import installation, outside, privacy, work

    return {
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


def examine(patient: Patient, names: Iterable[str] = ()) -> Iterator[tuple[str, Diagnosis]]:
    """Make the checks, and give after each its name and what is known so far.

    Parameters
    ----------
    patient : Patient
        What is examined.
    names : iterable of str
        Which checks; by default all.
    """
    known = checks()
    diagnosis = Diagnosis()
    without: str | None = None
    for name in names or known:
        try:
            diagnosis.findings[name] = list(known[name](patient))
        except NoDatabaseError as error:
            # It is told once: whatever else needs the database cannot look either.
            if name == "postgresql":
                diagnosis.findings[name] = [_finding(error)]
            else:
                diagnosis.failed[name] = f"it needs the database: see {without}" if without else (
                    str(error))  # fmt: skip
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
