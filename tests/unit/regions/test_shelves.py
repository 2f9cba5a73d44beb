"""Where compiled loops are kept, and what becomes of those of older sources."""

from __future__ import annotations

import os
import time
from pathlib import Path

from epnkit.regions._compile import WEEK, last_use, open_shelf


def _made(base: Path, digest: str, age: float) -> Path:
    shelf = base / f"kernels-{digest}"
    shelf.mkdir(parents=True)
    (shelf / "loop.nbi").write_bytes(b"x")
    os.utime(shelf, (time.time() - age,) * 2)
    return shelf


def test_a_new_shelf_sweeps_those_unused_for_a_week_and_no_other(tmp_path: Path) -> None:
    old, recent = _made(tmp_path, "a", WEEK + 60), _made(tmp_path, "b", WEEK - 3600)
    stranger = tmp_path / "other"
    stranger.mkdir()
    assert open_shelf(tmp_path, "c") == tmp_path / "kernels-c"
    assert not old.exists()
    assert (recent / "loop.nbi").exists()
    assert stranger.exists()


def test_a_shelf_that_is_there_is_marked_as_used_and_sweeps_nothing(tmp_path: Path) -> None:
    old, mine = _made(tmp_path, "a", WEEK + 60), _made(tmp_path, "b", WEEK + 60)
    assert open_shelf(tmp_path, "b") == mine
    assert last_use(mine) > time.time() - 3600
    assert old.exists()


def test_where_nothing_can_be_made_there_is_no_shelf(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert open_shelf(tmp_path / "file", "a") is None


def test_what_another_process_deletes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    assert last_use(tmp_path / "kernels-gone") == float("inf")
