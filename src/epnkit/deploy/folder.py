"""Installing a folder among files of others, and removing it: completely, or not at all."""

from __future__ import annotations

import grp
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from epnkit.dachs.account import Account
from epnkit.deploy.inputs import list_files
from epnkit.deploy.manifest import Digests, Manifest, find_differing, hash_file
from epnkit.errors import DeployError

#: The report if there is nothing to do.
_SAME = "nothing changed"


@dataclass(frozen=True)
class InstalledFolder:
    """A folder that is, or will be, installed under the inputs directory.

    Parameters
    ----------
    target : pathlib.Path
        Where it is installed.
    installed : dict
        The digests of the files that were installed there before.
    account : Account
        The owner of its files.
    """

    target: Path
    installed: Digests
    account: Account

    @property
    def _before(self) -> Path:
        """The copy of the old state, as long as a change may be undone."""
        return self.target.with_name(f".{self.target.name}.before")

    @property
    def _new(self) -> Path:
        return self.target.with_name(f".{self.target.name}.new")

    def refuse_edits(self, source: Path) -> None:
        """Refuse to replace what somebody wrote.

        Raises
        ------
        DeployError
            If a file is neither as installed before nor as it is to be installed.
        """
        wanted = hash_files(source)
        edited = sorted(
            {*find_differing(self.target, self.installed)} & {*find_differing(self.target, wanted)}
        )
        edited += [
            name for name in find_differing(self.target, self.installed) if name not in wanted
        ]
        edited += [
            name for name in find_differing(self.target, wanted) if name not in self.installed
        ]
        if edited:
            raise DeployError(
                f"{', '.join(edited)}: not as epnkit installed it",
                where=str(self.target),
                why="somebody edited it, or it was installed by hand",
                cure="Copy the change into the service's folder; --force replaces the file.",
            )

    def describe_changes(self, source: Path) -> str:
        """Say what installing would change."""
        wanted = hash_files(source)
        new = sum(not (self.target / name).is_file() for name in wanted)
        changed = len(find_differing(self.target, wanted))
        gone = sum((self.target / name).is_file() for name in self.installed.keys() - wanted.keys())
        counts = {"new": new, "changed": changed, "gone": gone}
        parts = [f"{count} {what}" for what, count in counts.items() if count]
        return ", ".join(parts) if parts else _SAME

    def install(self, source: Path) -> str:
        """Install the files of a source folder, next to whatever else is in the target.

        A new folder is built next to the old one, and replaces it by a rename.
        """
        changes = self.describe_changes(source)
        if changes == _SAME:
            return changes
        self._link_existing()
        for name in self.installed:
            (self._new / name).unlink(missing_ok=True)
        for name in list_files(source):
            self._write(source, name)
        if self.target.exists():
            self.target.rename(self._before)
        else:
            # An empty directory means that there was none.
            self._before.mkdir()
        self._new.rename(self.target)
        return changes

    def undo(self) -> None:
        """Restore the state before a change that was not committed."""
        shutil.rmtree(self._new, ignore_errors=True)
        if not self._before.exists():
            return
        shutil.rmtree(self.target, ignore_errors=True)
        if any(self._before.iterdir()):
            self._before.rename(self.target)
        else:
            self._before.rmdir()

    def commit(self) -> None:
        """Delete the copy of the old state."""
        shutil.rmtree(self._before, ignore_errors=True)

    def remove(self) -> list[str]:
        """Delete what was installed, and list the files of others, which stay."""
        for name in self.installed:
            (self.target / name).unlink(missing_ok=True)
        for cache in self.target.rglob("__pycache__"):
            shutil.rmtree(cache)
        for directory in sorted(self._directories(), reverse=True):
            if not any(directory.iterdir()):
                directory.rmdir()
        left = (path for path in self.target.rglob("*") if not path.is_dir())
        return sorted(str(path.relative_to(self.target)) for path in left)

    def _link_existing(self) -> None:
        """Start the new folder with the content of the old one, by hard links: owners stay."""
        shutil.rmtree(self._new, ignore_errors=True)
        if self.target.exists():
            shutil.copytree(self.target, self._new, symlinks=True, copy_function=os.link)
        else:
            self._new.mkdir()
            self._set_owner(self._new, 0o755)

    def _write(self, source: Path, name: str) -> None:
        path = self._new / name
        missing = [parent for parent in path.parents if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        for directory in missing:
            self._set_owner(directory, 0o755)
        path.unlink(missing_ok=True)
        shutil.copyfile(source / name, path)
        self._set_owner(path, 0o644)

    def _set_owner(self, path: Path, mode: int) -> None:
        """Let everybody read and the account write, with the group of the inputs directory."""
        path.chmod(mode)
        if self.account.prefix:
            group = grp.getgrgid(self.target.parent.stat().st_gid).gr_name
            shutil.chown(path, self.account.name, group)

    def _directories(self) -> Iterator[Path]:
        if self.target.is_dir():
            yield self.target
            yield from (path for path in self.target.rglob("*") if path.is_dir())


def hash_files(source: Path) -> Digests:
    """Hash the files of a folder that are installed."""
    return {name: hash_file(source / name) for name in list_files(source)}


def find_undeployed(manifest: Manifest, name: str) -> list[str]:
    """List the files of a service that differ, in the folder it came from, from what runs."""
    origin = Path(manifest.origins.get(name, ""))
    if name not in manifest.origins or not origin.is_dir():
        return []
    return sorted(dict(hash_files(origin).items() ^ manifest.folders.get(name, {}).items()))
