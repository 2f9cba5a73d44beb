"""A short campaign of kills, restarts and damaged files; ``scripts/test --chaos`` runs long."""

from __future__ import annotations

import pytest
from tests.fault.chaos import run


@pytest.mark.all
def test_after_a_short_campaign_the_table_is_the_source() -> None:
    counts = run(minutes=0.4, seed=7)
    assert counts["comparisons"] >= 2
    assert counts["reads"] > 0
    assert counts["damaged files"] > 0
    assert counts["loads that ended by themselves"] > 0
