"""RabbitMQ: where it is, and publishing so that each message is confirmed."""

from __future__ import annotations

import ssl
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from epnkit.errors import ConfigurationError, PublishError
from epnkit.modules import requires_extra
from epnkit.regards.frames import JoiningConnection, SharedProperties
from epnkit.sources.config.credentials import Secret, read_credential
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy

with requires_extra("regards"):
    import pika
    import pika.exceptions
    from pika.adapters.select_connection import IOLoop

#: The virtual host of REGARDS's services, used if the address names none.
VIRTUAL_HOST = "regards.multitenant.manager"

#: What pika raises if a connection cannot be opened, or breaks; of TLS and names what Python does.
CONNECTION_ERRORS = (pika.exceptions.AMQPError, OSError)

#: How many messages may be unconfirmed at a time.
WINDOW = 2000

#: How often it is looked whether confirmations still come, in seconds.
_TICK = 1.0

#: How long the end of a connection is waited for, in seconds.
_CLOSING = 5.0


@dataclass(frozen=True)
class BrokerAddress:
    """Where a RabbitMQ is.

    Parameters
    ----------
    secret : Secret
        ``amqp://user:password@host:port/virtual-host``, or ``amqps://``.
    authority : pathlib.Path, optional
        Certificates of the authority that signed the broker's, in PEM.
    """

    secret: Secret
    authority: Path | None = None

    @property
    def label(self) -> str:
        """The address without its password, for messages."""
        return self.secret.masked

    @property
    def parameters(self) -> Any:
        """The address as pika takes it.

        Raises
        ------
        ConfigurationError
            If it is no address of a broker, or the certificates cannot be read.
        """
        text = self.secret.reveal()
        parts = urlsplit(text)
        if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
            raise ConfigurationError(
                "it is no address of a RabbitMQ",
                where=self.label,
                cure="Write amqp://user:password@host/virtual-host, or amqps:// with TLS.",
            )
        if not parts.path.strip("/"):
            text = f"{text.rstrip('/')}/{VIRTUAL_HOST}"
        try:
            parameters = pika.URLParameters(text)
            if parts.scheme == "amqps" and self.authority is not None:
                context = ssl.create_default_context(cafile=str(self.authority))
                parameters.ssl_options = pika.SSLOptions(context, parts.hostname)
        except (ValueError, OSError) as error:
            raise ConfigurationError(
                "the address or the certificates cannot be read",
                where=self.label,
                why=self.secret.scrub(error),
                cure="Correct the credential, or `authority` in sip.toml.",
            ) from None
        parameters.client_properties = {"product": "epnkit"}
        return parameters


def find_broker(named: str, authority: Path | None = None) -> BrokerAddress:
    """Find a broker by its address without a password, or by the name of a credential.

    Raises
    ------
    ConfigurationError
        If the address holds a password, or there is no such credential.
    """
    if "://" not in named:
        return BrokerAddress(read_credential(named), authority)
    secret = Secret("broker", named)
    if secret.masked != named:
        raise ConfigurationError(
            "the address holds a password, which others see in the list of processes",
            where=secret.masked,
            cure="Write the address into a credential, and name that one: --to NAME.",
        )
    return BrokerAddress(secret, authority)


class BrokerDownError(PublishError):
    """The broker went away, or took nothing for too long; trying again may help."""


@dataclass
class Publisher:
    """Publishes messages to an exchange, each until the broker confirms it.

    A message that was not confirmed when the connection broke is published again, so it may come
    twice; whoever receives it knows it by its identifier.

    Parameters
    ----------
    address : BrokerAddress
        The broker.
    exchange : str
        The exchange.
    headers : dict of str to str
        Headers of each message.
    policy : RetryPolicy
        How often in a row a broken connection is opened again.
    report : callable
        Takes a text if the broker makes it wait.
    """

    address: BrokerAddress
    exchange: str
    headers: dict[str, str]
    policy: RetryPolicy = DEFAULT_RETRY
    report: Callable[[str], None] = print
    _connection: Any = field(default=None, init=False, repr=False)
    _channel: Any = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._loop = IOLoop()
        self._todo: deque[int] = deque()
        self._unconfirmed: OrderedDict[int, int] = OrderedDict()
        self._messages: Sequence[bytes] = ()
        self._error: PublishError | None = None
        self._next_tag, self._last_sign, self._refused, self._blocked = 1, 0.0, 0, False
        self._properties = SharedProperties(
            content_type="application/json",
            content_encoding="UTF-8",
            delivery_mode=2,
            priority=1,
            app_id="epnkit",
            headers=dict(self.headers),
        )

    def publish(self, messages: Sequence[bytes]) -> None:
        """Publish messages, and return when the broker has confirmed all.

        Raises
        ------
        PublishError
            If the broker cannot be reached, takes nothing, or nobody listens to the exchange.
        """
        self._messages, self._todo = messages, deque(range(len(messages)))
        failures = 0
        while self._todo or self._unconfirmed:
            left = len(self._todo) + len(self._unconfirmed)
            try:
                self._run()
            except BrokerDownError as error:
                self._todo.extendleft(reversed(self._unconfirmed.values()))
                self._unconfirmed.clear()
                failures = 1 if len(self._todo) < left else failures + 1
                if failures >= self.policy.attempts:
                    raise
                self.report(f"{error.what}; trying again")
                time.sleep(min(self.policy.first * 2**failures, self.policy.longest))

    def close(self) -> None:
        """Close the connection; what was not confirmed will be published again by the next run."""
        self._todo.clear()
        self._unconfirmed.clear()
        if self._connection is not None and self._connection.is_open:
            self._connection.close()
            self._loop.call_later(_CLOSING, self._loop.stop)  # a blocked broker never answers
            self._loop.start()
        self._loop.close()

    def _run(self) -> None:
        """Let the connection work until all is confirmed, or something is wrong."""
        self._error, self._last_sign = None, time.monotonic()
        if self._connection is None or not self._connection.is_open:
            self._blocked = False
            self._connection = JoiningConnection(
                self.address.parameters,
                on_open_callback=self._open_channel,
                on_open_error_callback=self._fail_to_open,
                on_close_callback=self._lose,
                custom_ioloop=self._loop,
            )
            self._connection.add_on_connection_blocked_callback(self._note_blocked)
            self._connection.add_on_connection_unblocked_callback(self._note_unblocked)
        else:
            self._loop.add_callback_threadsafe(self._pump)
        self._timer = self._loop.call_later(_TICK, self._watch)
        self._loop.start()
        self._loop.remove_timeout(self._timer)
        if self._error is not None:
            raise self._error

    def _open_channel(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._use_channel)

    def _use_channel(self, channel: Any) -> None:
        self._channel, self._next_tag = channel, 1
        channel.add_on_close_callback(self._lose_channel)
        channel.add_on_return_callback(self._take_back)
        # A channel that was given up may still confirm, by the same numbers as the next.
        channel.confirm_delivery(partial(self._confirm, channel), callback=lambda _: self._pump())

    def _pump(self) -> None:
        """Publish as many messages as the window lets through."""
        publish, window = self._channel.basic_publish, self._unconfirmed
        while self._todo and len(window) < WINDOW and not self._blocked and not self._error:
            number = self._todo.popleft()
            window[self._next_tag] = number
            self._next_tag += 1
            publish(self.exchange, "", self._messages[number], self._properties, mandatory=True)
        if not self._todo and not window:
            self._loop.stop()

    def _confirm(self, channel: Any, frame: Any) -> None:
        """Take a confirmation, or a refusal (of a queue that is full)."""
        if channel is not self._channel:
            return
        method = frame.method
        tags = [method.delivery_tag]
        if method.multiple:
            tags = []
            for tag in self._unconfirmed:
                if tag > method.delivery_tag:
                    break
                tags.append(tag)
        numbers = [self._unconfirmed.pop(tag) for tag in tags if tag in self._unconfirmed]
        self._last_sign = time.monotonic()
        if isinstance(method, pika.spec.Basic.Nack):
            self._wait_for_room(numbers)
        else:
            self._refused = 0
            if len(self._unconfirmed) <= WINDOW // 2:
                self._pump()

    def _wait_for_room(self, numbers: list[int]) -> None:
        """Publish refused messages again after a pause."""
        self._todo.extendleft(reversed(numbers))
        if self._refused == 0:
            self.report("the queue is full: the broker refuses messages; waiting")
        self._refused += 1
        if self._refused > WINDOW * self.policy.attempts:
            self._stop(
                PublishError(
                    "the queue is full, and nobody empties it",
                    where=self.address.label,
                    why=f"{self._refused} refusals in a row; nothing is lost",
                    cure="See that REGARDS's ingestion runs, and start this again.",
                )
            )
        elif not self._unconfirmed:
            self._loop.call_later(self.policy.first, self._pump)

    def _take_back(self, _channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
        self._stop(
            PublishError(
                "no queue is bound to the exchange: the message would be lost",
                where=f"{self.exchange} at {self.address.label}",
                why=method.reply_text,
                cure="See that REGARDS's ingestion has been started once on this broker.",
            )
        )

    def _watch(self) -> None:
        """Give the connection up if no confirmation comes; a broker that blocks is waited for."""
        silent = time.monotonic() - self._last_sign
        if not self._blocked and silent > self.policy.read_timeout:
            self._stop(self._down_error(f"it confirmed nothing for {silent:.0f} s"))
            self._connection = None
            return
        self._timer = self._loop.call_later(_TICK, self._watch)

    def _note_blocked(self, _connection: Any, frame: Any) -> None:
        self._blocked = True
        self.report(f"the broker takes no messages ({frame.method.reason}); waiting")

    def _note_unblocked(self, _connection: Any, _frame: Any) -> None:
        self._blocked, self._last_sign = False, time.monotonic()
        self.report("the broker takes messages again")
        self._pump()

    def _fail_to_open(self, _connection: Any, error: Any) -> None:
        self._stop(explain_failure(error, self.address, BrokerDownError))

    def _lose(self, connection: Any, error: Any) -> None:
        if connection is not self._connection:
            return
        if self._todo or self._unconfirmed:
            self._error = self._error or self._down_error(str(error))
        self._loop.stop()

    def _lose_channel(self, channel: Any, error: Any) -> None:
        """Take the end of a channel, which a missing exchange causes."""
        if channel is not self._channel or self._connection is None:
            return
        if getattr(error, "reply_code", None) in (403, 404):
            self._stop(
                PublishError(
                    "the broker refuses the exchange",
                    where=f"{self.exchange} at {self.address.label}",
                    why=error.reply_text,
                    cure="See that REGARDS runs on this broker, and that the account may write.",
                )
            )
        if self._connection.is_open:
            self._connection.close()

    def _stop(self, error: PublishError) -> None:
        self._error = self._error or error
        self._loop.stop()

    def _down_error(self, why: str) -> PublishError:
        return BrokerDownError(
            "the connection to the broker broke",
            where=self.address.label,
            why=self.address.secret.scrub(why),
            cure="Start this again when the broker runs: it goes on where it was.",
        )


def explain_failure(
    error: Any, address: BrokerAddress, kind: type[PublishError] = PublishError
) -> PublishError:
    """Explain why a connection could not be opened; a wrong password is not tried again."""
    cause = getattr(error, "args", (error,))[0] if getattr(error, "args", None) else error
    refused = (
        pika.exceptions.ProbableAuthenticationError,
        pika.exceptions.ProbableAccessDeniedError,
        pika.exceptions.AuthenticationError,
    )
    if isinstance(cause, refused) or isinstance(error, refused):
        return PublishError(
            "the broker refuses the account",
            where=address.label,
            cure="Correct user, password and virtual host in the credential.",
        )
    if "CERTIFICATE_VERIFY_FAILED" in repr(error):
        return PublishError(
            "the broker's certificate cannot be trusted",
            where=address.label,
            cure='Name the authority\'s certificates in sip.toml: authority = "ca.pem"',
        )
    return kind(
        "the broker does not answer",
        where=address.label,
        why=address.secret.scrub(repr(error))[:300],
        cure="See that it runs, and that the address is right.",
    )
