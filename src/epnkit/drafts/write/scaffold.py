"""What a new service needs next to its folder: grammars, shared files, a credential."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from epnkit.packaged import find_packaged
from epnkit.sources.config.credentials import Secret, credential_paths

#: The folders that all services share.
_SHARED = ("grammars", "epnkit")


def link_shared(parent: Path) -> Iterator[str]:
    """Link the folders that services share next to a new one, from where epnkit is installed.

    Yields
    ------
    str
        What was done, a line each.
    """
    for name in _SHARED:
        here, there = parent / name, find_packaged(f"resources/{name}")
        if not here.exists():
            here.symlink_to(there.resolve())
            yield f"{here}: linked to {there.resolve()}"


def store_credential(secret: Secret | None) -> Iterator[str]:
    """Store what opens a source where it is found later, unless it holds a password.

    Yields
    ------
    str
        What was done, or is left to do.
    """
    if secret is None:
        return
    found = next((place for place in credential_paths(secret.name) if place.is_file()), None)
    first = _choose_path(secret.name)
    if found is not None:
        yield f"{found}: the credential, as it was"
    elif secret.has_password:
        yield f"{first}: the credential is missing; write what connects into it, with mode 600"
    else:
        _write_private(first, secret)
        yield f"{first}: the credential, which holds no password, written"


def _choose_path(name: str) -> Path:
    """Choose the file of a new credential: for root, where imports of a system DaCHS find it."""
    paths = credential_paths(name)
    system = paths[-1]
    named = len(paths) > 2  # by a variable
    return system if os.geteuid() == 0 and system.parent.is_dir() and not named else paths[0]


def _write_private(path: Path, secret: Secret) -> None:
    """Write a file that others may not read, for the account that its folder belongs to."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(secret.reveal() + "\n")
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
