"""The account that servers run under: never root, which PostgreSQL refuses."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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
        """Create directories, and give them and their content to the account."""
        for directory in directories:
            directory.mkdir(parents=True, exist_ok=True)
            if self.prefix:
                known = pwd.getpwnam(self.name)
                for path in (directory, *directory.rglob("*")):
                    # Only the link itself changes its owner, not its target.
                    os.lchown(path, known.pw_uid, known.pw_gid)


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
            cure="Install the package postgresql-15, or run this as an ordinary user.",
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
