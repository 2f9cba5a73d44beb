"""Whether a service is being loaded is read, not tried, so that no starting load is stopped."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.cluster import Cluster
from epnkit.loading.state.lock_holder import describe_holder, is_locked

LOCK = "SELECT pg_advisory_lock(hashtext('epnkit'), hashtext('thing'))"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False)
        made.start()
        yield made
        made.stop()


def test_a_lock_is_seen_by_others_and_by_its_own_session(cluster: Cluster) -> None:
    with closing(cluster.connect()) as own, closing(cluster.connect()) as other:
        assert not is_locked(other, "thing")
        assert describe_holder(other, "thing") == ""
        with own.cursor() as cursor:
            cursor.execute(LOCK)
        # By a lock that is tried, the session that has it would get it again.
        assert is_locked(own, "thing")
        assert is_locked(other, "thing")
        assert not is_locked(other, "things")
        assert describe_holder(other, "thing").startswith("it has just started, by user ")
