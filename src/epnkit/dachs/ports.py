"""Ports of this machine's loopback."""

from __future__ import annotations

from socket import SO_REUSEADDR, SOL_SOCKET, socket


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Return whether a server could listen on a port."""
    with socket() as probe:
        # As servers do: the last one's closed connections are no obstacle.
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
