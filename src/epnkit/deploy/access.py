"""The credential of a service's source: found, private, readable by whoever imports."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

from epnkit.dachs.instance import Place
from epnkit.errors import ConfigurationError
from epnkit.service import Service
from epnkit.sources.config.credentials import places, require_private


def credential_name(service: Service) -> str | None:
    """Name the credential that a service's source asks for; None where it is open to all."""
    text = service.source_file.read_text(encoding="utf-8")
    is_json = service.source_file.suffix == ".json"
    settings = json.loads(text) if is_json else tomllib.loads(text)
    # A search index without one has that of the service's name.
    searched = is_json or settings.get("kind") == "elasticsearch"
    name: str | None = settings.get("connection", service.name if searched else None)
    return name


def credential_file(place: Place, name: str) -> Path | None:
    """Find the file in which an import into a DaCHS would find a credential."""
    return next((path for path in places(name, place.environment) if path.is_file()), None)


def require_access(place: Place, service: Service) -> str:
    """See that an import will find the service's credential, and say where.

    Raises
    ------
    ConfigurationError
        Where there is none, where others may read it, or where the account that imports may not.
    """
    name = credential_name(service)
    if name is None:
        return "its source asks for no credential"
    path = credential_file(place, name)
    account = place.account
    if path is None:
        tried = places(name, place.environment)
        raise ConfigurationError(
            f"the credential {name!r} was not found",
            why="tried " + ", ".join(map(str, tried)),
            cure=f"Write the connection string into {tried[0 if place.private else -1]},"
            " with mode 600,"
            f" belonging to {account.name}.",
        )
    require_private(path)
    if not readable(place, path):
        raise ConfigurationError(
            f"the account {account.name}, which imports, may not read this credential",
            where=str(path),
            cure=f"chown {account.name} {path}",
        )
    return f"the credential {path} is private, and {account.name} may read it"


def readable(place: Place, path: Path) -> bool:
    """Tell whether the account that imports may read a file."""
    # Read, not asked with access(2), which leaves capabilities out.
    words = place.account.command(["head", "-c", "1", path])
    return subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603 - ours
