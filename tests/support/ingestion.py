"""A stand-in of REGARDS's ingestion: it takes packages from a real RabbitMQ and answers.

The rules are those that REGARDS's OpenAPI description of rs-ingest and its bean validation state:
which parts a package has to have, of which form. A request that was carried out and comes again is
answered again, and makes nothing.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid3

import pika
import pika.exceptions

from epnkit.regards.answers import ANSWERS
from epnkit.regards.sending import INGESTION, INGESTION_TYPE

QUEUE = "regards.ingestion"

_TYPES = {
    *("RAWDATA", "QUICKLOOK_SD", "QUICKLOOK_MD", "QUICKLOOK_HD", "DOCUMENT", "THUMBNAIL"),
    *("OTHER", "AIP", "DESCRIPTION"),
}
_URL = re.compile(r"[a-zA-Z1-9]+:/(/)?[-a-zA-Z0-9+&@#/%'?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%'=~_|]")
_SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def list_faults(sip: Any, metadata: Any) -> list[str]:
    """Name what REGARDS would deny a request for."""
    faults = []
    for name in ("sessionOwner", "session", "ingestChain"):
        if not str((metadata or {}).get(name) or "").strip():
            faults.append(f"metadata.{name} is required")
    if not isinstance((metadata or {}).get("storages"), list):
        faults.append("metadata.storages is required")
    if (metadata or {}).get("versioningMode", "INC_VERSION") not in {
        *("INC_VERSION", "REPLACE", "IGNORE", "MANUAL")
    }:
        faults.append("metadata.versioningMode is none")
    if not sip.get("id") or sip.get("type") != "Feature" or sip.get("ipType") != "DATA":
        faults.append("the SIP has no id, or is no feature of the type DATA")
    properties = sip.get("properties") or {}
    if not isinstance(properties.get("pdi"), dict):
        faults.append("properties.pdi is required")
    for each in properties.get("contentInformations") or [{}]:
        faults += _list_file_faults(each)
    return faults


def _list_file_faults(file: dict[str, Any]) -> list[str]:
    given = file.get("dataObject") or {}
    mime = ((file.get("representationInformation") or {}).get("syntax") or {}).get("mimeType")
    addresses = [each.get("url", "") for each in given.get("locations") or []]
    rules = {
        "REGARDS data type is required": given.get("regardsDataType") in _TYPES,
        "at least one location is required": bool(addresses),
        "a location is no URL": all(_URL.fullmatch(each) for each in addresses),
        "the file name is required": bool(str(given.get("filename") or "").strip()),
        "the checksum is no MD5": bool(
            re.fullmatch(r"[0-9a-fA-F]{32}", str(given.get("checksum") or ""))
        ),
        "the algorithm is not MD5": given.get("algorithm", "MD5") == "MD5",
        "the media type is required": bool(mime and "/" in mime),
    }
    return [what for what, kept in rules.items() if not kept]


@dataclass
class Ingestion:
    """The ingestion of one tenant.

    Parameters
    ----------
    url : str
        The broker.
    fails : callable
        Says of a SIP why it cannot be stored, or nothing.
    answers : bool
        Whether it answers at all.
    """

    url: str
    fails: Callable[[dict[str, Any]], str | None] = lambda sip: None
    answers: bool = True
    #: For each provider id the SIPs that were made of it, the first version first.
    products: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    #: The URN of what was made for each request.
    stored: dict[str, str] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    #: What broke it, to be raised where it is stopped.
    _broken: list[BaseException] = field(default_factory=list)

    def declare(self, **arguments: Any) -> None:
        """Create the exchanges and the queue, as REGARDS's services do when they start."""
        with open_channel(self.url) as channel:
            _declare(channel, **arguments)

    @contextmanager
    def running(self) -> Iterator[Ingestion]:
        """Ingest in a thread; a broker that goes away is waited for."""
        self.declare()
        self._end.clear()
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join()
        if self._broken:
            raise self._broken[0]

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                with open_channel(self.url) as channel:
                    self._consume(channel)
            except pika.exceptions.AMQPError:
                time.sleep(0.2)
            except BaseException as error:  # noqa: BLE001 - raised again by `running`
                self._broken.append(error)
                return

    def _consume(self, channel: Any) -> None:
        _declare(channel)
        channel.basic_qos(prefetch_count=500)
        for method, properties, body in channel.consume(QUEUE, inactivity_timeout=0.05):
            if method is not None:
                self._take(channel, properties, json.loads(body))
                channel.basic_ack(method.delivery_tag)
            if self._end.is_set():
                return

    def _take(self, channel: Any, properties: Any, body: dict[str, Any]) -> None:
        assert properties.headers["regards.type"] == INGESTION_TYPE
        assert properties.delivery_mode == 2
        request, sip = body["requestId"], body["sip"]
        self.messages.append((properties, body))
        self.requests[request] += 1
        faults = list_faults(sip, body["metadata"])
        event = {"requestId": request, "providerId": sip.get("id")}
        if request in self.stored:
            self.answer(channel, {**event, "state": "SUCCESS", "sipId": self.stored[request]})
            return
        if faults:
            self.answer(channel, {**event, "state": "DENIED", "errors": faults})
            return
        self.answer(channel, {**event, "state": "GRANTED", "errors": []})
        problem = self.fails(sip)
        if problem:
            self.answer(channel, {**event, "state": "ERROR", "errors": [problem]})
            return
        versions = self.products.setdefault(sip["id"], [])
        versions.append(sip)
        name = uuid3(_SPACE, sip["id"])
        urn = self.stored[request] = f"URN:SIP:DATA:Solar:{name}:V{len(versions)}"
        self.answer(channel, {**event, "state": "SUCCESS", "sipId": urn, "errors": []})

    def answer(self, channel: Any, event: dict[str, Any] | bytes) -> None:
        """Broadcast an answer."""
        if not self.answers:
            return
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        headers = {"regards.tenant": "Solar"}
        channel.basic_publish(
            ANSWERS, "", body, pika.BasicProperties(delivery_mode=2, headers=headers)
        )


def _declare(channel: Any, **arguments: Any) -> None:
    channel.exchange_declare(INGESTION, "fanout", durable=True)
    channel.exchange_declare(ANSWERS, "fanout", durable=True)
    channel.queue_declare(QUEUE, durable=True, arguments=arguments or None)
    channel.queue_bind(QUEUE, INGESTION)


@contextmanager
def open_channel(url: str) -> Iterator[Any]:
    """Open a channel of its own connection."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        with suppress(pika.exceptions.AMQPError):
            connection.close()
