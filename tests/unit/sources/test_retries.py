"""How often a source is asked again, by what it answered before."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from epnkit.errors import TransientSourceError
from epnkit.sources.transport.paging import Checkpoint
from epnkit.sources.transport.retry import RetryPolicy, SourceTimeoutError, resume, retry

#: Four attempts, without pauses.
QUICK = RetryPolicy(attempts=4, first=0.0)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [(TransientSourceError, 4), (SourceTimeoutError, 2)],
    ids=["error", "read_timeout"],
)
def test_silence_is_asked_again_once(kind: type[TransientSourceError], asked: int) -> None:
    calls = []

    def ask() -> None:
        calls.append(1)
        raise kind("no", cure="Wait.")

    with pytest.raises(kind):
        retry(ask, QUICK)
    assert len(calls) == asked


def test_a_batch_in_between_makes_a_timeout_the_first_again() -> None:
    starts: list[Checkpoint | None] = []

    def read(checkpoint: Checkpoint | None) -> Iterator[tuple[pl.DataFrame, Checkpoint]]:
        starts.append(checkpoint)
        yield pl.DataFrame({"n": [len(starts)]}), Checkpoint(last=(len(starts),))
        if len(starts) < 5:
            raise SourceTimeoutError("nothing", cure="Wait.")

    assert pl.concat(resume(read, QUICK))["n"].to_list() == [1, 2, 3, 4, 5]
    assert starts == [None, *(Checkpoint(last=(number,)) for number in range(1, 5))]
