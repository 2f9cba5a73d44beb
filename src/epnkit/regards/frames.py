"""What pika does for each message, done once for all of them, or for many at a time."""

from __future__ import annotations

from typing import Any

from epnkit.modules import requires_extra

with requires_extra("regards"):
    import pika

#: How many bytes are handed to the socket at a time.
_JOINED = 64 * 1024


class SharedProperties(pika.BasicProperties):  # type: ignore[misc]  # pika has no types
    """Properties that all messages share: they are encoded once."""

    def encode(self) -> list[bytes]:
        """Return the encoded pieces, in a list that pika adds to."""
        if not hasattr(self, "encoded"):
            self.encoded = b"".join(super().encode())
        return [self.encoded]


class JoiningConnection(pika.SelectConnection):  # type: ignore[misc]  # pika has no types
    """A connection that joins frames before they are sent.

    A message is three frames, for each of which pika would call the system.  What is written while
    the loop handles one event leaves at its end, or when it is much.  Publishing takes
    the processor about half as long.  pika has no other way to it than this hook of its adapters; a
    pika that no longer calls it sends each frame by itself, as it does without this class.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._frames: list[bytes] = []
        self._size = 0
        super().__init__(*arguments, **options)

    def _adapter_emit_data(self, data: bytes) -> None:
        """Take what is to be sent: what pika's adapters of loops are made to override."""
        if not self._frames:
            self.ioloop.add_callback_threadsafe(self._send_frames)
        self._frames.append(data)
        self._size += len(data)
        if self._size >= _JOINED:
            self._send_frames()

    def _send_frames(self) -> None:
        joined, self._frames, self._size = b"".join(self._frames), [], 0
        # What was written to a connection that has broken since is published again.
        if joined and not self.is_closed:
            super()._adapter_emit_data(joined)
