"""The service that a module of tests is about, brought up from its replica."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from epnkit.dachs.private import Dachs
from tests.support.services import Served, brought_up


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, dachs: Dachs, serving: str) -> Iterator[Served]:
    """Serve what the module names as its ``SERVICE``."""
    with brought_up(dachs, serving, request.module.SERVICE) as up:
        yield up
