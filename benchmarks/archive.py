"""Takes packages from RabbitMQ and answers them as REGARDS does, and checks nothing: for its speed.

``python -m benchmarks.archive BROKER [--mute]`` grants each package when it comes, says that it is
stored some packages later, and acknowledges it then.  At SIGTERM it prints, in JSON, how many
messages came and how many requests they were.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import orjson
import pika
from pika.adapters.select_connection import IOLoop
from tests.support.ingestion import QUEUE

from epnkit.regards.answers import ANSWERS
from epnkit.regards.frames import JoiningConnection, SharedProperties

#: How many packages are stored at a time, and after how many seconds at the latest.
_STORED, _PAUSE = 500, 0.1


class Archive:
    """Takes and answers until the loop is stopped."""

    def __init__(self, url: str, mute: bool) -> None:
        self.mute, self.messages, self.requests = mute, 0, set[str]()
        self._granted: list[tuple[str, str]] = []
        self._tag = 0
        self._properties = SharedProperties(delivery_mode=2, headers={"regards.tenant": "Solar"})
        self.loop = IOLoop()
        self.connection = JoiningConnection(
            pika.URLParameters(url), on_open_callback=self._open, custom_ioloop=self.loop
        )

    def _open(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._consume)

    def _consume(self, channel: Any) -> None:
        self._channel = channel
        channel.basic_qos(prefetch_count=2 * _STORED)
        channel.basic_consume(QUEUE, self._take)
        self._store_again()

    def _take(self, channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        found = orjson.loads(body)
        request, provider = found["requestId"], found["sip"]["id"]
        self.messages += 1
        self.requests.add(request)
        self._tag = method.delivery_tag
        self._granted.append((request, provider))
        self._answer({"requestId": request, "providerId": provider, "state": "GRANTED"})
        if len(self._granted) >= _STORED:
            self._store()

    def _store(self) -> None:
        for request, provider in self._granted:
            urn = f"URN:SIP:DATA:Solar:{request}:V1"
            event = {"requestId": request, "providerId": provider, "state": "SUCCESS", "sipId": urn}
            self._answer(event)
        if self._granted:
            self._channel.basic_ack(self._tag, multiple=True)
        self._granted = []

    def _store_again(self) -> None:
        self._store()
        self.loop.call_later(_PAUSE, self._store_again)

    def _answer(self, event: dict[str, Any]) -> None:
        if not self.mute:
            body = orjson.dumps({**event, "errors": []})
            self._channel.basic_publish(ANSWERS, "", body, self._properties)


def main() -> None:
    """Answer until SIGTERM."""
    archive = Archive(sys.argv[1], "--mute" in sys.argv)
    signal.signal(
        signal.SIGTERM, lambda *_: archive.loop.add_callback_threadsafe(archive.loop.stop)
    )
    archive.loop.start()
    print(json.dumps({"messages": archive.messages, "requests": len(archive.requests)}))


if __name__ == "__main__":
    main()
