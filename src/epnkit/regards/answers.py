"""The answers of REGARDS's ingestion, read from a queue of our own into the state tables."""

from __future__ import annotations

import concurrent.futures
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from uuid import UUID

import orjson

from epnkit.modules import requires_extra
from epnkit.regards.broker import CONNECTION_ERRORS, BrokerAddress, BrokerDownError, explain_failure
from epnkit.regards.state import ArchiveAnswer, PackageState
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy

with requires_extra("regards"):
    import pika
    import pika.exceptions

#: Where REGARDS publishes its answers.
ANSWERS = "regards.broadcast.fr.cnes.regards.modules.ingest.dto.request.event.IngestRequestEvent"

#: REGARDS's states of a request, as we name them.
_STATES = {"GRANTED": "granted", "DENIED": "denied", "SUCCESS": "stored", "ERROR": "failed"}

#: How many answers are noted at a time, and how long it is waited for more, in seconds.
_BATCH, _PAUSE = 1000, 0.2

#: How much of a list of errors is kept, in characters.
_LONGEST_REASON = 2000


class OddAnswerError(ValueError):
    """An answer cannot be understood; the text says why."""


def parse_answer(body: bytes) -> ArchiveAnswer:
    """Parse an answer (``IngestRequestEvent``).

    Raises
    ------
    OddAnswerError
        If it is no JSON, names no request, or a state that is unknown.
    """
    try:
        event = orjson.loads(body)
        request = str(UUID(event["requestId"]))
        state = _STATES[event["state"]]
        urn, errors = event.get("sipId"), event.get("errors")
        reasons = errors if isinstance(errors, list) else [errors] if errors else []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OddAnswerError(f"{type(error).__name__}: {error}") from None
    reason = "; ".join(map(str, reasons))[:_LONGEST_REASON].replace("\0", "")
    return ArchiveAnswer(request, state, urn if isinstance(urn, str) else None, reason or None)


@dataclass
class AnswerReader:
    """Reads the answers that came for a service.

    Each answer is removed from the queue after the database has it. REGARDS broadcasts the answers
    to everybody's packages: those to others are passed over.

    Parameters
    ----------
    address : BrokerAddress
        The broker.
    state : PackageState
        Where they are noted.
    tenant : str
        REGARDS's project; the answers of others are passed over.
    policy : RetryPolicy
        How often in a row a broken connection is opened again.
    """

    address: BrokerAddress
    state: PackageState
    tenant: str
    policy: RetryPolicy = DEFAULT_RETRY
    #: For how long without an answer it waits; None while packages are sent.
    _wait: float | None = field(default=None, init=False)
    #: When the last answer came that was to a package of the service.
    _last: float = field(default=0.0, init=False)
    #: Whether it is to be looked up again if answers are missing: it takes long if there are many.
    _unsure: bool = field(default=True, init=False)
    _count: int = field(default=0, init=False)
    _given_up: Event = field(default_factory=Event, init=False)

    @property
    def queue(self) -> str:
        """The name of the queue."""
        return f"epnkit.{self.tenant}.{self.state.service}.answers"

    def bind(self) -> None:
        """Create the queue, so that what is answered from now on is kept.

        Raises
        ------
        PublishError
            If the broker cannot be reached, or has no exchange for answers.
        """
        try:
            with self._open():
                pass
        except CONNECTION_ERRORS as error:
            raise explain_failure(error, self.address) from None

    def read(self, wait: float, report: Callable[[str], None] = print) -> int:
        """Read answers until none is missing, or none has come for a while.

        Parameters
        ----------
        wait : float
            For how many seconds without an answer it waits.
        report : callable
            Takes a text if the connection breaks.

        Returns
        -------
        int
            How many answers were read, also those to others.
        """
        self._given_up.clear()
        self._wait = wait
        return self._read_on(report)

    @contextmanager
    def read_aside(
        self, wait: float, report: Callable[[str], None] = print
    ) -> Iterator[Future[int]]:
        """Read answers in a thread while packages are sent, and then as `read` does.

        So the broker holds few of them.  The context ends when they are read; if sending fails, at
        once.

        Parameters
        ----------
        wait : float
            For how many seconds without an answer it waits, when all packages are sent.
        report : callable
            Takes a text if the connection breaks.

        Yields
        ------
        Future
            How many answers were read, when the context has ended.
        """
        self._given_up.clear()
        self._wait = None
        with ThreadPoolExecutor(1, "answers") as thread:
            reading = thread.submit(self._read_on, report)
            try:
                yield reading
                self._wait = wait
                concurrent.futures.wait([reading])
            except BaseException:  # also an interrupt: the thread would read on for ever
                self._given_up.set()
                raise

    def _read_on(self, report: Callable[[str], None]) -> int:
        """Read answers over as many connections as it takes."""
        failures, before = 0, 0
        self._last, self._unsure, self._count = time.monotonic(), True, 0
        while not self._given_up.is_set():
            try:
                with self._open() as channel:
                    self._read(channel)
                break
            except CONNECTION_ERRORS as error:
                failures = 1 if self._count > before else failures + 1
                before = self._count
                found = explain_failure(error, self.address, BrokerDownError)
                if failures >= self.policy.attempts or not isinstance(found, BrokerDownError):
                    raise found from None
                report("the connection to the broker broke; trying again")
                self._given_up.wait(min(self.policy.first * 2**failures, self.policy.longest))
        return self._count

    def _read(self, channel: Any) -> None:
        bodies: list[tuple[Any, bytes]] = []
        for method, properties, body in channel.consume(self.queue, inactivity_timeout=_PAUSE):
            if method is not None:
                bodies.append((properties, body))
                tag = method.delivery_tag
            if method is None or len(bodies) >= _BATCH:
                changed = bool(bodies) and self._note(bodies) > 0
                if bodies:
                    channel.basic_ack(tag, multiple=True)
                self._count, bodies = self._count + len(bodies), []
                if self._is_over(changed):
                    break
        channel.cancel()

    def _is_over(self, changed: bool) -> bool:
        """Decide whether to read on; answers to others do not count: a busy archive never ends."""
        if self._given_up.is_set():
            return True
        if changed or self._wait is None:
            self._last, self._unsure = time.monotonic(), True
            return False
        if self._unsure:
            self._unsure = False
            if not self.state.awaits_answers:
                return True
        return time.monotonic() - self._last >= self._wait

    def _note(self, bodies: list[tuple[Any, bytes]]) -> int:
        """Enter answers, and return how many changed what was known."""
        answers, odd = [], []
        for properties, body in bodies:
            if (properties.headers or {}).get("regards.tenant", self.tenant) != self.tenant:
                continue
            try:
                answers.append(parse_answer(body))
            except OddAnswerError as error:
                odd.append((str(error), body))
        if odd:
            self.state.keep_odd(odd)
        return self.state.apply(answers) if answers else 0

    @contextmanager
    def _open(self) -> Iterator[Any]:
        """Open a channel with the queue bound, and close it at the end."""
        connection = pika.BlockingConnection(self.address.parameters)
        try:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=2 * _BATCH)
            channel.exchange_declare(ANSWERS, "fanout", passive=True)
            channel.queue_declare(self.queue, durable=True)
            channel.queue_bind(self.queue, ANSWERS)
            yield channel
        finally:
            with suppress(pika.exceptions.AMQPError):
                connection.close()
