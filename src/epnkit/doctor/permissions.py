"""Checks of permissions: who may read and write what."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from epnkit.dachs.account import Account
from epnkit.dachs.private import PROFILES
from epnkit.deploy import access
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.errors import ConfigurationError
from epnkit.sources.config.credentials import credential_paths

#: The directories under DaCHS's root that only its operators may change.
_KEPT = ("inputs", "etc", "web", "state", "logs")


def check_permissions(context: CheckContext) -> Iterator[Finding]:
    """Check that others may not write where DaCHS reads, nor read its database profiles."""
    instance = context.instance
    for path in (instance.root, *(instance.root / name for name in _KEPT)):
        if path.exists() and path.stat().st_mode & stat.S_IWOTH:
            yield Finding(
                "anybody on this machine may write here",
                str(path),
                "whoever puts an RD there runs code in DaCHS",
                f"chmod o-w {path}",
            )
    for path in (instance.configuration / name for name in PROFILES):
        if path.exists() and path.stat().st_mode & stat.S_IROTH:
            yield Finding(
                "anybody on this machine may read how to open DaCHS's database",
                str(path),
                "it holds a password of DaCHS's own roles",
                f"chmod o-r {path}",
            )
    yield from _find_unreadable(context)


def check_credentials(context: CheckContext) -> Iterator[Finding]:
    """Check that only the importing account may read the credentials of sources."""
    for service in context.services:
        try:
            access.require_access(context.instance, service)
        except ConfigurationError as error:
            yield Finding(
                error.what,
                error.where or service.name,
                error.why or f"the source of {service.name} needs it",
                error.cure or "",
            )
        else:
            yield from _find_exposed_credential(context, access.read_credential_name(service))
    for path in _find_open_credentials(context):
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Finding(
            "others may read this credential",
            str(path),
            f"its mode is {mode:o}",
            f"chmod 600 {path}",
        )


def _find_unreadable(context: CheckContext) -> Iterator[Finding]:
    """Find RDs that the web server may not read."""
    server = context.instance.server_account
    for service in context.services:
        path = context.instance.inputs / service.name / "q.rd"
        if path.is_file() and not _can_read(server, path):
            yield Finding(
                f"the web server's account {server.name} may not read this RD",
                str(path),
                "the service is not served",
                f"chmod -R a+rX {path.parent}",
            )


def _find_exposed_credential(context: CheckContext, name: str | None) -> Iterator[Finding]:
    """Find a credential that the web server may read."""
    server = context.instance.server_account
    path = access.find_credential_file(context.instance, name) if name else None
    if (
        path is not None
        and server.name != context.instance.account.name
        and _can_read(server, path)
    ):
        yield Finding(
            f"the web server's account {server.name} may read this credential",
            str(path),
            "it serves the public, and imports nothing",
            f"chown {context.instance.account.name} {path}; chmod 600 {path}",
        )


def _find_open_credentials(context: CheckContext) -> Iterator[Path]:
    """Find credentials that others may read, of any service, where imports look for them."""
    checked = {
        access.find_credential_file(context.instance, name)
        for name in map(access.read_credential_name, context.services)
        if name
    }
    for folder in {path.parent for path in credential_paths("any", context.instance.environment)}:
        if folder.is_dir():
            found = (path for path in sorted(folder.iterdir()) if path.is_file())
            yield from (p for p in found if p.stat().st_mode & 0o077 and p not in checked)


def _can_read(account: Account, path: Path) -> bool:
    words = account.command(["head", "-c", "1", path])
    return subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603 - ours
