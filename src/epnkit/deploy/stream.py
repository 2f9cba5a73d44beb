"""The streaming server as a unit of systemd."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import epnkit
from epnkit.dachs.instance import DachsInstance
from epnkit.deploy.access import find_credential_file
from epnkit.deploy.steps import Step
from epnkit.errors import ConfigurationError, DeployError
from epnkit.quoting import systemd_command, systemd_line, systemd_word
from epnkit.service import Service
from epnkit.streaming.installed import find_archive_credential

#: The unit, those that reduce ahead of requests, and the directory of all in /var/cache.
UNIT = "epnkit-stream.service"
PYRAMID, TIMER = "epnkit-stream-pyramid.service", "epnkit-stream-pyramid.timer"
CACHE = Path("/var/cache/epnkit-stream")

#: Where systemd looks for units of the operator.
UNITS = Path("/etc/systemd/system")

#: The file of DaCHS's settings from which datalink knows the server.
LINKS = "epnkit-stream.json"

#: DaCHS's profile of the role that answers ADQL, and what it includes.
_PROFILES = ("untrustedquery", "dsn")

#: Directories that ProtectHome=tmpfs hides.
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))

#: It is there if systemd runs (sd_booted(3)).
_BOOTED = Path("/run/systemd/system")

_MEMORY = re.compile(r"[1-9]\d*[KMGT]?")
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}")

#: What the server may not do: it reads files and a database, and writes into its cache.
#: MemoryDenyWriteExecute is missing, since services of regions import numba, which compiles.
_HARDENED = """\
DynamicUser=yes
User=epnkit-stream
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=tmpfs
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
InaccessiblePaths=-/etc/epnkit -/etc/ssl/private
"""

#: It answers to this machine alone, and asks nobody else.
_LOCAL = "IPAddressDeny=any\nIPAddressAllow=localhost\n"

#: What the server is allowed besides: one port.
_PORT = "SocketBindAllow=tcp:{port}\n"

_TIMER = """\
[Unit]
Description=Reductions of streams, every day

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=yes

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True)
class StreamUnit:
    """What the unit runs, and what it may read.

    Parameters
    ----------
    program : pathlib.Path
        The ``epnkit`` to run.
    url : str
        The public address of the server.
    profiles : pathlib.Path
        The directory of DaCHS's database profiles; systemd hands over the one that is needed.
    settings : pathlib.Path, optional
        DaCHS's rc file, if it is not the system's.
    services : tuple of str
        The services; all if empty.
    archives : tuple of str
        Where files under an address lie: ``ADDRESS=DIRECTORY``.
    cache_size : int
        How many GiB of fetched files are kept.
    identity : tuple of str
        Further options of ``epnkit stream serve``, which say who serves.
    port : int
        The port, of this machine alone.
    directories : tuple of pathlib.Path
        Directories of the archive and of programs; those below a home are bound into the unit's
        view, in which homes are empty.
    credentials : tuple of pathlib.Path
        Files with the connection strings of sources of files, which say where the archive is.
    groups : tuple of str
        Groups that may read the archive.
    memory : str
        The most that it may use.
    local : bool
        Whether all files lie on this machine: then it opens no connection to others.

    Raises
    ------
    ConfigurationError
        If the memory is no size, or a group cannot have that name.
    """

    program: Path
    url: str
    profiles: Path
    settings: Path | None = None
    services: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    cache_size: int = 10
    identity: tuple[str, ...] = ()
    port: int = 8087
    directories: tuple[Path, ...] = ()
    credentials: tuple[Path, ...] = ()
    groups: tuple[str, ...] = ()
    memory: str = "2G"
    local: bool = False

    def __post_init__(self) -> None:
        if not _MEMORY.fullmatch(self.memory):
            raise ConfigurationError(
                f"{self.memory!r} is no amount of memory", cure="Write it as 800M or 2G."
            )
        for each in self.groups:
            if not _GROUP.fullmatch(each):
                raise ConfigurationError(
                    f"{each!r} cannot be the name of a group",
                    cure="Name one that may read the archive: getent group.",
                )

    @property
    def command(self) -> tuple[str, ...]:
        """The command that serves, word by word."""
        listening = ("--url", self.url, "--port", str(self.port))
        return self._write_command("serve", *listening, *self._files, *self.identity)

    @property
    def _files(self) -> tuple[str, ...]:
        """Where files are, as options of commands."""
        archives = (word for each in self.archives for word in ("--archive", each))
        return ("--cache", str(CACHE), "--cache-size", str(self.cache_size), *archives)

    def _write_command(self, verb: str, *options: str) -> tuple[str, ...]:
        return (str(self.program), "stream", verb, *self.services, *options)

    def units(self) -> dict[str, str]:
        """Return the units, by file name: the server; what reduces ahead of requests; its timer.

        Raises
        ------
        ConfigurationError
            If systemd cannot hold one of the paths.
        """
        return {UNIT: self._write_server(), PYRAMID: self._write_pyramid(), TIMER: _TIMER}

    def _write_server(self) -> str:
        own = ("Type=exec", "Restart=on-failure\nRestartSec=5\nTimeoutStopSec=20")
        return (
            self._write("HAPI and Das2 of EPN-TAP services", self.command, own)
            + _PORT.format(port=self.port)
            + "\n[Install]\nWantedBy=multi-user.target\n"
        )

    def _write_pyramid(self) -> str:
        own = ("Type=oneshot", "Nice=10\nIOSchedulingClass=idle")
        command = self._write_command("pyramid", *self._files)
        return self._write("Reductions of streams, ahead of requests", command, own)

    def _write(self, description: str, command: tuple[str, ...], own: tuple[str, ...]) -> str:
        return (
            f"[Unit]\nDescription={description}\n"
            "After=network-online.target postgresql.service\nWants=network-online.target\n\n"
            f"[Service]\nExecStart={systemd_command(command)}\n"
            + "\n".join((*own, *self._list_settings()))
            + f"\n{_HARDENED}{_LOCAL if self.local else ''}SocketBindDeny=any\n"
        )

    def _list_settings(self) -> Iterator[str]:
        yield f"MemoryMax={self.memory}\nTasksMax=128\nLimitNOFILE=8192"
        yield f"CacheDirectory={CACHE.name}\nCacheDirectoryMode=0700"
        yield f"Environment=HOME={CACHE} MPLCONFIGDIR={CACHE} PYTHONDONTWRITEBYTECODE=1"
        if self.settings is not None:
            yield f"Environment={systemd_word(f'GAVOSETTINGS={self.settings}')}"
        for path in (*(self.profiles / name for name in _PROFILES), *self.credentials):
            yield f"LoadCredential={systemd_line(f'{path.name}:{path}')}"
        if self.groups:
            yield f"SupplementaryGroups={' '.join(self.groups)}"
        for path in self._list_hidden():
            yield f"BindReadOnlyPaths={systemd_word(str(path))}"

    def _list_hidden(self) -> list[Path]:
        """List what the unit needs of the homes that it does not see."""
        needed = (self.program.parents[1], *self.directories)
        return sorted({each for each in needed if any(map(each.is_relative_to, _HOMES))})


def find_archive_credentials(instance: DachsInstance, services: Iterable[Service]) -> list[Path]:
    """Find the files of credentials by which the server knows where the archive lies.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS.
    services : iterable of Service
        The services that are streamed. A credential with a password, of another kind of source than
        files, is never handed over.
    """
    named = {find_archive_credential(each) for each in services if each.streams}
    found = (find_credential_file(instance, name) for name in sorted(filter(None, named)))
    return [path for path in found if path is not None]


def plan_install(unit: StreamUnit, folder: Path = UNITS) -> list[Step]:
    """Return the steps that install the unit, and start it if systemd runs.

    Parameters
    ----------
    unit : StreamUnit
        What is installed.
    folder : pathlib.Path
        The directory of units.
    """
    steps = [
        Step(f"write {folder / name}", partial(_write, folder / name, text))
        for name, text in unit.units().items()
    ]
    if _is_live(folder):
        steps.append(Step(f"enable and start {UNIT}", _start))
    return steps


def plan_uninstall(instance: DachsInstance, folder: Path = UNITS) -> list[Step]:
    """Return the steps that stop the unit, and remove it with its cache and datalink's links.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS whose datalink leads to the server.
    folder : pathlib.Path
        The directory of units.
    """
    stops = _is_live(folder) and (folder / UNIT).is_file()
    before = [Step(f"stop and disable {UNIT}", _stop)] if stops else []
    after = [Step("let systemd forget the units", _forget)] if stops else []
    units = [folder / name for name in (UNIT, PYRAMID, TIMER)]
    caches = (CACHE, CACHE.parent / "private" / CACHE.name) if folder == UNITS else ()
    gone = (*units, *caches, instance.configuration / LINKS)
    return [*before, *(Step(f"remove {each}", partial(_remove, each)) for each in gone), *after]


def read_unit(folders: Iterable[Path]) -> tuple[Path, list[str]] | None:
    """Read where the unit is installed, and the words of its command; None if it is not.

    Parameters
    ----------
    folders : iterable of pathlib.Path
        Directories of units.
    """
    path = next((each / UNIT for each in folders if (each / UNIT).is_file()), None)
    if path is None:
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next((each for each in lines if each.startswith("ExecStart=")), "ExecStart=")
    words = shlex.split(line.removeprefix("ExecStart="))
    return path, [word.replace("%%", "%").replace("$$", "$") for word in words]


def read_option(words: list[str], name: str, default: str) -> str:
    """Read an option of a command line.

    Examples
    --------
    >>> read_option(["serve", "--port", "8088"], "--port", "8087")
    '8088'
    """
    return words[words.index(name) + 1] if name in words[:-1] else default


def find_code() -> tuple[Path, ...]:
    """Find the directories of the code that runs: Python, its packages, and epnkit."""
    return Path(sys.prefix), Path(sys.base_prefix), Path(epnkit.__file__).parent


def find_program() -> Path:
    """Find the ``epnkit`` that runs."""
    beside = Path(sys.executable).with_name("epnkit")
    return beside if beside.is_file() else Path(shutil.which("epnkit") or sys.argv[0]).resolve()


def _is_live(folder: Path) -> bool:
    return folder == UNITS and _BOOTED.is_dir()


def _write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return f"wrote {path}"


def _remove(path: Path) -> str:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        return f"{path}: not there"
    return f"{path}: removed"


def _start() -> str:
    _run_systemctl("daemon-reload")
    _run_systemctl("enable", UNIT, TIMER)
    _run_systemctl("restart", UNIT, TIMER)
    return f"{UNIT}: enabled and started"


def _stop() -> str:
    _run_systemctl("disable", "--now", UNIT, TIMER)
    _run_systemctl("stop", PYRAMID)
    return f"{UNIT}: stopped and disabled"


def _forget() -> str:
    _run_systemctl("daemon-reload")
    return "systemd knows the units no more"


def _run_systemctl(*words: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        ["systemctl", *words],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DeployError(
            f"systemctl {' '.join(words)} failed",
            where=UNIT,
            why=" ".join(done.stderr.split()),
            cure=f"See why: systemctl status {UNIT}; journalctl -u {UNIT}.",
        )
