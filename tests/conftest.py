"""Fixtures that many tests take: a private DaCHS, and HFC1AR served from its replica."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from epnkit.dachs.account import choose_account
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas.sources import ReplicaSources
from tests.support.new_dachs import copy_new_dachs

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

# Nothing here is judged by the clock: a busy machine is no fault.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    """Keep what numba compiles, for all DaCHS processes of all runs."""
    cache = ROOT / "var" / "cache" / "numba"
    choose_account(cache).create_owned(cache)
    os.environ["NUMBA_CACHE_DIR"] = str(cache)


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real samples beside the project, where they are."""
    if not SHARED.is_dir():
        pytest.skip(f"the real samples are not here: {SHARED}")
    return SHARED / "samples"


@pytest.fixture(scope="session")
def dachs(compiled_kernels: None) -> Iterator[PrivateDachs]:
    """Give a DaCHS for the whole session, which every test leaves as it was."""
    with throw_away_dachs() as private:
        yield private


@pytest.fixture(scope="module")
def scratch(compiled_kernels: None) -> Iterator[PrivateDachs]:
    """Give a DaCHS to one module, to do with as it likes."""
    with throw_away_dachs() as private:
        yield private


@contextmanager
def tear_down(path: Path) -> Iterator[None]:
    """Move something away for as long as the context lasts."""
    elsewhere = path.with_name(f"{path.name}.away")
    path.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(path)


class throw_away_dachs:  # noqa: N801 - used as a function
    """A DaCHS in a directory that goes with it."""

    def __enter__(self) -> PrivateDachs:
        # Short, since a socket's path may have 107 characters.
        self.directory = tempfile.TemporaryDirectory(prefix="epnkit-")
        self.dachs = copy_new_dachs(Path(self.directory.name) / "d")
        self.dachs.start()
        return self.dachs

    def __exit__(self, *error: object) -> None:
        self.dachs.stop()
        self.directory.cleanup()


def bring_up(dachs: PrivateDachs, name: str) -> str:
    """Fill a service's replica, install the service, import it; give its RD's id."""
    with ReplicaSources(dachs, ROOT) as sources:
        sources.fill(ROOT / "resources" / name)
        rd = inputs.install(dachs, ROOT / "resources" / name)
        dachs.run("imp", rd)
    return rd


@pytest.fixture(scope="session")
def serving(dachs: PrivateDachs) -> Iterator[str]:
    """Serve the session's DaCHS, once for all services that are imported into it; give the URL."""
    with dachs.run_server() as url:
        yield url


@pytest.fixture(scope="session")
def hfc1ar(dachs: PrivateDachs, serving: str) -> str:
    """Serve HFC1AR from its replica; give the URL of its TAP service."""
    rd = bring_up(dachs, "hfc1ar")
    # Before the server has read the RD, since it does so once.
    for verb in ("limits", "val", "pub"):
        dachs.run(verb, rd)
    return f"{serving}/tap"
