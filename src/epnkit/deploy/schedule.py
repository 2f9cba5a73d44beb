"""Timers that import a service regularly: for systemd, or for cron."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from epnkit.errors import ConfigurationError
from epnkit.quoting import cron_command, shell_command, systemd_command, systemd_line, systemd_word

#: Names of services and of what else names a unit.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")

#: Names of accounts that useradd takes, and numbers of accounts.
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?")

_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}

#: What a service of systemd may not do: an import reads a source and writes to a database.
_HARDENED = """\
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
LockPersonality=yes
"""


def parse_interval(text: str) -> timedelta:
    """Read an interval such as ``90s``, ``15min``, ``1h`` or ``1d``.

    Raises
    ------
    ConfigurationError
        If it is not an interval, or is shorter than a minute.
    """
    found = re.fullmatch(r"(\d+)\s*(s|min|m|h|d)", text.strip())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if seconds < 60:
        raise ConfigurationError(
            f"{text!r} is not an interval of at least a minute", cure="Write it as 15min, 1h or 1d."
        )
    return timedelta(seconds=seconds)


@dataclass(frozen=True)
class Schedule:
    """When a service is imported, by whom, and with which credential.

    Parameters
    ----------
    service : str
        The service.
    every : datetime.timedelta
        How often.
    program : pathlib.Path
        The ``epnkit`` to run.
    user : str
        The account that may import into DaCHS.
    credential : pathlib.Path, optional
        The file with the source's connection string; root alone needs to read it, since systemd
        hands it to the import (LoadCredential).
    settings : pathlib.Path, optional
        DaCHS's rc file, if it is not the system's.
    root : pathlib.Path
        DaCHS's ``rootDir``.
    on_failure : str, optional
        A shell command that gets the end of what a failed import printed on its standard input.
    notify : tuple of str
        Whom the import itself notifies, as :func:`epnkit.deploy.notify.notify` takes them.

    Raises
    ------
    ConfigurationError
        If it cannot be the name of a service or of an account.
    """

    service: str
    every: timedelta
    program: Path
    user: str
    credential: Path | None = None
    settings: Path | None = None
    root: Path = Path("/var/gavo")
    on_failure: str | None = None
    notify: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.service):
            raise ConfigurationError(
                f"{self.service!r} cannot be the name of a service",
                cure="Name a service by its folder's name.",
            )
        if not _ACCOUNT.fullmatch(self.user):
            raise ConfigurationError(
                f"{self.user!r} cannot be the name of an account",
                cure="Name with --user the account that imports.",
            )

    @property
    def command(self) -> tuple[str, ...]:
        """The command that imports, word by word."""
        targets = (word for target in self.notify for word in ("--notify", target))
        return (str(self.program), "load", self.service, *targets)

    def units(self) -> dict[str, str]:
        """Return the units of systemd, by file name: a service, its timer, one for failures.

        Two imports of one service never overlap: systemd starts no second one, and the loader's
        lock refuses one that was started by hand.
        """
        name = f"epnkit-{self.service}"
        units = {f"{name}.service": self._service_unit(), f"{name}.timer": self._timer_unit()}
        if self.on_failure:
            units[f"{name}-failed.service"] = self._failure_unit(self.on_failure)
        return units

    def _failure_unit(self, command: str) -> str:
        words = f"journalctl --unit=epnkit-{self.service} --lines=50 --no-pager | {command}"
        return (
            f"[Unit]\nDescription=Report of a failed import of {self.service}\n\n"
            f"[Service]\nType=oneshot\nExecStart={systemd_command(('/bin/sh', '-c', words))}\n"
        )

    def _service_unit(self) -> str:
        lines = [f"ExecStart={systemd_command(self.command)}", f"User={self.user}", "Type=oneshot"]
        if self.credential is not None:
            # Unlike elsewhere, quotes would be part of the path, and blanks are allowed.
            named = f"{self.credential.name}:{self.credential}"
            lines.append(f"LoadCredential={systemd_line(named)}")
        if self.settings is not None:
            lines.append(f"Environment={systemd_word(f'GAVOSETTINGS={self.settings}')}")
        lines.append(f"ReadWritePaths={systemd_word(f'-{self.root}')}")
        return (
            f"[Unit]\nDescription=Import of {self.service} into DaCHS\n"
            "After=network-online.target postgresql.service\nWants=network-online.target\n"
            + (f"OnFailure=epnkit-{self.service}-failed.service\n" if self.on_failure else "")
            + "\n[Service]\n"
            + "\n".join(lines)
            + f"\n{_HARDENED}"
        )

    def _timer_unit(self) -> str:
        seconds = int(self.every.total_seconds())
        return (
            f"[Unit]\nDescription=Import of {self.service}, every {_format_interval(seconds)}\n\n"
            f"[Timer]\nOnBootSec=5min\nOnUnitActiveSec={seconds}s\n"
            f"RandomizedDelaySec={max(seconds // 20, 5)}s\nPersistent=yes\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )

    def cron(self, *, user: bool = False) -> str:
        """Return a line for the user's crontab; without ``on_failure``, cron mails what is printed.

        Parameters
        ----------
        user : bool
            Whether the line names the user, as in a file of ``/etc/cron.d``.

        Raises
        ------
        ConfigurationError
            If cron cannot express the interval.
        """
        minutes = int(self.every.total_seconds()) // 60
        when = _cron_times(minutes)
        settings = [f"GAVOSETTINGS={self.settings}"] if self.settings else []
        command = shell_command(["env", *settings, *self.command] if settings else self.command)
        if self.on_failure:
            command = f'said=$({command} 2>&1) || echo "$said" | {self.on_failure}'
        # Up to a twentieth of the interval later, so that not all sources are read at once.
        jitter = f'sleep "$(shuf -i 0-{max(minutes * 3, 5)} -n 1)"'
        who = f"{self.user} " if user else ""
        return f"{when} {who}{cron_command(f'{jitter}; {command}')}"


def _cron_times(minutes: int) -> str:
    if minutes < 60 and 60 % minutes == 0:
        return f"*/{minutes} * * * *"
    hours = minutes // 60
    if minutes % 60 == 0 and hours < 24 and 24 % hours == 0:
        return f"7 */{hours} * * *"
    if minutes == 1440:
        return "7 3 * * *"
    raise ConfigurationError(
        f"cron cannot run something every {minutes} minutes",
        cure="Choose a divisor of an hour or a day, or 1d; a systemd timer takes any interval.",
    )


def _format_interval(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
