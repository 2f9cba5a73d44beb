"""How often a source is asked again, by what it answered before."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from epnkit.errors import TransientSourceError
from epnkit.sources.transport.retry import Patience, SilentSourceError, persist, resumed

#: Four attempts, without pauses.
QUICK = Patience(attempts=4, first=0.0)


@pytest.mark.parametrize(
    ("kind", "asked"), [(TransientSourceError, 4), (SilentSourceError, 2)], ids=["error", "silence"]
)
def test_silence_is_asked_again_once(kind: type[TransientSourceError], asked: int) -> None:
    calls = []

    def ask() -> None:
        calls.append(1)
        raise kind("no")

    with pytest.raises(kind):
        persist(ask, QUICK)
    assert len(calls) == asked


def test_a_batch_in_between_makes_silence_the_first_again() -> None:
    starts: list[int | None] = []

    def read(place: int | None) -> Iterator[tuple[pl.DataFrame, int]]:
        starts.append(place)
        yield pl.DataFrame({"n": [len(starts)]}), len(starts)
        if len(starts) < 5:
            raise SilentSourceError("nothing")

    assert pl.concat(resumed(read, QUICK))["n"].to_list() == [1, 2, 3, 4, 5]
    assert starts == [None, 1, 2, 3, 4]
