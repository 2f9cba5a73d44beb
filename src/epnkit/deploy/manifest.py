"""The manifest of a DaCHS: a file in its ``etc`` that lists what was deployed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import epnkit
from epnkit.dachs.instance import DachsInstance
from epnkit.errors import DeployError

_NAME = "epnkit-deployed.json"

#: The digest of each file of a folder, by its path in it.
Digests = dict[str, str]


@dataclass
class Manifest:
    """The installed folders, and the file that makes epnkit known to DaCHS's Python.

    Parameters
    ----------
    path : pathlib.Path
        The file of the manifest.
    folders : dict
        The digests of the installed files, by the folder's name under the inputs directory.
    services : list of str
        Which of the folders are services; these share the others.
    toolkit : str, optional
        The ``.pth`` file that was written.
    origins : dict
        The folder that each service was deployed from.
    """

    path: Path
    folders: dict[str, Digests] = field(default_factory=dict)
    services: list[str] = field(default_factory=list)
    toolkit: str | None = None
    origins: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, instance: DachsInstance) -> Manifest:
        """Read the manifest of a DaCHS; an empty one if nothing was deployed.

        Raises
        ------
        DeployError
            If the file cannot be read as a manifest.
        """
        path = instance.configuration / _NAME
        if not path.is_file():
            return cls(path)
        try:
            known = json.loads(path.read_text())
            origins = known.get("origins", {})  # not in those of 0.1
            return cls(path, known["folders"], known["services"], known["toolkit"], origins)
        except (ValueError, KeyError, TypeError) as error:
            raise DeployError(
                "it is not a manifest of epnkit",
                where=str(path),
                why=repr(error),
                cure="Move it away: epnkit deploy writes a new one.",
            ) from None

    def save(self) -> None:
        """Write it completely or not at all; without services, delete it."""
        if not self.services:
            self.path.unlink(missing_ok=True)
            return
        kept = asdict(self) | {"epnkit": epnkit.__version__}
        del kept["path"]
        new = self.path.with_name(f".{_NAME}")
        new.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        new.rename(self.path)

    def find_edited(self, inputs: Path, name: str) -> list[str]:
        """List the files of a folder that somebody edited; missing ones do not count."""
        return find_differing(inputs / name, self.folders.get(name, {}))


def hash_file(path: Path) -> str:
    """Hash a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def find_differing(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """List the files of a folder that exist and have another digest."""
    return [
        name
        for name, known in digests.items()
        if (folder / name).is_file() and hash_file(folder / name) != known
    ]
