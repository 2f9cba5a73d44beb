"""Where compiled loops are kept, and what becomes of those of older sources."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from epnkit.dachs.account import choose_account
from epnkit.regions._compile import WEEK, last_use, open_cache_dir


def make_cache_dir(base: Path, digest: str, age: float) -> Path:
    cache_dir = base / f"kernels-{digest}"
    cache_dir.mkdir(parents=True)
    (cache_dir / "loop.nbi").write_bytes(b"x")
    os.utime(cache_dir, (time.time() - age,) * 2)
    return cache_dir


def test_a_new_directory_deletes_those_unused_for_a_week_and_no_other(tmp_path: Path) -> None:
    old, recent = (
        make_cache_dir(tmp_path, "a", WEEK + 60),
        make_cache_dir(tmp_path, "b", WEEK - 3600),
    )
    stranger = tmp_path / "other"
    stranger.mkdir()
    assert open_cache_dir(tmp_path, "c") == tmp_path / "kernels-c"
    assert not old.exists()
    assert (recent / "loop.nbi").exists()
    assert stranger.exists()


def test_an_existing_directory_is_marked_as_used_and_nothing_is_deleted(tmp_path: Path) -> None:
    old, mine = make_cache_dir(tmp_path, "a", WEEK + 60), make_cache_dir(tmp_path, "b", WEEK + 60)
    assert open_cache_dir(tmp_path, "b") == mine
    assert last_use(mine) > time.time() - 3600
    assert old.exists()


def test_if_nothing_can_be_made_there_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert open_cache_dir(tmp_path / "file", "a") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_a_directory_that_only_a_capability_reaches_is_used(tmp_path: Path) -> None:
    # A clone in /root: the account of DaCHS passes the directories above by a capability alone.
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    account = choose_account(closed / "own")
    account.create_owned(closed / "own")
    code = (
        f"from pathlib import Path; from epnkit.regions._compile import open_cache_dir;"
        f" print(open_cache_dir(Path({str(closed / 'own')!r}), 'a'))"
    )
    done = subprocess.run(
        account.command([sys.executable, "-c", code]),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env={**os.environ, "HOME": "/nonexistent"},
    )
    assert done.stdout.strip() == str(closed / "own" / "kernels-a")


def test_what_another_process_deletes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    assert last_use(tmp_path / "kernels-gone") == float("inf")
