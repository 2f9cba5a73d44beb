"""Checks of the streaming server, if one is in use: the unit, what it answers, and what it may."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import requests

from epnkit.dachs.account import Account
from epnkit.deploy.stream import LINKS, UNIT, read_option, read_unit
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.doctor.stream_role import find_powers
from epnkit.service import Service
from epnkit.streaming import installed
from epnkit.streaming.declare import DataSet, Events
from epnkit.streaming.index import EpnIndex

#: How long an answer may take, in seconds: the first one after a start reads files.
_TIMEOUT = 30

#: HAPI's code for an answer without fault.
_GOOD = 1200

_GIBIBYTE = 1024**3

_LOG = f"See why: systemctl status {UNIT}; journalctl -u {UNIT}."


@dataclass(frozen=True)
class Installed:
    """A streaming server that is in use.

    Parameters
    ----------
    unit : pathlib.Path, optional
        Its unit; None if it was started by hand.
    words : tuple of str
        The command of the unit.
    links : dict
        What datalink knows of it; empty if nothing.
    """

    unit: Path | None
    words: tuple[str, ...]
    links: Mapping[str, Any]

    @property
    def local(self) -> str:
        """The address by which this machine reaches it."""
        if self.unit is None:
            return self.public
        return f"http://127.0.0.1:{self.read('--port', '8087')}"

    @cached_property
    def public(self) -> str:
        """The address by which others reach it."""
        return self.read("--url", str(self.links.get("url", "")))

    @property
    def services(self) -> tuple[str, ...]:
        """The services that it serves; empty if all."""
        after = self.words[self.words.index("serve") + 1 :] if "serve" in self.words else ()
        first = next((n for n, word in enumerate(after) if word.startswith("--")), len(after))
        return tuple(after[:first])

    @property
    def restart(self) -> str:
        """How it is started again."""
        return f"systemctl restart {UNIT}" if self.unit else "Start it again: epnkit stream serve"

    def read(self, option: str, default: str) -> str:
        """Read an option of the unit's command."""
        return read_option(list(self.words), option, default)

    def list_archives(self) -> dict[str, Path]:
        """List the directories that the unit's command names."""
        pairs = zip(self.words, self.words[1:], strict=False)
        given = (value.rpartition("=") for option, value in pairs if option == "--archive")
        return {address: Path(directory) for address, _, directory in given}


def check_streams(context: CheckContext) -> Iterator[Finding]:
    """Check the streaming server, if there is one: that it runs, serves all, and may do no more."""
    server = find_server(context)
    if server is None:
        return
    services = [s for s in context.services if not server.services or s.name in server.services]
    connect = installed.make_connector(context.instance.settings)
    yield from find_unit_faults(server)
    with closing(_connect(connect)) as connection:
        yield from find_powers(connection)
    yield from find_unreadable_archives(context, server, services)
    yield from find_cache_faults(_find_cache(context, server), _read_limit(server))
    yield from find_silence(server)
    yield from find_missing_data_sets(server, services, EpnIndex(connect))
    yield from find_stale_links(server, context.instance.configuration / LINKS, services)


def find_server(context: CheckContext) -> Installed | None:
    """Find the streaming server by its unit, and by what datalink knows of it."""
    found = read_unit(context.units)
    links = installed.read_links(context.instance.configuration / LINKS)
    if found is None and not links:
        return None
    path, words = found or (None, [])
    return Installed(path, tuple(words), links)


def _connect(connect: Any) -> Any:
    installed.require_index(connect)
    return connect()


def find_unit_faults(server: Installed) -> Iterator[Finding]:
    """Find that the unit is not enabled, or runs a program that is gone."""
    if server.unit is None:
        return
    enabled = server.unit.parent / "multi-user.target.wants" / UNIT
    if not enabled.is_symlink():
        yield Finding(
            "the streaming server does not start with the machine",
            str(server.unit),
            f"there is no {enabled}",
            f"systemctl enable --now {UNIT}",
        )
    program = Path(server.words[0]) if server.words else server.unit
    if not os.access(program, os.X_OK):
        yield Finding(
            "the streaming server's program is not there",
            str(program),
            f"{server.unit} runs it",
            f"Write the unit again: epnkit stream install --url {server.public}.",
        )


def find_unreadable_archives(
    context: CheckContext, server: Installed, services: Iterable[Service]
) -> Iterator[Finding]:
    """Find directories of the archive that are not there, or that the unit's account cannot list.

    Parameters
    ----------
    context : CheckContext
        What is examined.
    server : Installed
        The server.
    services : iterable of Service
        The services that it serves.
    """
    streamed = [each for each in services if each.streams]
    with context.instance.use_credentials():
        known = installed.find_archives(streamed) | server.list_archives()
    for directory in sorted(set(known.values())):
        if not directory.is_dir():
            yield Finding(
                "a directory of the archive is not there",
                str(directory),
                "the streaming server ends answers that need its files",
                "Mount it, or correct the credential of the source.",
            )
        elif server.unit and os.geteuid() == 0 and not _can_list(server, directory):
            yield Finding(
                "the streaming server's account may not read the archive",
                str(directory),
                f"{UNIT} runs under an account of its own, which is in no group of the archive",
                "Install it again with --group GROUP, or let others read: chmod -R o+rX.",
            )


def _can_list(server: Installed, directory: Path) -> bool:
    """Return whether an account without rights, in the unit's groups, can list a directory."""
    groups = _read_groups(server.unit) if server.unit else []
    joined = f"--groups={','.join(groups)}" if groups else "--clear-groups"
    nobody = Account("nobody", ("setpriv", "--reuid=nobody", "--regid=nogroup", joined))
    words = nobody.command(["ls", directory])
    done = subprocess.run(words, check=False, capture_output=True, cwd="/")  # noqa: S603 - ours
    return done.returncode == 0


def _read_groups(unit: Path) -> list[str]:
    key = "SupplementaryGroups="
    lines = unit.read_text(encoding="utf-8").splitlines()
    return next((each.removeprefix(key).split() for each in lines if each.startswith(key)), [])


def _find_cache(context: CheckContext, server: Installed) -> Path:
    kept = server.read("--cache", str(context.instance.cache / "epnkit-stream"))
    return Path(kept) / "files"


def _read_limit(server: Installed) -> int:
    return int(server.read("--cache-size", "10")) * _GIBIBYTE


def find_cache_faults(cache: Path, limit: int) -> Iterator[Finding]:
    """Find that the cache holds more than it may, or that its disk has no room for what it may.

    Parameters
    ----------
    cache : pathlib.Path
        The directory of fetched files.
    limit : int
        How many bytes it may hold.
    """
    files = [each for each in cache.rglob("*") if each.is_file()] if cache.is_dir() else []
    used = sum(each.stat().st_size for each in files)
    if used > limit:
        yield Finding(
            f"the cache of the streaming server holds {used / _GIBIBYTE:.2f} GiB",
            str(cache),
            f"it may hold {limit / _GIBIBYTE:.0f}; files that are read do not count, but stay",
            f"Delete its files while the server is stopped: systemctl stop {UNIT}.",
        )
    there = next(each for each in (cache, *cache.parents) if each.exists())
    room = shutil.disk_usage(there).free + used
    if room < limit:
        yield Finding(
            f"the disk has room for {room / _GIBIBYTE:.1f} GiB of the streaming server's cache",
            str(cache),
            f"it may grow to {limit / _GIBIBYTE:.0f}, and DaCHS may write there too",
            "Install it again with a smaller --cache-size, or free space.",
        )


def find_silence(server: Installed) -> Iterator[Finding]:
    """Find that the server does not answer, to this machine or at its public address."""
    why = _ask(f"{server.local}/hapi/capabilities")[1]
    if why:
        cure = _LOG if server.unit else f"{server.restart}."
        yield Finding("the streaming server does not answer", server.local, why, cure)
    elif server.public and server.public != server.local:
        why = _ask(f"{server.public}/hapi/capabilities")[1]
        if why:
            yield Finding(
                "the public address of the streaming server does not lead to it",
                server.public,
                f"{why}; at {server.local} it answers",
                f"Let the web server pass requests on: epnkit stream proxy nginx {server.public}.",
            )


def find_missing_data_sets(
    server: Installed, services: Iterable[Service], index: EpnIndex
) -> Iterator[Finding]:
    """Find declared data sets with granules that the server does not offer, or cannot read.

    Parameters
    ----------
    server : Installed
        The server.
    services : iterable of Service
        The services that it serves.
    index : EpnIndex
        Where granules are looked up.
    """
    document, why = _ask(f"{server.local}/hapi/catalog")
    if why:
        return  # which was reported
    offered = {each["id"] for each in document["catalog"]}
    for service in services:
        own = (each for each in service.streams if isinstance(each, DataSet | Events))
        for stream in own:
            held = stream.selection if isinstance(stream, DataSet) else stream.where
            if index.measure(service.name, held) is None:
                continue
            if stream.dataset not in offered:
                yield Finding(
                    f"the streaming server does not offer {stream.dataset}",
                    service.name,
                    "it reads what services declare when it starts",
                    f"{server.restart}.",
                )
            elif isinstance(stream, DataSet):
                yield from _find_unreadable(server, stream.dataset)


def _find_unreadable(server: Installed, dataset: str) -> Iterator[Finding]:
    """Find that the first records of the newest files cannot be read."""
    info, why = _ask(f"{server.local}/hapi/info", dataset=dataset)
    if not why:
        span = {"start": info["sampleStartDate"], "stop": info["sampleStopDate"]}
        # A JSON answer ends with the status, if it has an end.
        query = {"dataset": dataset, **span, "format": "json"}
        why = _ask(f"{server.local}/hapi/data", **query)[1]
    if why:
        yield Finding(
            f"the streaming server cannot read the files of {dataset}",
            f"{server.local}/hapi/info?dataset={dataset}",
            why,
            f"See that its account may read the archive. {_LOG}",
        )


def find_stale_links(
    server: Installed, path: Path, services: Iterable[Service]
) -> Iterator[Finding]:
    """Find that datalink leads elsewhere, nowhere, or not to all data sets.

    Parameters
    ----------
    server : Installed
        The server.
    path : pathlib.Path
        The file by which datalink knows it.
    services : iterable of Service
        The services that it serves.
    """
    cure = f"epnkit stream link {server.public}"
    known = server.links.get("services", {})
    listed = {each["dataset"] for sets in known.values() for each in sets}
    declared = {d.dataset for s in services for d in s.streams if isinstance(d, DataSet)}
    if not server.links:
        yield Finding("datalink does not lead to the streaming server", str(path), "no file", cure)
    elif server.links.get("url") != server.public:
        why = f"the server's public address is {server.public}"
        what = f"datalink leads to {server.links.get('url')}"
        yield Finding(what, str(path), why, cure)
    elif declared - listed:
        what = f"datalink does not lead to {', '.join(sorted(declared - listed))}"
        yield Finding(what, str(path), "services declare it since", cure)


def _ask(url: str, **query: str) -> tuple[Any, str]:
    """Ask the server; give its document, and what is wrong, empty if nothing is."""
    try:
        answer = requests.get(url, params=query, timeout=_TIMEOUT)
    except requests.RequestException as error:
        return None, type(error).__name__
    try:
        document = orjson.loads(answer.content)
        status = document["status"]
        wrong = f"HAPI's {status['code']}: {status['message']}"
    except (ValueError, KeyError, TypeError):
        return None, f"{answer.status_code} {answer.reason}, and no answer of HAPI"
    return document, "" if status["code"] == _GOOD else wrong
