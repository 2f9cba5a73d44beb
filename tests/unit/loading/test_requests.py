"""What a load is requested to do: options exclude each other whatever their values are."""

from __future__ import annotations

from typing import Any

import pytest

from epnkit.errors import ConfigurationError
from epnkit.loading.request import Request


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"full": True, "limit": 0}, "--full and --limit"),
        ({"full": True, "low": ""}, "--full goes with neither"),
        ({"remap": True, "high": ""}, "--remap goes with no other"),
        ({"remap": True, "limit": 0}, "--remap goes with no other"),
        ({"limit": 0, "jobs": 2}, "--limit goes with neither"),
        ({"dask": "", "jobs": 2}, "--jobs and --dask"),
    ],
)
def test_a_value_of_zero_or_no_letters_is_a_value(options: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigurationError, match=what):
        Request.of_options(**options)


def test_the_first_no_records_are_not_everything() -> None:
    assert not Request(full=True, limit=0).reads_everything
    assert Request(full=True).reads_everything
    assert not Request(remap=True).reads_everything
