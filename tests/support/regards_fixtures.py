"""Fixtures of tests with catalogues of REGARDS; a plugin, since their helpers are imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from epnkit.replicas.regards_catalog import RegardsProduct
from tests.support.regards import COUNT, Make, make_product, prepare_sources

if TYPE_CHECKING:
    from tests.support.servers import Keep


@pytest.fixture
def make(tmp_path: Path, keep: Keep) -> Iterator[Make]:
    """Give a way to make sources of catalogues, which are served until the test ends."""
    with ExitStack() as stack:
        yield prepare_sources(stack, tmp_path, keep)


@pytest.fixture
def products() -> list[RegardsProduct]:
    """Give products of one minute each."""
    return [make_product(number) for number in range(COUNT)]
