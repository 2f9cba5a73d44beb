"""The keys of all products in ascending order, looked through part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from epnkit.errors import SourceError


class KeyListing:
    """Keys between two others, out of one listing that is read on from part to part.

    REGARDS compares no texts, so parts cannot be asked for; asked for one after the other, all are
    found in one reading.

    Parameters
    ----------
    read : callable
        Begins a listing of all keys.
    where : str
        The source, for messages.
    """

    def __init__(self, read: Callable[[], Iterator[str]], where: str) -> None:
        self._read, self._where = read, where
        self._keys: Iterator[str] = iter(())
        self._next: str | None = None
        self._last: str | None = None
        self._started = False

    def between(self, low: str | None, high: str | None) -> list[str]:
        """List the keys from low to below high.

        Raises
        ------
        SourceError
            If the listing is not in the order of code points, by which keys are compared.
        """
        if not self._started or low is None or (self._last is not None and self._last >= low):
            self._restart()
        found: list[str] = []
        while self._next is not None and (high is None or self._next < high):
            if low is None or self._next >= low:
                found.append(self._next)
            self._advance()
        return found

    def _restart(self) -> None:
        self._keys, self._last, self._started = self._read(), None, True
        self._next = next(self._keys, None)

    def _advance(self) -> None:
        self._last, self._next = self._next, next(self._keys, None)
        if self._next is not None and self._last is not None and self._next < self._last:
            raise SourceError(
                "the keys are not listed in their order",
                where=self._where,
                why=f"{self._next!r} follows {self._last!r}",
                cure="Load in full: epnkit load SERVICE --full",
            )
