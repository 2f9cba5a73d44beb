"""What was deployed into a DaCHS: a file in its ``etc`` that tells whose each laid file is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import epnkit
from epnkit.dachs.instance import Place
from epnkit.errors import DeployError

_NAME = "epnkit-deployed.json"

#: The digest of each file of a folder, by its path in it.
Digests = dict[str, str]


@dataclass
class Manifest:
    """The folders that were laid, and what makes the toolkit known to DaCHS's Python.

    Parameters
    ----------
    path : pathlib.Path
        The file that keeps it.
    folders : dict
        The digests of the files laid, by the folder's name under the inputs directory.
    services : list of str
        Which of the folders are services; the others are what these share.
    toolkit : str, optional
        The ``.pth`` file that was written.
    """

    path: Path
    folders: dict[str, Digests] = field(default_factory=dict)
    services: list[str] = field(default_factory=list)
    toolkit: str | None = None

    @classmethod
    def of(cls, place: Place) -> Manifest:
        """Read the manifest of a DaCHS; an empty one where nothing was deployed.

        Raises
        ------
        DeployError
            Where the file is none of ours.
        """
        path = place.configuration / _NAME
        if not path.is_file():
            return cls(path)
        try:
            known = json.loads(path.read_text())
            return cls(path, known["folders"], known["services"], known["toolkit"])
        except (ValueError, KeyError, TypeError) as error:
            raise DeployError(
                "it is no manifest of epnkit",
                where=str(path),
                why=repr(error),
                cure="Move it away: epnkit deploy makes it anew from what lies there.",
            ) from None

    def save(self) -> None:
        """Write it whole or not at all; one without services is deleted."""
        if not self.services:
            self.path.unlink(missing_ok=True)
            return
        kept = asdict(self) | {"epnkit": epnkit.__version__}
        del kept["path"]
        new = self.path.with_name(f".{_NAME}")
        new.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        new.rename(self.path)

    def edited(self, inputs: Path, name: str) -> list[str]:
        """List the files of a folder that are not as they were laid (missing ones are no loss)."""
        return differing(inputs / name, self.folders.get(name, {}))


def digest(path: Path) -> str:
    """Give the digest of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differing(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """List the files of a folder that are there and have another digest."""
    return [
        name
        for name, known in digests.items()
        if (folder / name).is_file() and digest(folder / name) != known
    ]
