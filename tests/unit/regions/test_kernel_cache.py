"""Where compiled loops are kept, and what becomes of those of older sources."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from epnkit.dachs.account import choose_account
from epnkit.regions._kernel_cache import WEEK, last_use, open_cache_dir, replace_directory


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
        f"from pathlib import Path; from epnkit.regions._kernel_cache import open_cache_dir;"
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


def test_a_new_directory_starts_with_what_is_shipped(tmp_path: Path) -> None:
    shipped = make_cache_dir(tmp_path / "shipped", "a", 0)
    (shipped / "module").mkdir()
    (shipped / "module" / "loop.nbc").write_bytes(b"code")
    found = open_cache_dir(tmp_path / "own", "a", shipped.parent)
    assert found is not None
    assert (found / "module" / "loop.nbc").read_bytes() == b"code"
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["kernels-a"]


def test_machine_code_of_other_sources_is_not_taken(tmp_path: Path) -> None:
    make_cache_dir(tmp_path / "shipped", "other", 0)
    found = open_cache_dir(tmp_path / "own", "a", tmp_path / "shipped")
    assert found is not None
    assert list(found.iterdir()) == []


def test_a_directory_is_replaced_whole(tmp_path: Path) -> None:
    target = make_cache_dir(tmp_path, "a", 0)
    (target / "of-before").write_bytes(b"")
    source = make_cache_dir(tmp_path / "new", "a", 0)
    replace_directory(source, target)
    assert [path.name for path in target.iterdir()] == ["loop.nbi"]


#: Draws what a catalogue, headers and numbers give, and prints how many loops it had to compile.
DRAW = """
import numpy as np
from pathlib import Path
from epnkit.regions import Images, Options, boxes, circles, fields, footprints, points
from epnkit.regions._kernel_cache import choose_cache_dir
from epnkit.regions.compile import draw_examples
from epnkit.regions.synthetic import random_contour, starts_on_disc

def count():
    # Random contours are made for tests only, and their loops are not shipped.
    return {path for path in choose_cache_dir().rglob("*.nbc") if "synthetic" not in str(path)}

shipped = count()
rng = np.random.default_rng(5)
contours = [random_contour(rng, int(rng.integers(10, 120))) for _ in range(40)]
start = 512 + starts_on_disc(rng, 40, 483.0, 0.3)
images = Images("2001-05-01T00:00:00", 1.985, 1.985, 512.0, 512.0, 483.0)
for options in (Options(), Options(tolerance=3.0, outline="center", moc_order=7, observer="l1")):
    footprints([c.code for c in contours], start[:, 0], start[:, 1], images, options)
footprints(["1", None, "x"], ["5", "6", "7"], [5, 6, 7], images)
circles(1, 2, 3)
boxes(rng.uniform(0, 360, 9), 10, -20, 80)
points([1, 2], [3, 4])
print(len(shipped), sorted(path.name for path in count() - shipped))
"""


def test_nothing_is_left_to_compile(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DRAW],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
    )
    shipped, compiled = done.stdout.strip().split(" ", 1)
    assert int(shipped) > 50, "run scripts/setup, which compiles the loops ahead"
    assert compiled == "[]"
