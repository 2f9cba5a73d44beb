"""Whom the doctor examines, and what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from epnkit.dachs.instance import Place
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
        Path("/etc/crontab"),
        Path("/etc/cron.d"),
        Path("/var/spool/cron/crontabs"),
    )
    constraints: Path | None = None


#: A check gives what it finds; where it cannot look, it raises an error that says why.
Check = Callable[[Patient], Iterable[Finding]]
