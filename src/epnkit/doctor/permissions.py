"""Checks of who may read and write what."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from epnkit.dachs.account import Account
from epnkit.dachs.private import PROFILES
from epnkit.deploy import access
from epnkit.doctor.patient import Finding, Patient
from epnkit.errors import ConfigurationError
from epnkit.sources.config.credentials import places

#: Where DaCHS keeps what nobody but its operators may change, under its root.
_KEPT = ("inputs", "etc", "web", "state", "logs")


def permissions(patient: Patient) -> Iterator[Finding]:
    """See that others may not write where DaCHS reads, nor read how to open its database."""
    place = patient.place
    for path in (place.root, *(place.root / name for name in _KEPT)):
        if path.exists() and path.stat().st_mode & stat.S_IWOTH:
            yield Finding(
                "anybody on this machine may write here",
                str(path),
                "whoever puts an RD there runs code in DaCHS",
                f"chmod o-w {path}",
            )
    for path in (place.configuration / name for name in PROFILES):
        if path.exists() and path.stat().st_mode & stat.S_IROTH:
            yield Finding(
                "anybody on this machine may read how to open DaCHS's database",
                str(path),
                "it holds a password of DaCHS's own roles",
                f"chmod o-r {path}",
            )
    yield from _unreadable(patient)


def credentials(patient: Patient) -> Iterator[Finding]:
    """See that the credentials of sources are there, for the importing account and nobody else."""
    for service in patient.services:
        try:
            access.require_access(patient.place, service)
        except ConfigurationError as error:
            yield Finding(
                error.what,
                error.where or service.name,
                error.why or f"the source of {service.name} asks for it",
                error.cure or "",
            )
        else:
            yield from _shown_to_the_public(patient, access.credential_name(service))
    for path in _other_credentials(patient):
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Finding(
            "others may read this credential",
            str(path),
            f"its mode is {mode:o}",
            f"chmod 600 {path}",
        )


def _unreadable(patient: Patient) -> Iterator[Finding]:
    """Find files of services that the web server may not read, as far as we may ask."""
    server = patient.place.server_account
    for service in patient.services:
        path = patient.place.inputs / service.name / "q.rd"
        if path.is_file() and not _reads(server, path):
            yield Finding(
                f"the web server's account {server.name} may not read this RD",
                str(path),
                "the service is not served",
                f"chmod -R a+rX {path.parent}",
            )


def _shown_to_the_public(patient: Patient, name: str | None) -> Iterator[Finding]:
    """Find a credential that the process may read that the public talks to."""
    server = patient.place.server_account
    path = access.credential_file(patient.place, name) if name else None
    if path is not None and server.name != patient.place.account.name and _reads(server, path):
        yield Finding(
            f"the web server's account {server.name} may read this credential",
            str(path),
            "the public talks to it, and it imports nothing",
            f"chown {patient.place.account.name} {path}; chmod 600 {path}",
        )


def _other_credentials(patient: Patient) -> Iterator[Path]:
    """Find credentials that others may read, of whatever service, where imports look."""
    asked = {
        access.credential_file(patient.place, name)
        for name in map(access.credential_name, patient.services)
        if name
    }
    for folder in {path.parent for path in places("any", patient.place.environment)}:
        if folder.is_dir():
            found = (path for path in sorted(folder.iterdir()) if path.is_file())
            yield from (p for p in found if p.stat().st_mode & 0o077 and p not in asked)


def _reads(account: Account, path: Path) -> bool:
    words = account.command(["head", "-c", "1", path])
    return subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603 - ours
