"""What a check gets, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from epnkit.dachs.instance import DachsInstance
from epnkit.service import Service


@dataclass(frozen=True)
class Finding:
    """A fault that a check found.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, setting, table or address.
    why : str
        Its consequence, or how it is known.
    cure : str
        What to do.
    """

    what: str
    where: str
    why: str
    cure: str


@dataclass(frozen=True)
class CheckContext:
    """What is examined.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS.
    services : tuple of Service
        Its services.
    broken : dict
        Why a service cannot be read, by its folder.
    sample : int
        How many links of each service are followed.
    reach : str
        ``HOST:PORT`` outside, which the web server's account should not reach.
    units, crontabs : tuple of pathlib.Path
        Directories of systemd's units, and files or directories of crontabs.
    constraints : pathlib.Path, optional
        The file with the versions that epnkit was tested with; by default, epnkit's own.
    """

    instance: DachsInstance
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


#: A check yields what it finds; if it cannot run, it raises an error that says why.
Check = Callable[[CheckContext], Iterable[Finding]]
