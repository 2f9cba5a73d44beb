"""The credential of a service's source: that it exists, is private, and readable for the import."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

from epnkit.dachs.instance import DachsInstance
from epnkit.errors import ConfigurationError
from epnkit.service import Service
from epnkit.sources.config.credentials import credential_paths, require_private


def read_credential_name(service: Service) -> str | None:
    """Read which credential a service's source needs; None if it needs none."""
    text = service.source_file.read_text(encoding="utf-8")
    is_json = service.source_file.suffix == ".json"
    settings = json.loads(text) if is_json else tomllib.loads(text)
    # The default credential of a search index has the service's name.
    is_search = is_json or settings.get("kind") == "elasticsearch"
    name: str | None = settings.get("connection", service.name if is_search else None)
    return name


def find_credential_file(instance: DachsInstance, name: str) -> Path | None:
    """Find the file of a credential, as an import into a DaCHS would."""
    return next(
        (path for path in credential_paths(name, instance.environment) if path.is_file()), None
    )


def require_access(instance: DachsInstance, service: Service) -> str:
    """Check that an import will find the service's credential, and report where.

    Raises
    ------
    ConfigurationError
        If there is none, where others may read it, or if the account that imports may not.
    """
    name = read_credential_name(service)
    if name is None:
        return "its source needs no credential"
    path = find_credential_file(instance, name)
    account = instance.account
    if path is None:
        tried = credential_paths(name, instance.environment)
        raise ConfigurationError(
            f"the credential {name!r} was not found",
            why="tried " + ", ".join(map(str, tried)),
            cure=f"Write the connection string into {tried[0 if instance.private else -1]},"
            " with mode 600,"
            f" belonging to {account.name}.",
        )
    require_private(path)
    if not is_readable(instance, path):
        raise ConfigurationError(
            f"the account {account.name}, which imports, may not read this credential",
            where=str(path),
            cure=f"chown {account.name} {path}",
        )
    return f"the credential {path} is private, and {account.name} may read it"


def is_readable(instance: DachsInstance, path: Path) -> bool:
    """Return whether the account that imports may read a file."""
    # By reading: access(2) ignores capabilities.
    words = instance.account.command(["head", "-c", "1", path])
    return subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603 - ours
