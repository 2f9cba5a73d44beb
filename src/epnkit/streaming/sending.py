"""Sending a stream: made in threads, as fast as its client takes it, and ended when that goes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from itertools import chain
from typing import Any, Generic, TypeVar

from epnkit.modules import requires_extra

with requires_extra("stream"):
    import anyio
    from anyio import CapacityLimiter, to_thread
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

T = TypeVar("T")

#: How fast and how well answers are compressed; 1 is the fastest.
_LEVEL = 1

#: Seconds that a client may take for one piece, until it is given up.
PATIENCE = 120.0


class StreamResponse(Response):
    """An answer whose pieces are made one after the other, in threads.

    At any time it holds one piece.  If making one fails, or the client goes, the connection is
    closed without an end, so that nobody takes what was sent for the whole (HAPI 3.3.1, section
    3.7.5).

    Parameters
    ----------
    pieces : iterable of bytes
        What is sent; closed at the end if it is a generator.
    limiter : anyio.CapacityLimiter
        How many threads make pieces at a time.
    media_type : str
        The media type.
    headers : dict of str to str
        Other headers.
    compress : bool
        Whether it is sent compressed by gzip.
    """

    def __init__(
        self,
        pieces: Iterable[bytes],
        limiter: CapacityLimiter,
        media_type: str,
        headers: Mapping[str, str],
        *,
        compress: bool = False,
    ) -> None:
        self.status_code, self.background = 200, None
        self.media_type = media_type
        extra = {"Content-Encoding": "gzip"} if compress else {}
        self.init_headers({**headers, **extra, "Vary": "Accept-Encoding"})
        self.pieces = compress_pieces(pieces) if compress else pieces
        self.limiter = limiter

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Prepare the headers; the length is not known."""
        super().init_headers(headers)
        self.raw_headers = [each for each in self.raw_headers if each[0] != b"content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and watch for the client's going meanwhile."""
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_when_gone, receive, group.cancel_scope)
            await self._send_pieces(send)
            group.cancel_scope.cancel()

    async def _send_pieces(self, send: Send) -> None:
        iterator = iter(self.pieces)
        try:
            while True:
                # Not to be cancelled within: a generator that runs cannot be closed.
                with anyio.CancelScope(shield=True):
                    piece = await to_thread.run_sync(_take, iterator, limiter=self.limiter)
                await anyio.lowlevel.checkpoint()
                if piece is None:
                    break
                with anyio.fail_after(PATIENCE):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(_close, iterator, limiter=self.limiter)


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    message: MutableMapping[str, Any] = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
    scope.cancel()


def _take(iterator: Iterator[bytes]) -> bytes | None:
    """Take the next piece that is not empty; None at the end."""
    return next((piece for piece in iterator if piece), None)


def _close(iterator: Iterator[Any]) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        close()


def start(pieces: Iterable[T]) -> Iterator[T] | None:
    """Make the first of some pieces, so that what fails at once has a status; None if empty."""
    iterator = iter(pieces)
    first = next(iterator, None)
    return None if first is None else _Chained(first, iterator)


class _Chained(Iterator[T], Generic[T]):
    """A first piece and those of a generator, which is closed with it."""

    def __init__(self, first: T, rest: Iterator[T]) -> None:
        self._all, self._rest = chain([first], rest), rest

    def __next__(self) -> T:
        return next(self._all)

    def close(self) -> None:
        """Close the generator."""
        _close(self._rest)


def compress_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress pieces as gzip."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    iterator = iter(pieces)
    try:
        for piece in iterator:
            yield packer.compress(piece)
        yield packer.flush()
    finally:
        _close(iterator)
