"""Sending tables to Aladin, TOPCAT and others by SAMP (https://www.ivoa.net/documents/SAMP/).

JHelioviewer takes no tables: it is sent what it can show of one, see
:mod:`epnkit.client.jhelioviewer`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from astropy.table import Table

from epnkit.client.jhelioviewer import LOAD_FOOTPRINTS, LOAD_IMAGES, list_images, write_footprints
from epnkit.client.output import write_votable
from epnkit.errors import ConfigurationError
from epnkit.modules import requires_extra

with requires_extra("client"):
    from pyvo.samp import SAMPHubError, SAMPHubServer, SAMPIntegratedClient

#: How long to wait for a program that was named and is not there yet, in seconds.
WAIT = 30.0

#: How long a table must be readable after it was sent, in seconds: programs read it when they like.
_READING = 10.0

#: How long a program that has just registered is left alone, in seconds: Aladin 12 registers
#: before it has started, and loses what comes until then.
_STARTING = 6.0

#: The messages (SAMP's list of MTypes, and Aladin's own).
_LOAD_VOTABLE, _RUN_SCRIPT = "table.load.votable", "script.aladin.send"

#: The order of the MOC that Aladin draws of the footprints: 7 minutes of arc.
_ORDER = 9


@dataclass(frozen=True)
class _Message:
    """A message, of a kind that programs subscribe to."""

    kind: str
    given: Mapping[str, str | list[str]]


def send_table(
    table: Table, receiver: str = "all", *, name: str = "epnkit", wait: float = WAIT
) -> list[str]:
    """Send a table to programs that run.

    Without a SAMP hub one is started, and kept until a program came and took the table. Aladin,
    which hides footprints unless told otherwise, is told to draw them. JHelioviewer gets the images
    of the Sun that rows have, in FITS, and the footprints on it.

    Parameters
    ----------
    table : astropy.table.Table
        The table.
    receiver : str
        A part of the program's name, in any case, or ``all``.
    name : str
        What the table is called there, with the time of day after it.
    wait : float
        How long to wait for the program, in seconds.

    Returns
    -------
    list of str
        The names of the programs that it was sent to.

    Raises
    ------
    ConfigurationError
        If no such program came.
    """
    label = f"{name}_{datetime.now(UTC):%H%M%S}"  # a script would take the first of two of a name
    with _connect() as client, TemporaryDirectory(prefix="epnkit-") as directory:
        path = Path(directory) / "search.vot"
        write_votable(table, path)
        messages = [*_write_messages(table, path.as_uri(), label)]
        found = _wait_for(client, receiver, messages, wait)
        for message in messages:
            for each in _list_takers(client, message.kind) & {*found}:
                content = {"samp.mtype": message.kind, "samp.params": dict(message.given)}
                client.notify(each, content)
        # Aladin answers no call, so that nobody says when it has read the file.
        time.sleep(min(_READING, wait))
    return sorted(found.values())


def _write_messages(table: Table, address: str, label: str) -> Iterator[_Message]:
    """Write what programs are told of a table, which has an address."""
    yield _Message(_LOAD_VOTABLE, {"url": address, "name": label, "table-id": label})
    if "s_region" in table.colnames and re.fullmatch(r"\w+", label):
        script = f"sync;{label}_footprints=cmoc -order={_ORDER} -fov {label}"
        yield _Message(_RUN_SCRIPT, {"script": script})
    if images := list_images(table):
        yield _Message(LOAD_IMAGES, {"url": images if len(images) > 1 else images[0]})
    for document in write_footprints(table):
        yield _Message(LOAD_FOOTPRINTS, {"value": document})


def _list_takers(client: Any, kind: str) -> set[str]:
    """List the programs that take a kind of message."""
    takers = {*client.get_subscribed_clients(kind)}
    # JHelioviewer subscribes to tables, and drops ours.
    return takers - _list_takers(client, LOAD_IMAGES) if kind == _LOAD_VOTABLE else takers


@contextmanager
def _connect() -> Iterator[Any]:
    """Connect to the hub, or to one of our own."""
    client = SAMPIntegratedClient(name="epnkit", description="Rows that epnkit search found")
    hub = None
    try:
        client.connect()
    except SAMPHubError:
        hub = SAMPHubServer(web_profile=False)
        hub.start()
        client.connect()
    try:
        yield client
    finally:
        client.disconnect()
        if hub is not None:
            hub.stop()


def _wait_for(
    client: Any, receiver: str, messages: Sequence[_Message], wait: float
) -> dict[str, str]:
    if found := _find_receivers(client, receiver, messages):
        return found
    end = time.monotonic() + wait
    while not (found := _find_receivers(client, receiver, messages)):
        if time.monotonic() > end:
            wanted = "a program" if receiver == "all" else f"a program like {receiver!r}"
            raise ConfigurationError(
                f"{wanted} that takes tables did not come",
                why=f"none was registered by SAMP in {wait:g} s",
                cure="Start Aladin or TOPCAT, or, for images of the Sun and footprints on it, "
                "JHelioviewer, and try again, or write a file with -o table.vot.",
            )
        time.sleep(0.5)
    time.sleep(min(_STARTING, wait))
    return found


def _find_receivers(client: Any, receiver: str, messages: Sequence[_Message]) -> dict[str, str]:
    kinds = {message.kind for message in messages} - {_RUN_SCRIPT}  # which is about a table
    names = {
        identifier: str(client.get_metadata(identifier).get("samp.name", identifier))
        for identifier in set().union(*(_list_takers(client, kind) for kind in kinds))
    }
    if receiver == "all":
        return names
    return {key: name for key, name in names.items() if receiver.lower() in name.lower()}
