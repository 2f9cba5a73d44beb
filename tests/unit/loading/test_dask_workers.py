"""A worker that cannot work is named with what it lacks, whichever way that is found."""

from __future__ import annotations

import pytest

from epnkit.errors import ConfigurationError
from epnkit.loading.parallel.dask_workers import require_no_problem
from epnkit.loading.parallel.error_json import error_to_json

WORKER = "tcp://10.0.0.7:4711"


def test_an_error_that_dask_returns_is_named() -> None:
    with pytest.raises(ConfigurationError) as raised:
        require_no_problem(WORKER, ModuleNotFoundError("No module named 'psycopg2'"))
    assert WORKER in str(raised.value)
    assert "No module named 'psycopg2'" in str(raised.value)


def test_an_error_that_the_worker_found_is_named_with_its_cure() -> None:
    found = ConfigurationError("there is no folder", where="/srv/sun", cure="Copy it there.")
    with pytest.raises(ConfigurationError, match="there is no folder") as raised:
        require_no_problem(WORKER, error_to_json(found, ""))
    assert f"{WORKER}: /srv/sun" in str(raised.value)
    assert "Copy it there." in str(raised.value)


def test_a_worker_that_lacks_nothing_is_taken() -> None:
    require_no_problem(WORKER, None)
