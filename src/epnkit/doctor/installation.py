"""Checks of what is installed: DaCHS, PostgreSQL, pgsphere, the toolkit, versions, room on disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

import epnkit
from epnkit.deploy import books
from epnkit.deploy.toolkit import Toolkit
from epnkit.doctor.patient import Finding, Patient
from epnkit.errors import ConfigurationError, DeployError

#: The release of DaCHS that epnkit was tried with, on Debian 12.
_TRIED = "2.7"

#: The oldest PostgreSQL that epnkit was tried with.
_OLDEST = 15

#: The least room that a disk should have, in bytes, and the least share of it.
_ROOM, _SHARE = 2 * 10**9, 0.05

#: Where Debian keeps PostgreSQL's clusters.
_CLUSTERS = Path("/var/lib/postgresql")


def dachs(patient: Patient) -> Iterator[Finding]:
    """See that DaCHS starts with these settings, and is of a release that epnkit knows."""
    try:
        said = patient.place.ask("--version")
    except DeployError as error:
        if "database" in (error.why or "") or "Profile" in (error.why or ""):
            # It does not even tell its version without its database.
            with patient.place.connection():
                pass
        yield Finding(
            "DaCHS does not start",
            str(patient.place.settings),
            error.why or "",
            "Mend what it names; dachs --version tells whether it is well.",
        )
        return
    found = re.search(r"\d+\.\d+(\.\d+)?", said)
    if found is None or not found[0].startswith(_TRIED):
        yield Finding(
            f"this is DaCHS {found[0] if found else said.strip()}",
            str(patient.place.settings),
            f"epnkit was tried with {_TRIED}",
            f"Run its tests with it, or install DaCHS {_TRIED}.",
        )


def postgresql(patient: Patient) -> Iterator[Finding]:
    """See that the database answers, and is no older than what epnkit was tried with."""
    with patient.place.connection() as connection:
        number = connection.server_version
    if number // 10_000 < _OLDEST:
        yield Finding(
            f"this is PostgreSQL {number // 10_000}",
            "server_version",
            f"epnkit was tried with {_OLDEST} and newer",
            f"Upgrade it to {_OLDEST}.",
        )


def pgsphere(patient: Patient) -> Iterator[Finding]:
    """See that the database knows regions: spoly and smoc."""
    with patient.place.connection() as connection:
        yield from missing_types(connection)


def missing_types(connection: Any) -> Iterator[Finding]:
    """Find the types of regions that a database does not have."""
    with connection.cursor() as cursor:
        for kind in ("spoly", "smoc"):
            cursor.execute("SELECT to_regtype(%s) IS NOT NULL", (kind,))
            if not cursor.fetchone()[0]:
                yield Finding(
                    f"the database has no type {kind}",
                    connection.info.dbname,
                    "without it no s_region or coverage can be stored",
                    "Install postgresql-15-pgsphere; then as superuser, in this database:"
                    " CREATE EXTENSION pg_sphere.",
                )


def toolkit(patient: Patient) -> Iterator[Finding]:
    """See that the Python of a system DaCHS can import epnkit in an empty environment."""
    if patient.place.private is not None:
        return
    try:
        Toolkit(patient.place.account).check()
    except DeployError as error:
        yield Finding(
            error.what,
            error.where or "",
            error.why or "",
            "Run epnkit deploy, which makes it known. " + (error.cure or ""),
        )


def versions(patient: Patient) -> Iterator[Finding]:
    """Compare what is installed with what epnkit was tested with, or breaks with."""
    path = patient.constraints or _constraints()
    if not path.is_file():
        raise ConfigurationError(
            "the versions that epnkit was tested with are not here",
            where=str(path),
            cure="They lie in its repository: constraints/debian12.txt.",
        )
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    for line in filter(None, lines):
        wanted = Requirement(line)
        present = _version(wanted.name)
        if present and not wanted.specifier.contains(present, prereleases=True):
            yield Finding(
                f"{wanted.name} {present} is installed",
                str(path),
                f"epnkit was tested with {wanted.name}{wanted.specifier}",
                f"pip install -c {path} {wanted.name}",
            )


def disk(patient: Patient) -> Iterator[Finding]:
    """See that there is room where DaCHS writes, for the largest table once more, too."""
    private = patient.place.private
    data = private.cluster.directory if private else _CLUSTERS
    with patient.place.connection() as connection:
        again = books.largest_table(connection)
    yield from room((patient.place.root,), _ROOM)
    yield from room((data,), max(_ROOM, again))


def room(paths: Iterable[Path], needed: float) -> Iterator[Finding]:
    """Find the directories whose disk has less than so many bytes, or than its share, left."""
    for path in paths:
        # The directory itself may be closed to us; the disk is the same.
        usage = shutil.disk_usage(next(p for p in (path, *path.parents) if p.exists()))
        if usage.free < max(needed, _SHARE * usage.total):
            yield Finding(
                f"{usage.free / 1e9:.1f} GB are free",
                str(path),
                f"{max(needed, _SHARE * usage.total) / 1e9:.1f} GB are wanted: PostgreSQL stops"
                " when its disk is full, and a load in full writes the table once more",
                "Make room, or move it to a larger disk.",
            )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _constraints() -> Path:
    """Find the file in the repository that epnkit runs from, or in the installed package."""
    here = Path(epnkit.__file__).parent
    places = (here / "constraints" / "debian12.txt", here.parents[1] / "constraints/debian12.txt")
    return next((path for path in places if path.is_file()), places[0])
