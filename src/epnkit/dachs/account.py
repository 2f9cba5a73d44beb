"""The account under which servers run: never root, since PostgreSQL refuses it."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from epnkit.errors import DeployError

#: The account that Debian's postgresql package brings.
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
        """Give the command line that runs ``argv`` under the account."""
        return [*self.prefix, *map(str, argv)]

    def own(self, *directories: Path) -> None:
        """Make directories, and what lies in them, and give them to the account."""
        for directory in directories:
            directory.mkdir(parents=True, exist_ok=True)
            if self.prefix:
                known = pwd.getpwnam(self.name)
                for path in (directory, *directory.rglob("*")):
                    # A link goes to the account, not what it leads to.
                    os.lchown(path, known.pw_uid, known.pw_gid)


def unprivileged(directory: Path, *others: Path) -> Account:
    """Choose the account for servers whose files lie in a directory, and what they need in others.

    Someone who is not root runs them as themselves. Root runs them as ``postgres``; where that
    account may not pass the directories above (a clone in ``/root``, say), it gets the one
    capability to read and search, and nothing else.

    Raises
    ------
    DeployError
        Where root has no such account, or the directory stays out of its reach.
    """
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name)
    try:
        pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise DeployError(
            f"there is no account {UNPRIVILEGED} to run PostgreSQL under, and it refuses root",
            cure="Install the package postgresql-15, or run this as an ordinary user.",
        ) from None
    plain = ("setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups")
    reading = (*plain, "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    for prefix in (plain, reading):
        account = Account(UNPRIVILEGED, prefix)
        if all(_reaches(account, each) for each in (directory, *others)):
            return account
    raise DeployError(
        f"the account {UNPRIVILEGED} may not pass the directories above it",
        where=str(directory),
        cure="Clone the project where others may enter, or run this as an ordinary user.",
    )


def owner(path: Path) -> Account:
    """Give the account that a file or directory belongs to, to run programs under.

    Only root can become another: anyone else acts as themselves, and so does root for what is
    root's own.
    """
    return switched(pwd.getpwuid(path.stat().st_uid))


def switched(known: pwd.struct_passwd) -> Account:
    """Give a known account, as root can take it on; without root, one's own."""
    if os.geteuid() != 0 or known.pw_uid == 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name)
    group = grp.getgrgid(known.pw_gid).gr_name
    prefix = ("setpriv", f"--reuid={known.pw_name}", f"--regid={group}", "--init-groups")
    return Account(known.pw_name, prefix)


def _reaches(account: Account, directory: Path) -> bool:
    """Tell whether the account can enter a directory."""
    existing = next(path for path in (directory, *directory.parents) if path.is_dir())
    # Not "test -x": access(2) asks with capabilities dropped.
    test = account.command(["stat", f"{existing}/."])
    return subprocess.run(test, check=False, capture_output=True).returncode == 0  # noqa: S603 - our own words
