"""Checks of what imports need: readable services, drivers of sources, and timers."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from epnkit.deploy import access, state
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.errors import ConfigurationError, EpnkitError
from epnkit.modules import requires_extra
from epnkit.service import Service, read_service
from epnkit.sources.config.credentials import Secret, read_credential

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
    """A timer that imports a service.

    Parameters
    ----------
    service : str
        The service.
    where : str
        The unit, or the line of the crontab.
    seconds : float, optional
        The time between two imports, if it is known.
    """

    service: str
    where: str
    seconds: float | None


#: The errors that running somebody's ``service.py`` may raise.
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


def read_services(folders: Iterable[Path]) -> tuple[tuple[Service, ...], dict[Path, str]]:
    """Read services: return those that can be read, and the reasons for the others."""
    found: list[Service] = []
    broken: dict[Path, str] = {}
    for folder in folders:
        try:
            found.append(read_service(folder))
        except _BROKEN as error:
            broken[folder] = f"{type(error).__name__}: {error}"
    return tuple(found), broken


def check_services(context: CheckContext) -> Iterator[Finding]:
    """Check that each service can be read."""
    for folder, why in context.broken.items():
        yield Finding(
            f"the service {folder.name} cannot be read",
            str(folder / "service.py"),
            why,
            "Fix it where it was deployed from, and deploy it again.",
        )


def check_drivers(context: CheckContext) -> Iterator[Finding]:
    """Check that the drivers named in the credentials of sources are installed."""
    for service in context.services:
        name = access.read_credential_name(service)
        # A missing credential is reported by the check of credentials.
        if name is not None and access.find_credential_file(context.instance, name) is not None:
            with context.instance.use_credentials():
                secret = read_credential(name)
            yield from _check_driver(service, secret)


def check_timers(context: CheckContext) -> Iterator[Finding]:
    """Check that timers import existing services, one timer each, with enough time."""
    found = find_timers(context)
    yield from find_overlapping(found)
    yield from find_orphaned(found, context.instance.inputs)
    if found:
        with context.instance.connect() as connection:
            yield from find_too_short(connection, found)


def find_timers(context: CheckContext) -> list[Timer]:
    """Find the timers that import services: systemd's, and lines of crontabs."""
    return [*_find_systemd_timers(context.units), *_find_cron_timers(context.crontabs)]


def find_overlapping(found: list[Timer]) -> Iterator[Finding]:
    """Find the services that have more than one timer."""
    for service in sorted({timer.service for timer in found}):
        timers = [timer for timer in found if timer.service == service]
        if len(timers) > 1:
            yield Finding(
                f"{service} is imported by {len(timers)} timers",
                "; ".join(t.where for t in timers),
                "they coincide, and one is refused each time",
                "Keep one of them.",
            )


def find_orphaned(found: list[Timer], inputs: Path) -> Iterator[Finding]:
    """Find the timers of services that do not exist."""
    for timer in found:
        if not (inputs / timer.service / "q.rd").is_file():
            yield Finding(
                f"it imports {timer.service}, which does not exist",
                timer.where,
                f"there is no {timer.service}/q.rd in {inputs}",
                f"Remove the timer, or deploy {timer.service}.",
            )


def _check_driver(service: Service, secret: Secret) -> Iterator[Finding]:
    if secret.kind == "odbc":
        yield from _check_odbc_driver(service, secret)
    elif secret.kind == "sqlalchemy":
        yield from _check_dialect(service, secret)


def _check_odbc_driver(service: Service, secret: Secret) -> Iterator[Finding]:
    with requires_extra("sql"):
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
            f"Install the package {package}, or name another driver in the credential."
            if package
            else "Name one of these in the credential.",
        )


def _check_dialect(service: Service, secret: Secret) -> Iterator[Finding]:
    with requires_extra("sql"):
        import sqlalchemy as sa

    try:
        url = sa.make_url(secret.reveal())
        url.get_dialect().import_dbapi()
    except (sa.exc.ArgumentError, ImportError) as error:
        yield Finding(
            f"the driver of {secret.reveal().partition(':')[0]} is not installed",
            service.name,
            secret.scrub(error),
            "Install its Python package where epnkit is installed.",
        )


def find_too_short(connection: Any, found: list[Timer]) -> Iterator[Finding]:
    """Find the timers that are shorter than an import takes, by the ledger."""
    for timer in found:
        longest = max(state.last_durations(connection, timer.service), default=0.0)
        if timer.seconds is not None and longest > timer.seconds:
            yield Finding(
                f"{timer.service} is imported every {timer.seconds:.0f} s",
                timer.where,
                f"one of its last ten imports took {longest:.0f} s",
                "Import it less often: epnkit schedule.",
            )


def _find_systemd_timers(directories: tuple[Path, ...]) -> Iterator[Timer]:
    for path in sorted({p for folder in directories for p in folder.glob("*.timer")}):
        timer = _read_unit(path)
        own = path.with_suffix(".service").name
        service = path.with_name(timer.get("Timer", "Unit", fallback=own))
        if service.is_file():
            line = _read_unit(service).get("Service", "ExecStart", fallback="")
            every = timer.get("Timer", "OnUnitActiveSec", fallback="")
            yield from _parse_command_line(line, str(path), _parse_span(every))


def _read_unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(path)
    except configparser.Error as error:
        raise ConfigurationError(
            "it is not a unit of systemd", where=str(path), why=str(error), cure="Fix or remove it."
        ) from None
    return parser


def _parse_span(span: str) -> float | None:
    parts = re.findall(r"(\d+)\s*([a-z]*)", span)
    known = [int(number) * _UNITS[unit] for number, unit in parts if unit in _UNITS]
    return float(sum(known)) if known else None


def _find_cron_timers(tables: tuple[Path, ...]) -> Iterator[Timer]:
    files = [
        file
        for table in tables
        for file in (sorted(table.iterdir()) if table.is_dir() else [table])
    ]
    for path in files:
        lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
        for number, line in enumerate(lines, 1):
            if not line.lstrip().startswith("#"):
                yield from _parse_command_line(
                    line, f"{path}:{number}", _parse_cron_interval(line.split())
                )


def _parse_cron_interval(words: list[str]) -> float | None:
    """Return the interval of a crontab's line in seconds, if it is a step of minutes or hours."""
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


def _parse_command_line(line: str, where: str, seconds: float | None) -> Iterator[Timer]:
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
