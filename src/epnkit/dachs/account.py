"""The account that servers run under: never root, which PostgreSQL refuses."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from epnkit.errors import DeployError

#: The account of Debian's postgresql package.
UNPRIVILEGED = "postgres"


@dataclass(frozen=True)
class Account:
    """An account, and how to run a program under it.

    Parameters
    ----------
    name : str
        The account's name.
    prefix : tuple of str
        What goes before a command line to run it under the account.
    """

    name: str
    prefix: tuple[str, ...] = ()

    @property
    def by_capability(self) -> bool:
        """Whether it reaches its files by a capability, which access(2), and so Java, ignores."""
        return any("ambient-caps" in word for word in self.prefix)

    def command(self, argv: Iterable[str | Path]) -> list[str]:
        """Return the command line that runs ``argv`` under the account."""
        return [*self.prefix, *map(str, argv)]

    def create_owned(self, *directories: Path) -> None:
        """Create directories, and give them and their content to the account.

        What the account may have put there is never followed: of a link the link itself changes its
        owner.
        """
        for directory in directories:
            if not self.prefix:
                directory.mkdir(parents=True, exist_ok=True)
                continue
            known = pwd.getpwnam(self.name)
            if _is_below(directory, known):
                self._run("mkdir", "-p", directory)
            else:
                directory.mkdir(parents=True, exist_ok=True)
            _give_away(directory, known)

    def write(self, path: Path, text: str, *, append: bool = False) -> None:
        """Write a file as the account itself, which gets through no link to files of others.

        Raises
        ------
        DeployError
            If the account may not write there.
        """
        self._run("sh", "-c", f'cat {">>" if append else ">"} "$0"', path, text=text)

    def remove(self, path: Path) -> None:
        """Delete a file, or a directory and all in it, as the account itself.

        Raises
        ------
        DeployError
            If the account may not.
        """
        self._run("rm", "-rf", "--", path)

    def copy_tree(self, source: Path, target: Path) -> None:
        """Copy a directory that we can read to a new one of the account, as the account itself.

        Raises
        ------
        DeployError
            If the account may not write there.
        """
        self._run("mkdir", "--", target)
        packed = subprocess.Popen(  # noqa: S603 - our own words, no shell
            ["tar", "--directory", source, "--create", "."],  # noqa: S607
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with packed:
            options = ("--no-same-owner", "--no-same-permissions")
            self._run("tar", "--extract", *options, "--directory", target, stream=packed.stdout)
        if packed.returncode != 0:
            raise DeployError(
                "the directory could not be read whole",
                where=str(source),
                why=f"tar ended with status {packed.returncode}",
                cure="See that its files can be read and do not change meanwhile.",
            )

    def move(self, source: Path, target: Path) -> None:
        """Rename a file or directory as the account itself.

        Raises
        ------
        DeployError
            If the account may not, or something of the new name is there.
        """
        self._run("mv", "--no-target-directory", "--no-clobber", "--", source, target)
        if os.path.lexists(source):
            raise DeployError(
                "something of this name is there already",
                where=str(target),
                cure="Look at what it is, and remove it or choose another name.",
            )

    def restrict(self, mode: int, *paths: Path) -> None:
        """Set the rights of files and directories as the account itself.

        Raises
        ------
        DeployError
            If they are not its own.
        """
        self._run("chmod", f"{mode:o}", *paths)

    def command_to_file(self, path: Path, argv: Iterable[str | Path]) -> list[str]:
        """Return the command line that runs ``argv`` and writes its output to a file of its own."""
        return self.command(["sh", "-c", 'exec "$@" > "$0" 2>&1', path, *argv])

    def _run(self, *argv: str | Path, text: str = "", stream: IO[bytes] | None = None) -> None:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            self.command(argv),
            input=None if stream else text.encode(),
            stdin=stream,
            capture_output=True,
            check=False,
            cwd="/",  # the working directory may be one that the account cannot enter
        )
        if done.returncode != 0:
            raise DeployError(
                f"the account {self.name} cannot write there",
                where=str(argv[-1]),
                why=done.stderr.decode(errors="replace").strip(),
                cure="Look at what is there, and whose it is; remove it if it is a link.",
            )


def _is_below(directory: Path, known: pwd.struct_passwd) -> bool:
    """Return whether something on the way to a directory, be it a link, is an account's."""
    there = (path for path in directory.parents if os.path.lexists(path))
    return any(path.lstat().st_uid == known.pw_uid for path in there)


def _give_away(directory: Path, known: pwd.struct_passwd) -> None:
    """Make an account the owner of a directory and all in it, by descriptors and not by paths."""
    os.lchown(directory, known.pw_uid, known.pw_gid)
    for _, folders, files, descriptor in os.fwalk(directory):
        for name in (*folders, *files):
            os.chown(name, known.pw_uid, known.pw_gid, dir_fd=descriptor, follow_symlinks=False)


def choose_account(directory: Path, *others: Path) -> Account:
    """Choose the account for servers that keep files in a directory, and need to read others.

    An ordinary user runs them under their own account. Root runs them as ``postgres``; if that
    account may not enter the directories above (a clone in ``/root``, say), it gets the one
    capability to read and search, and nothing else.

    Raises
    ------
    DeployError
        If there is no such account, or it cannot reach the directory.
    """
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name)
    try:
        pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise DeployError(
            f"there is no account {UNPRIVILEGED} to run PostgreSQL, which refuses root",
            cure="Install the package postgresql, or run this as an ordinary user.",
        ) from None
    plain = ("setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups")
    reading = (*plain, "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    for prefix in (plain, reading):
        account = Account(UNPRIVILEGED, prefix)
        if all(_can_enter(account, each) for each in (directory, *others)):
            return account
    raise DeployError(
        f"the account {UNPRIVILEGED} may not enter the directories above it",
        where=str(directory),
        cure="Clone the project where others may enter, or run this as an ordinary user.",
    )


def owner_account(path: Path) -> Account:
    """Return the account that owns a file or directory, to run programs under it.

    Only root can switch accounts: anyone else acts as themselves, and so does root for files of
    its own.
    """
    return switch_account(pwd.getpwuid(path.stat().st_uid))


def switch_account(known: pwd.struct_passwd) -> Account:
    """Return an account that root can switch to; without root, the current one."""
    if os.geteuid() != 0 or known.pw_uid == 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name)
    group = grp.getgrgid(known.pw_gid).gr_name
    prefix = ("setpriv", f"--reuid={known.pw_name}", f"--regid={group}", "--init-groups")
    return Account(known.pw_name, prefix)


def _can_enter(account: Account, directory: Path) -> bool:
    """Return whether the account can enter a directory."""
    existing = next(path for path in (directory, *directory.parents) if path.is_dir())
    # Not "test -x": access(2) ignores capabilities.
    test = account.command(["stat", f"{existing}/."])
    return subprocess.run(test, check=False, capture_output=True).returncode == 0  # noqa: S603 - our own words
