"""Checks of what is installed: DaCHS, PostgreSQL, pgsphere, epnkit, versions, disk space."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from epnkit.deploy import state
from epnkit.deploy.toolkit import Toolkit
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.errors import DeployError
from epnkit.loading.table.trusted import TRUSTED_CALLABLE, TRUSTED_FILE
from epnkit.packaged import CONSTRAINTS, find_packaged

#: The release of DaCHS that epnkit was tested with, on Debian 12.
_TESTED = "2.7"

#: The oldest PostgreSQL that epnkit was tested with.
_OLDEST = 15

#: The free space that a disk should have at least, in bytes, and as a share of the disk.
_FREE, _SHARE = 2 * 10**9, 0.05

#: Where Debian keeps PostgreSQL's clusters.
_CLUSTERS = Path("/var/lib/postgresql")


def check_dachs(context: CheckContext) -> Iterator[Finding]:
    """Check that DaCHS starts with these settings, and is the tested release."""
    try:
        output = context.instance.execute("--version")
    except DeployError as error:
        if "database" in (error.why or "") or "Profile" in (error.why or ""):
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
    found = re.search(r"\d+\.\d+(\.\d+)?", output)
    if found is None or not found[0].startswith(_TESTED):
        yield Finding(
            f"this is DaCHS {found[0] if found else output.strip()}",
            str(context.instance.settings),
            f"epnkit was tested with {_TESTED}",
            f"Run epnkit's tests with it, or install DaCHS {_TESTED}.",
        )


def check_postgresql(context: CheckContext) -> Iterator[Finding]:
    """Check that the database answers, and is not older than what epnkit was tested with."""
    with context.instance.connect() as connection:
        number = connection.server_version
    if number // 10_000 < _OLDEST:
        yield Finding(
            f"this is PostgreSQL {number // 10_000}",
            "server_version",
            f"epnkit was tested with {_OLDEST} and newer",
            f"Upgrade it to {_OLDEST}.",
        )


def check_pgsphere(context: CheckContext) -> Iterator[Finding]:
    """Check that the database has the types of regions, and takes proven polygons as bytes."""
    with context.instance.connect() as connection:
        missing = [*find_missing_types(connection)]
        yield from missing
        if not missing:
            yield from find_untrusted_polygons(connection)


def find_untrusted_polygons(connection: Any) -> Iterator[Finding]:
    """Find that polygons would be checked a second time, by pgsphere."""
    with connection.cursor() as cursor:
        cursor.execute(TRUSTED_CALLABLE)
        if cursor.fetchone() != (True,):
            yield Finding(
                "polygons are loaded as text",
                connection.info.dbname,
                "pgsphere checks each a second time, which takes nearly all of the time of a load",
                f"Run: sudo -u postgres psql -d {connection.info.dbname} <"
                f" {find_packaged(TRUSTED_FILE)}",
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
                    "Install postgresql-15-pgsphere; then as superuser, in this database:"
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
    """Compare the installed versions with those that epnkit was tested with."""
    path = context.constraints or find_packaged(CONSTRAINTS)
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    for line in filter(None, lines):
        wanted = Requirement(line)
        present = _installed_version(wanted.name)
        if present and not wanted.specifier.contains(present, prereleases=True):
            yield Finding(
                f"{wanted.name} {present} is installed",
                str(path),
                f"epnkit was tested with {wanted.name}{wanted.specifier}",
                f"pip install -c {path} {wanted.name}",
            )


def check_disk(context: CheckContext) -> Iterator[Finding]:
    """Check that there is free space where DaCHS writes, for a copy of the largest table, too."""
    private = context.instance.private
    data = private.cluster.directory if private else _CLUSTERS
    with context.instance.connect() as connection:
        again = state.largest_table_size(connection)
    yield from find_full_disks((context.instance.root,), _FREE)
    yield from find_full_disks((data,), max(_FREE, again))


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


def _installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
