"""A mapping that changes under a served table: an operator is told, and readers go on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.private import PrivateDachs
from tests.conftest import bring_up

TOLD = "changed since run"


@pytest.fixture
def service(scratch: PrivateDachs) -> Iterator[Path]:
    """Load HFC1AR; give its service.py."""
    bring_up(scratch, "hfc1ar")
    yield scratch.inputs / "hfc1ar" / "service.py"
    scratch.run("drop", "hfc1ar/q")


def run_epnkit(dachs: PrivateDachs, *words: str, fails: bool = False) -> str:
    command: list[str | Path] = [Path(sys.executable).parent / "epnkit", *words]
    done = subprocess.run(
        [*command, "--dachs", dachs.root], capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    # Lines of a table are broken where the terminal ends.
    return " ".join((done.stdout + done.stderr).split())


def read_counts(dachs: PrivateDachs) -> list[tuple[str, int]]:
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute("SELECT granule_gid, count(*) FROM hfc1ar.epn_core GROUP BY 1 ORDER BY 1")
        return cursor.fetchall()


def test_an_operator_is_told_and_what_to_do_helps(scratch: PrivateDachs, service: Path) -> None:
    for verb in ("load", "status"):
        assert TOLD not in run_epnkit(scratch, verb, "hfc1ar")
    text = service.read_text()
    assert text.count('"granule_gid": "active_region"') == 1
    service.write_text(text.replace('"active_region"', '"region"'))
    # What is not read again stays as it was, and the operator hears of it each time.
    for verb in ("load", "status", "load"):
        said = run_epnkit(scratch, verb, "hfc1ar")
        assert TOLD in said
        assert "epnkit load hfc1ar --full" in said
    assert ("active_region", 1200) not in read_counts(scratch)
    assert sum(number for _, number in read_counts(scratch)) == 1200
    seen = read_while(scratch, lambda: run_epnkit(scratch, "load", "hfc1ar", "--full"))
    assert read_counts(scratch) == [("region", 1200)]
    # Each reader saw the table as it was or as it is, and none had to wait for the load's end.
    assert [("region", 1200)] in seen
    assert len(seen) <= 2
    for verb in ("load", "status"):
        assert TOLD not in run_epnkit(scratch, verb, "hfc1ar")


def test_granules_are_made_anew_without_the_source(scratch: PrivateDachs, service: Path) -> None:
    catalogue = scratch.root / "sources" / "hfc1ar.sqlite"
    aside = catalogue.rename(catalogue.with_suffix(".aside"))
    try:
        text = service.read_text()
        service.write_text(text.replace('"active_region"', '"region"'))
        assert "epnkit load hfc1ar --remap" in run_epnkit(scratch, "status", "hfc1ar")
        seen = read_while(scratch, lambda: run_epnkit(scratch, "load", "hfc1ar", "--remap"))
        assert read_counts(scratch) == [("region", 1200)]
        assert len(seen) <= 2
        assert TOLD not in run_epnkit(scratch, "status", "hfc1ar")
        # What was never kept is not made up.
        service.write_text(text.replace('"cdelt1"', '"cdelt3"'))
        refused = run_epnkit(scratch, "load", "hfc1ar", "--remap", fails=True)
        assert "cdelt3 is not in all kept records" in refused
        assert "epnkit load hfc1ar --full" in refused
        service.write_text(text)
        source = service.with_name("source.toml")
        source.write_text(source.read_text().replace("SELECT", "SELECT DISTINCT", 1))
        assert "source.toml has changed" in run_epnkit(
            scratch, "load", "hfc1ar", "--remap", fails=True
        )
    finally:
        aside.rename(catalogue)
    assert read_counts(scratch) == [("region", 1200)]


def read_while(dachs: PrivateDachs, action: Callable[[], object]) -> list[list[tuple[str, int]]]:
    """Read the table again and again while something is done; give what was seen, each once."""
    seen: list[list[tuple[str, int]]] = [read_counts(dachs)]
    thread = threading.Thread(target=action)
    thread.start()
    while thread.is_alive():
        seen.append(read_counts(dachs))
    thread.join()
    seen.append(read_counts(dachs))
    return [each for number, each in enumerate(seen) if each not in seen[:number]]
