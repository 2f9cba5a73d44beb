"""The service that a module of tests is about, brought up from its replica."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from epnkit.dachs.private import PrivateDachs
from tests.support.services import Served, bring_up_service


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, dachs: PrivateDachs, serving: str) -> Iterator[Served]:
    """Serve what the module names as its ``SERVICE``."""
    with bring_up_service(dachs, serving, request.module.SERVICE) as up:
        yield up
