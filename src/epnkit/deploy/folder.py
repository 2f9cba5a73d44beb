"""Laying a folder among others' files, and taking it away: whole, or as it was before."""

from __future__ import annotations

import grp
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from epnkit.dachs.account import Account
from epnkit.deploy.inputs import contents
from epnkit.deploy.manifest import Digests, differing, digest
from epnkit.errors import DeployError

#: What is said where there is nothing to do.
_SAME = "nothing changed"


@dataclass(frozen=True)
class Folder:
    """A folder that lies, or is to lie, under the inputs directory.

    Parameters
    ----------
    target : pathlib.Path
        Where it lies.
    laid : dict
        The digests of the files that were laid there before.
    account : Account
        To whom its files belong.
    """

    target: Path
    laid: Digests
    account: Account

    @property
    def _before(self) -> Path:
        """Where it stands as it was, for as long as a change may be undone."""
        return self.target.with_name(f".{self.target.name}.before")

    @property
    def _new(self) -> Path:
        return self.target.with_name(f".{self.target.name}.new")

    def refuse_edits(self, source: Path) -> None:
        """Refuse to replace what somebody wrote.

        Raises
        ------
        DeployError
            Where a file is neither what was laid nor what is to be laid.
        """
        wanted = digests(source)
        edited = sorted({*differing(self.target, self.laid)} & {*differing(self.target, wanted)})
        edited += [name for name in differing(self.target, self.laid) if name not in wanted]
        edited += [name for name in differing(self.target, wanted) if name not in self.laid]
        if edited:
            raise DeployError(
                f"{', '.join(edited)}: not as epnkit laid it",
                where=str(self.target),
                why="somebody edited it, or it was laid by hand",
                cure="Take the change over into the service's folder; --force replaces the file.",
            )

    def changes(self, source: Path) -> str:
        """Say what laying would do."""
        wanted = digests(source)
        new = sum(not (self.target / name).is_file() for name in wanted)
        changed = len(differing(self.target, wanted))
        gone = sum((self.target / name).is_file() for name in self.laid.keys() - wanted.keys())
        counts = {"new": new, "changed": changed, "gone": gone}
        told = [f"{count} {what}" for what, count in counts.items() if count]
        return ", ".join(told) if told else _SAME

    def lay(self, source: Path) -> str:
        """Lay the files of a source folder, beside whatever else lies there.

        The folder is made anew beside the old one, and takes its place by being renamed.
        """
        told = self.changes(source)
        if told == _SAME:
            return told
        self._copy()
        for name in self.laid:
            (self._new / name).unlink(missing_ok=True)
        for name in contents(source):
            self._write(source, name)
        if self.target.exists():
            self.target.rename(self._before)
        else:
            # An empty one says that there was none.
            self._before.mkdir()
        self._new.rename(self.target)
        return told

    def undo(self) -> None:
        """Put back what was there before a change that was not settled."""
        shutil.rmtree(self._new, ignore_errors=True)
        if not self._before.exists():
            return
        shutil.rmtree(self.target, ignore_errors=True)
        if any(self._before.iterdir()):
            self._before.rename(self.target)
        else:
            self._before.rmdir()

    def settle(self) -> None:
        """Forget what was there before."""
        shutil.rmtree(self._before, ignore_errors=True)

    def remove(self) -> list[str]:
        """Delete what was laid, and give the files of others, which stay."""
        for name in self.laid:
            (self.target / name).unlink(missing_ok=True)
        for cache in self.target.rglob("__pycache__"):
            shutil.rmtree(cache)
        for directory in sorted(self._directories(), reverse=True):
            if not any(directory.iterdir()):
                directory.rmdir()
        left = (path for path in self.target.rglob("*") if not path.is_dir())
        return sorted(str(path.relative_to(self.target)) for path in left)

    def _copy(self) -> None:
        """Start the new folder with what lies in the old one, by hard links: owners stay."""
        shutil.rmtree(self._new, ignore_errors=True)
        if self.target.exists():
            shutil.copytree(self.target, self._new, symlinks=True, copy_function=os.link)
        else:
            self._new.mkdir()
            self._give(self._new, 0o755)

    def _write(self, source: Path, name: str) -> None:
        path = self._new / name
        missing = [parent for parent in path.parents if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        for directory in missing:
            self._give(directory, 0o755)
        path.unlink(missing_ok=True)
        shutil.copyfile(source / name, path)
        self._give(path, 0o644)

    def _give(self, path: Path, mode: int) -> None:
        """Let all read and the account write, as the inputs directory's group."""
        path.chmod(mode)
        if self.account.prefix:
            group = grp.getgrgid(self.target.parent.stat().st_gid).gr_name
            shutil.chown(path, self.account.name, group)

    def _directories(self) -> Iterator[Path]:
        if self.target.is_dir():
            yield self.target
            yield from (path for path in self.target.rglob("*") if path.is_dir())


def digests(source: Path) -> Digests:
    """Give the digests of the files of a folder that are laid."""
    return {name: digest(source / name) for name in contents(source)}
