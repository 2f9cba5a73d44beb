"""Checks of what imports need: drivers of sources, and timers that leave them time."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from epnkit.deploy import access, books
from epnkit.doctor.patient import Finding, Patient
from epnkit.errors import ConfigurationError, EpnkitError
from epnkit.service import Service, load
from epnkit.sources.config.credentials import Secret, credential

_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800}

#: Cron's shorthands, and the seconds between two of their times.
_SHORTHANDS = {"@hourly": 3600, "@daily": 86400, "@midnight": 86400, "@weekly": 604800}

#: The packages of Debian with ODBC drivers, by a word of the driver's name.
_PACKAGES = {
    "sqlite": "libsqliteodbc",
    "maria": "odbc-mariadb",
    "mysql": "odbc-mariadb",
    "postgres": "odbc-postgresql",
    "psql": "odbc-postgresql",
    "tds": "tdsodbc",
}


@dataclass(frozen=True)
class Timer:
    """What imports a service now and then.

    Parameters
    ----------
    service : str
        The service.
    where : str
        The unit, or the line of the crontab.
    seconds : float, optional
        The time between two imports, where it can be told.
    """

    service: str
    where: str
    seconds: float | None


#: What running somebody's ``service.py`` may end in.
_BROKEN = (
    EpnkitError,
    ImportError,
    SyntaxError,
    NameError,
    AttributeError,
    TypeError,
    ValueError,
    OSError,
)


def read(folders: Iterable[Path]) -> tuple[tuple[Service, ...], dict[Path, str]]:
    """Read services, and give those that can be read, and why the others cannot."""
    found: list[Service] = []
    broken: dict[Path, str] = {}
    for folder in folders:
        try:
            found.append(load(folder))
        except _BROKEN as error:
            broken[folder] = f"{type(error).__name__}: {error}"
    return tuple(found), broken


def services(patient: Patient) -> Iterator[Finding]:
    """See that each service can be read."""
    for folder, why in patient.broken.items():
        yield Finding(
            f"the service {folder.name} cannot be read",
            str(folder / "service.py"),
            why,
            "Mend it where it was deployed from, and deploy it again.",
        )


def drivers(patient: Patient) -> Iterator[Finding]:
    """See that the drivers are installed that the credentials of sources name."""
    patient.place.use_credentials()
    for service in patient.services:
        name = access.credential_name(service)
        # A credential that is not there names no driver; the check of credentials tells of it.
        if name is not None and access.credential_file(patient.place, name) is not None:
            yield from _missing_driver(service, credential(name))


def timers(patient: Patient) -> Iterator[Finding]:
    """See that timers import what is there, one a service, and leave an import its time."""
    found = found_timers(patient)
    yield from overlapping(found)
    yield from orphaned(found, patient.place.inputs)
    if found:
        with patient.place.connection() as connection:
            yield from too_short(connection, found)


def found_timers(patient: Patient) -> list[Timer]:
    """Find what imports services now and then: systemd's timers, and lines of cron's tables."""
    return [*_systemd(patient.units), *_cron(patient.crontabs)]


def overlapping(found: list[Timer]) -> Iterator[Finding]:
    """Find the services that have more than one timer."""
    for service in sorted({timer.service for timer in found}):
        own = [timer for timer in found if timer.service == service]
        if len(own) > 1:
            yield Finding(
                f"{service} is imported by {len(own)} timers",
                "; ".join(t.where for t in own),
                "they meet, and one is refused each time",
                "Keep one of them.",
            )


def orphaned(found: list[Timer], inputs: Path) -> Iterator[Finding]:
    """Find the timers of services that are not there."""
    for timer in found:
        if not (inputs / timer.service / "q.rd").is_file():
            yield Finding(
                f"it imports {timer.service}, which is not there",
                timer.where,
                f"there is no {timer.service}/q.rd in {inputs}",
                f"Remove the timer, or deploy {timer.service}.",
            )


def _missing_driver(service: Service, secret: Secret) -> Iterator[Finding]:
    if secret.kind == "odbc":
        yield from _missing_odbc(service, secret)
    elif secret.kind == "sqlalchemy":
        yield from _missing_dialect(service, secret)


def _missing_odbc(service: Service, secret: Secret) -> Iterator[Finding]:
    import pyodbc

    named = re.search(r"(?i)\bdriver\s*=\s*\{?([^;}]*)", secret.reveal())
    if named is None:
        return
    driver, known = named[1].strip(), pyodbc.drivers()
    if driver not in known and not Path(driver).is_file():
        package = next((p for word, p in _PACKAGES.items() if word in driver.lower()), None)
        yield Finding(
            f"the ODBC driver {driver} is not installed",
            service.name,
            f"there are: {', '.join(known) or 'none'}",
            f"Install the package {package}, or name another."
            if package
            else "Name one of these in the credential.",
        )


def _missing_dialect(service: Service, secret: Secret) -> Iterator[Finding]:
    import sqlalchemy as sa

    try:
        url = sa.make_url(secret.reveal())
        url.get_dialect().import_dbapi()
    except (sa.exc.ArgumentError, ImportError) as error:
        yield Finding(
            f"the driver of {secret.reveal().partition(':')[0]} is not installed",
            service.name,
            secret.scrub(error),
            "Install its Python package beside epnkit.",
        )


def too_short(connection: Any, found: list[Timer]) -> Iterator[Finding]:
    """Find the timers that come again before an import has ended, by the ledger."""
    for timer in found:
        longest = max(books.last_runs(connection, timer.service), default=0.0)
        if timer.seconds is not None and longest > timer.seconds:
            yield Finding(
                f"{timer.service} is imported every {timer.seconds:.0f} s",
                timer.where,
                f"one of its last ten imports took {longest:.0f} s",
                "Import it less often: epnkit schedule.",
            )


def _systemd(directories: tuple[Path, ...]) -> Iterator[Timer]:
    for path in sorted({p for folder in directories for p in folder.glob("*.timer")}):
        timer = _unit(path)
        own = path.with_suffix(".service").name
        service = path.with_name(timer.get("Timer", "Unit", fallback=own))
        if service.is_file():
            line = _unit(service).get("Service", "ExecStart", fallback="")
            every = timer.get("Timer", "OnUnitActiveSec", fallback="")
            yield from _of_line(line, str(path), _seconds(every))


def _unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(path)
    except configparser.Error as error:
        raise ConfigurationError(
            "it is no unit of systemd", where=str(path), why=str(error), cure="Mend or remove it."
        ) from None
    return parser


def _seconds(span: str) -> float | None:
    parts = re.findall(r"(\d+)\s*([a-z]*)", span)
    known = [int(number) * _UNITS[unit] for number, unit in parts if unit in _UNITS]
    return float(sum(known)) if known else None


def _cron(tables: tuple[Path, ...]) -> Iterator[Timer]:
    files = [
        file
        for table in tables
        for file in (sorted(table.iterdir()) if table.is_dir() else [table])
    ]
    for path in files:
        lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
        for number, line in enumerate(lines, 1):
            if not line.lstrip().startswith("#"):
                yield from _of_line(line, f"{path}:{number}", _cron_seconds(line.split()))


def _cron_seconds(words: list[str]) -> float | None:
    """Tell how far apart the times of a line are, where it is a step of minutes or hours."""
    if not words:
        return None
    if words[0] in _SHORTHANDS:
        return _SHORTHANDS[words[0]]
    steps = [re.fullmatch(r"\*(?:/(\d+))?", word) for word in words[:2]]
    if steps and steps[0]:
        return 60.0 * int(steps[0][1] or 1)
    if len(steps) > 1 and steps[1]:
        return 3600.0 * int(steps[1][1] or 1)
    return 86400.0 if len(words) > 5 and all(word.isdigit() for word in words[:2]) else None


def _of_line(line: str, where: str, seconds: float | None) -> Iterator[Timer]:
    """Find the services that a command line imports, with epnkit load or dachs imp."""
    try:
        words = shlex.split(line.replace(r"\%", "%"))
    except ValueError:
        return
    for before, verb, service in zip(words, words[1:], words[2:], strict=False):
        if (before.endswith("epnkit"), verb) == (True, "load"):
            yield Timer(service, where, seconds)
        if (before.endswith("dachs"), verb) == (True, "imp") and service.endswith("/q"):
            yield Timer(service.removesuffix("/q"), where, seconds)
