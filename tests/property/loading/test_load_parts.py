"""The parts of a parallel load: taken, overtaken, mapped twice, abandoned, forgotten."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import psycopg2
import pytest
from tests.support.waiting import wait_until

from epnkit.dachs.cluster import Cluster
from epnkit.deploy import state
from epnkit.errors import LoadError, MappingError
from epnkit.loading.grammar.rollback import RollbackOnError
from epnkit.loading.parallel.error_json import error_from_json, error_to_json
from epnkit.loading.parallel.executors import LocalProcesses
from epnkit.loading.parallel.queue import ATTEMPTS, PartQueue, TakenPart, forget_parts
from epnkit.loading.parallel.task import PartTask
from epnkit.loading.parallel.work import keep_lease
from epnkit.loading.prepare.columns import EMBARGOED, REFUSAL
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import PackedBatch
from epnkit.loading.prepare.preparation import PreparedBatch
from epnkit.loading.state import ledger
from epnkit.loading.state.schema import create_state_schema
from epnkit.sources.base import Window

WINDOWS = [Window(high=10, nulls=False), Window(low=10, high=20, nulls=False), Window(low=20)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def own(cluster: Cluster) -> Iterator[Any]:
    """Give a connection that commits by itself, to a state schema that is new."""
    with closing(cluster.connect()) as link:
        with link.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS epnkit CASCADE")
        create_state_schema(link)
        yield link


@pytest.fixture
def queue(own: Any) -> PartQueue:
    """Give the loader's view of a run of three parts."""
    made = PartQueue(own, 7, lease=60)
    made.add("thing", WINDOWS)
    return made


@pytest.fixture
def worker(cluster: Cluster) -> Iterator[PartQueue]:
    with closing(cluster.connect()) as link:
        yield PartQueue(link, 7, lease=60)


def take(queue: PartQueue, ahead: int = 8) -> TakenPart:
    part = queue.take("somewhere:1", ahead)
    assert part is not None
    return part


def finish(queue: PartQueue, part: TakenPart, *batches: bytes) -> bool:
    for nth, batch in enumerate(batches):
        queue.store(part, nth, batch)
    digest = blake2b(b"".join(batches), digest_size=16)
    return queue.finish(part, Counts(read=5, quarantined=1), 4, digest.hexdigest())


def test_parts_come_in_their_order_once_each(queue: PartQueue, worker: PartQueue) -> None:
    taken = [take(each) for each in (queue, worker, queue)]
    assert [part.number for part in taken] == [0, 1, 2]
    assert [part.window for part in taken] == WINDOWS
    assert worker.take("somewhere:2", 8) is None


def test_nobody_runs_too_far_ahead(queue: PartQueue, worker: PartQueue) -> None:
    first = take(worker, ahead=2)
    take(worker, ahead=2)
    assert worker.take("somewhere:1", 2) is None
    finish(worker, first, b"rows")
    assert worker.take("somewhere:1", 2) is None  # mapped, and not loaded yet
    queue.mark_loaded(0)
    assert take(worker, ahead=2).number == 2


def test_the_part_of_a_dead_worker_is_free_at_once(queue: PartQueue, cluster: Cluster) -> None:
    with closing(cluster.connect()) as dying:
        assert take(PartQueue(dying, 7)).number == 0
        assert take(queue).number == 1
    taken: list[TakenPart | None] = []

    def take_again() -> bool:
        taken.append(queue.take("somewhere:2", 1))
        return taken[-1] is not None

    wait_until(take_again)
    assert taken[-1] == TakenPart(0, 2, WINDOWS[0])


def test_a_lease_runs_out_unless_it_is_renewed(own: Any, cluster: Cluster) -> None:
    PartQueue(own, 7).add("thing", WINDOWS[:1])
    with closing(cluster.connect()) as link:
        alive = PartQueue(link, 7, lease=0.4)
        part = take(alive)
        with keep_lease(alive, part):
            time.sleep(1)
            assert PartQueue(own, 7).take("other:1", 8) is None
        time.sleep(0.5)
        assert PartQueue(own, 7).take("other:1", 8) == TakenPart(0, 2, WINDOWS[0])
        assert not alive.renew(part)


def test_a_part_that_is_done_twice_counts_once(own: Any, cluster: Cluster) -> None:
    loader = PartQueue(own, 7)
    loader.add("thing", WINDOWS[:1])
    with closing(cluster.connect()) as one, closing(cluster.connect()) as two:
        slow, quick = PartQueue(one, 7, lease=0.05), PartQueue(two, 7)
        late = take(slow)
        slow.store(late, 0, b"half of it")
        time.sleep(0.1)
        assert finish(quick, take(quick), b"first", b"second")
        assert not slow.finish(late, Counts(read=5), 5, "hash of the other")
    assert [*loader.read_batches(0)] == [b"first", b"second"]
    with own.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM epnkit.load_batches WHERE attempt = 1")
        assert cursor.fetchone() == (0,)
    loader.mark_loaded(0)
    assert loader.is_over()


@pytest.mark.timeout(120)
def test_threads_take_turns_while_a_large_batch_is_stored(queue: PartQueue) -> None:
    part, batch = take(queue), b"0123456789abcdef" * (1 << 21)
    ended = Event()

    def look(number: int) -> int:
        with queue.connection.cursor() as cursor:
            cursor.execute("SELECT %s FROM epnkit.load_parts LIMIT 1", (number,))
            return len(cursor.fetchall())

    def keep_looking() -> None:
        while not ended.is_set():
            assert queue.in_turn(look)(7) == 1
            queue.renew(part)

    with ThreadPoolExecutor(2) as threads:
        looking = [threads.submit(keep_looking) for _ in range(2)]
        try:
            finish(queue, part, batch, batch)
            assert [*queue.read_batches(part.number)] == [batch, batch]
        finally:
            ended.set()
    assert [each.result() for each in looking] == [None, None]


@pytest.mark.parametrize("nth", [0, 1])
def test_batches_that_were_changed_are_not_loaded(queue: PartQueue, own: Any, nth: int) -> None:
    finish(queue, take(queue), b"first", b"second")
    with own.cursor() as cursor:
        cursor.execute("DELETE FROM epnkit.load_batches WHERE nth = %s", (nth,))
    with pytest.raises(LoadError, match="are not what its worker stored"):
        [*queue.read_batches(0)]


def test_who_dies_of_a_part_again_and_again_is_named(queue: PartQueue, cluster: Cluster) -> None:
    for _ in range(ATTEMPTS):
        with closing(cluster.connect()) as dying:
            PartQueue(dying, 7, lease=0).take("somewhere:9", 1)
    time.sleep(0.2)
    assert queue.take("somewhere:9", 1) is None
    assert queue.read_progress().exhausted == "0 of somewhere:9"


def test_an_error_of_a_worker_is_the_loaders(queue: PartQueue) -> None:
    raised = MappingError("no such field", where="service.py", why="typo", cure="Correct it.")
    queue.fail(take(queue), error_to_json(raised, "somewhere:1"))
    problem = queue.read_progress().problem
    assert problem is not None
    again = error_from_json(problem)
    assert (type(again), str(again)) == (MappingError, str(raised))
    assert queue.is_over()


def test_an_error_of_another_kind_names_worker_and_kind() -> None:
    again = error_from_json(error_to_json(ZeroDivisionError("by zero"), "here:1"))
    assert str(again).startswith("here:1: a part of the load cannot be mapped: ZeroDivisionError")


def test_a_forgotten_part_takes_no_batch(queue: PartQueue, own: Any) -> None:
    part = take(queue)
    queue.store(part, 0, b"rows")
    forget_parts(own, "other")
    queue.store(part, 1, b"rows")
    forget_parts(own, "thing")
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        queue.store(part, 2, b"rows")
    assert not queue.finish(part, Counts(), 0, "")
    with pytest.raises(LoadError, match="no longer there"):
        queue.is_done(0)


def test_workers_see_that_their_loader_has_ended(own: Any, cluster: Cluster) -> None:
    with closing(cluster.connect()) as loader:
        PartQueue(loader, 7).add("thing", WINDOWS)
        assert not PartQueue(own, 7).is_over()
    wait_until(PartQueue(own, 7).is_over)


def test_a_load_that_fails_forgets_its_parts(queue: PartQueue, own: Any, cluster: Cluster) -> None:
    with closing(cluster.connect(autocommit=False)) as data:
        undoing = RollbackOnError(data, ledger.Run(7, "thing", own))
        undoing.__exit__(LoadError, LoadError("nothing came", cure="Wait."), None)
    assert queue.read_progress().pending == 0


def test_removing_a_service_removes_its_parts(queue: PartQueue, own: Any, cluster: Cluster) -> None:
    with own.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS dc; CREATE TABLE dc.rdmeta (sourcerd text)")
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state) VALUES ('other', 'load', 'done')"
        )
    instance = SimpleNamespace(connect=lambda: closing(cluster.connect()))
    state.remove_state(cast(Any, instance), "thing")
    assert queue.read_progress().pending == 0


def run_until_it_gives_up(executor: LocalProcesses, task: PartTask) -> None:
    for _ in range(1200):
        executor.ensure_running(task)
        time.sleep(0.05)


@pytest.mark.all
def test_processes_that_end_at_once_end_the_load(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    task = PartTask(7, tmp_path / "source.toml", {}, None, datetime(2026, 1, 1))
    executor = LocalProcesses(1, {"host": str(tmp_path)})  # no PostgreSQL is there
    with closing(executor), pytest.raises(LoadError, match=r"end repeatedly.*status 1"):
        run_until_it_gives_up(executor, task)
    said = capfd.readouterr().err
    assert "No such file or directory" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("highest", [None, 7, 2.5, "2011", datetime(2011, 1, 1, 2, 3, 4, 5)])
def test_a_batch_comes_back_as_it_was(highest: object) -> None:
    granules = pl.DataFrame({"granule_uid": ["a", "b"], "time_min": [1.5, None]})
    refusals = pl.DataFrame([["k", None, 3, "f", "r", "{}"]], schema=REFUSAL, orient="row")
    embargoed = pl.DataFrame([["k", datetime(2030, 1, 1)]], schema=EMBARGOED, orient="row")
    packed = PackedBatch(["k", "l"], b"records")
    batch = PreparedBatch(granules, refusals, Counts(read=2), packed, highest, embargoed)
    again = PreparedBatch.from_bytes(batch.to_bytes())
    for name in ("granules", "refusals", "embargoed"):
        assert getattr(again, name).equals(getattr(batch, name))
        assert getattr(again, name).schema == getattr(batch, name).schema
    assert (again.counts, again.batch) == (batch.counts, batch.batch)
    assert (again.highest, type(again.highest)) == (highest, type(highest))
