"""How often a connection calls the system for the frames that it sends."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pika
import pytest
from pika.adapters.select_connection import IOLoop
from pika.adapters.utils.selector_ioloop_adapter import SelectorIOServicesAdapter
from scripts.servers.processes import Server

from epnkit.regards.frames import JoiningConnection, SharedProperties
from tests.support.ingestion import open_channel

pytest_plugins = ["tests.support.servers"]

QUEUE, COUNT, BODY = "epnkit.frames", 30, b"x" * 1400


class CountingSocket(socket.socket):
    """A socket that counts what it is asked to send."""

    calls = 0

    def send(self, data: Any, flags: int = 0) -> int:
        self.calls += 1
        return super().send(data, flags)


class CountingServices(SelectorIOServicesAdapter):  # type: ignore[misc]  # pika has no types
    """pika's services of a loop, whose connections count."""

    def create_streaming_connection(
        self, protocol_factory: Any, sock: socket.socket, *more: Any, **options: Any
    ) -> Any:
        self.socket = CountingSocket(fileno=sock.detach())
        self.socket.setblocking(False)
        return super().create_streaming_connection(protocol_factory, self.socket, *more, **options)


def count_calls(url: str, kind: Callable[..., Any], properties: pika.BasicProperties) -> int:
    """Publish messages at once, and count the calls until the broker has confirmed the last."""
    loop = IOLoop()
    services, before = CountingServices(loop), []

    def publish(channel: Any) -> None:
        before.append(services.socket.calls)
        for _ in range(COUNT):
            channel.basic_publish("", QUEUE, BODY, properties)

    def confirm(frame: Any) -> None:
        if frame.method.delivery_tag == COUNT:
            before.append(services.socket.calls)
            connection.close()

    def use(channel: Any) -> None:
        channel.queue_declare(QUEUE, exclusive=True)
        channel.confirm_delivery(confirm, callback=lambda _: publish(channel))

    connection = kind(
        pika.URLParameters(url),
        on_open_callback=lambda opened: opened.channel(on_open_callback=use),
        on_close_callback=lambda *_: loop.stop(),
        custom_ioloop=services,
    )
    loop.start()
    loop.close()
    return before[1] - before[0]


@pytest.mark.parametrize("properties", [pika.BasicProperties, SharedProperties])
def test_frames_of_messages_leave_together(
    broker: Server, properties: Callable[..., pika.BasicProperties]
) -> None:
    made = properties(content_type="application/json", headers={"a": "b"})
    # 30 messages of 1400 bytes are less than what is joined, and pika would call three times each.
    assert count_calls(broker.url, pika.SelectConnection, made) == 3 * COUNT
    assert count_calls(broker.url, JoiningConnection, made) == 1


def test_properties_that_are_shared_are_those_of_each_message(broker: Server) -> None:
    made = SharedProperties(content_type="application/json", headers={"a": "b"}, delivery_mode=2)
    with open_channel(broker.url) as channel:
        channel.queue_declare(QUEUE, exclusive=True)
        for number in range(3):
            channel.basic_publish("", QUEUE, str(number).encode(), made)
        got = [channel.basic_get(QUEUE, auto_ack=True) for _ in range(3)]
    assert [body for _, _, body in got] == [b"0", b"1", b"2"]
    assert {(each.content_type, each.delivery_mode) for _, each, _ in got} == {
        ("application/json", 2)
    }
    assert [each.headers for _, each, _ in got] == [{"a": "b"}] * 3
