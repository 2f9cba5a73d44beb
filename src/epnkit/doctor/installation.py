"""Checks of what is installed: DaCHS, PostgreSQL, pgsphere, epnkit, versions, disk space."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from epnkit.dachs.cluster import PROGRAMS, find_newer
from epnkit.dachs.pgsphere import name_package
from epnkit.deploy import state
from epnkit.deploy.toolkit import Toolkit
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.errors import DeployError
from epnkit.loading.table.validated_polygons import (
    POLYGON_FUNCTIONS_CALLABLE,
    POLYGON_FUNCTIONS_FILE,
)
from epnkit.packaged import find_constraints, find_packaged

#: The releases of DaCHS that epnkit was tested with: those of Debian 12 and 13.
_TESTED = ("2.7", "2.11")

#: What DaCHS says if its database is the reason: 2.7, and 2.11 with libpq's words.
_OF_DATABASE = re.compile("database|Profile|connection to server|server running")

#: The oldest PostgreSQL that epnkit was tested with.
_OLDEST = 15

#: The free space that a disk should have at least, in bytes, and as a share of the disk.
_FREE, _SHARE = 2 * 10**9, 0.05

#: Where programs of the system write their logs.
_LOGS = Path("/var/log")

#: Where Debian keeps PostgreSQL's clusters.
_CLUSTERS = Path("/var/lib/postgresql")


def check_dachs(context: CheckContext) -> Iterator[Finding]:
    """Check that DaCHS starts with these settings, and is the tested release."""
    try:
        output = context.instance.execute("--version")
    except DeployError as error:
        if _OF_DATABASE.search(error.why or ""):
            # Without its database, it does not even print its version.
            with context.instance.connect():
                pass
        yield Finding(
            "DaCHS does not start",
            str(context.instance.settings),
            error.why or "",
            "Fix what it names, until dachs --version works.",
        )
        return
    found = re.search(r"(\d+\.\d+)(\.\d+)?", output)
    if found is None or found[1] not in _TESTED:
        yield Finding(
            f"this is DaCHS {found[0] if found else output.strip()}",
            str(context.instance.settings),
            f"epnkit was tested with {' and '.join(_TESTED)}",
            "Run epnkit's tests with it, or install one of these.",
        )


def check_postgresql(context: CheckContext) -> Iterator[Finding]:
    """Check that the database answers, in the release that is installed, and not too old."""
    with context.instance.connect() as connection:
        number = connection.server_version
        yield from find_outdated_server(connection)
    if number // 10_000 < _OLDEST:
        yield Finding(
            f"this is PostgreSQL {number // 10_000}",
            "server_version",
            f"epnkit was tested with {_OLDEST} and newer",
            f"Upgrade it to {_OLDEST}.",
        )


def find_outdated_server(connection: Any, programs: Path = PROGRAMS) -> Iterator[Finding]:
    """Find that a server of this machine is of an older release than its installed programs."""
    host = connection.info.host
    if host and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1"):
        return
    running = connection.info.parameter_status("server_version")
    for program in programs.glob(f"{connection.server_version // 10_000}/bin/postgres"):
        installed = find_newer(running, program)
        if installed:
            yield Finding(
                f"PostgreSQL {running} runs, and {installed} is installed",
                str(program),
                "it was upgraded under the running server, which cannot load the new extensions:"
                " imports fail with undefined symbol",
                "Restart it: systemctl restart postgresql. A private one restarts when"
                " epnkit serve or an import starts it.",
            )


def check_pgsphere(context: CheckContext) -> Iterator[Finding]:
    """Check that the database has the types of regions, and takes validated polygons as bytes."""
    with context.instance.connect() as connection:
        missing = [*find_missing_types(connection)]
        yield from missing
        if not missing:
            yield from find_missing_polygon_functions(connection)


def find_missing_polygon_functions(connection: Any) -> Iterator[Finding]:
    """Find that polygons would be checked a second time, by pgsphere."""
    with connection.cursor() as cursor:
        cursor.execute(POLYGON_FUNCTIONS_CALLABLE)
        if cursor.fetchone() != (True,):
            yield Finding(
                "polygons are loaded as text",
                connection.info.dbname,
                "pgsphere checks each a second time, which takes nearly all of the time of a load",
                f"Run: sudo -u postgres psql -d {connection.info.dbname} <"
                f" {find_packaged(POLYGON_FUNCTIONS_FILE)}",
            )


def find_missing_types(connection: Any) -> Iterator[Finding]:
    """Find the types of regions that a database does not have."""
    with connection.cursor() as cursor:
        for kind in ("spoly", "smoc"):
            cursor.execute("SELECT to_regtype(%s) IS NOT NULL", (kind,))
            if not cursor.fetchone()[0]:
                yield Finding(
                    f"the database has no type {kind}",
                    connection.info.dbname,
                    "without it no s_region or coverage can be stored",
                    f"Install {name_package(connection)}; then as superuser, in this database:"
                    " CREATE EXTENSION pg_sphere.",
                )


def check_toolkit(context: CheckContext) -> Iterator[Finding]:
    """Check that the Python of a system DaCHS can import epnkit in an empty environment."""
    if context.instance.private is not None:
        return
    try:
        Toolkit(context.instance.account).check()
    except DeployError as error:
        yield Finding(
            error.what,
            error.where or "",
            error.why or "",
            "Run epnkit deploy, which makes it importable. " + (error.cure or ""),
        )


def check_versions(context: CheckContext) -> Iterator[Finding]:
    """Compare the versions in use with those that epnkit was tested with.

    A limit counts as it is written; of a version that was tested, only the first number does, if it
    is higher. What only epnkit's own tests need is not in use.
    """
    path = context.constraints or find_constraints()
    if path is None:
        return
    used = find_used()
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    for wanted in map(Requirement, filter(None, lines)):
        present = used.get(canonicalize_name(wanted.name))
        if present and not _is_tested(present, wanted):
            yield Finding(
                f"{wanted.name} {present} is installed",
                str(path),
                f"epnkit was tested with {wanted.name}{wanted.specifier}",
                f"pip install -c {path} {wanted.name}",
            )


def find_used(name: str = "epnkit", without: Iterable[str] = ("test", "docs")) -> dict[str, str]:
    """Find what a distribution needs and is installed, with what that needs in turn.

    Parameters
    ----------
    name : str
        The distribution.
    without : iterable of str
        Extras of it that do not count.

    Returns
    -------
    dict of str to str
        The version of each, by its normalized name.
    """
    wanted = [
        Requirement(line)
        for line in _read_requirements(name)
        if not any(f"extra == {quote}{extra}" in line for extra in without for quote in "'\"")
    ]
    found: dict[str, str] = {}
    while wanted:
        requirement = wanted.pop()
        key, present = canonicalize_name(requirement.name), _find_version(requirement.name)
        if present is None or key in found or key == canonicalize_name(name):
            continue
        found[key] = present
        # Its own extras are options of which nothing here makes use.
        further = map(Requirement, _read_requirements(key))
        wanted += [each for each in further if "extra" not in str(each.marker or "")]
    return found


def _read_requirements(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def _is_tested(present: str, wanted: Requirement) -> bool:
    exact = [each.version for each in wanted.specifier if each.operator == "=="]
    if exact:
        # An older one is what pip or Debian found to do; nobody has tried a newer series.
        return Version(present).major <= Version(exact[0]).major
    return wanted.specifier.contains(present, prereleases=True)


def check_disk(context: CheckContext) -> Iterator[Finding]:
    """Check that there is free space where DaCHS writes, for a copy of the largest table, too."""
    private = context.instance.private
    data = private.cluster.directory if private else _CLUSTERS
    with context.instance.connect() as connection:
        again = state.largest_table_size(connection)
    yield from find_full_disks((context.instance.root,), _FREE)
    yield from find_full_disks((data,), max(_FREE, again))
    yield from find_full_logs((_LOGS, context.instance.logs), (context.instance.root, data))


def find_full_logs(logs: Iterable[Path], known: Iterable[Path]) -> Iterator[Finding]:
    """Find logs whose disk is full, unless it is one of the disks that are known."""
    seen = {_existing(path).stat().st_dev for path in known}
    for path in map(_existing, logs):
        usage = shutil.disk_usage(path)
        device = path.stat().st_dev
        if device not in seen and usage.free < _SHARE * usage.total:
            yield Finding(
                f"{usage.free / 1e9:.1f} GB are free",
                str(path),
                "logs are written there; on a full disk DaCHS's server stops answering",
                "Free space, or let logrotate keep fewer of them.",
            )
        seen.add(device)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def find_full_disks(paths: Iterable[Path], needed: float) -> Iterator[Finding]:
    """Find the directories whose disk has less free space than needed, or than its share."""
    for path in paths:
        # A parent directory will do: the directory itself may not be accessible.
        usage = shutil.disk_usage(next(p for p in (path, *path.parents) if p.exists()))
        if usage.free < max(needed, _SHARE * usage.total):
            yield Finding(
                f"{usage.free / 1e9:.1f} GB are free",
                str(path),
                f"{max(needed, _SHARE * usage.total) / 1e9:.1f} GB are needed: PostgreSQL stops"
                " when its disk is full, and a full load writes the table again",
                "Free space, or move it to a larger disk.",
            )


def _find_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
