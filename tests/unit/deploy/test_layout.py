"""Folders laid beside others' files, put back, and taken away."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from epnkit.dachs.account import Account
from epnkit.deploy.folder import InstalledFolder, hash_files
from epnkit.errors import DeployError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "resources" / "sun"
    (folder / "replica").mkdir(parents=True)
    (folder / "parts").mkdir()
    for name in ("q.rd", "service.py", "parts/words.txt", "replica/make.py", ".hidden", "demo.py"):
        (folder / name).write_text(f"this is {name}")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "inputs").mkdir()
    return tmp_path / "inputs" / "sun"


def make_folder(target: Path, source: Path | None = None) -> InstalledFolder:
    return InstalledFolder(target, hash_files(source) if source else {}, Account("nobody"))


def read_files(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_what_serves_is_laid_and_readable(target: Path, source: Path) -> None:
    assert make_folder(target).install(source) == "3 new"
    assert sorted(read_files(target)) == ["parts/words.txt", "q.rd", "service.py"]
    assert stat.S_IMODE((target / "q.rd").stat().st_mode) == 0o644
    assert stat.S_IMODE((target / "parts").stat().st_mode) == 0o755


def test_settled_it_leaves_nothing_beside(target: Path, source: Path) -> None:
    laid = make_folder(target)
    laid.install(source)
    laid.commit()
    assert [path.name for path in target.parent.iterdir()] == ["sun"]


def test_laying_the_same_again_touches_nothing(target: Path, source: Path) -> None:
    make_folder(target).install(source)
    before = (target / "q.rd").stat()
    assert make_folder(target, source).install(source) == "nothing changed"
    after = (target / "q.rd").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_change_is_laid_beside_what_others_put_there(target: Path, source: Path) -> None:
    make_folder(target).install(source)
    known = make_folder(target, source)
    (target / "notes.txt").write_text("somebody's")
    (source / "q.rd").write_text("another")
    (source / "parts" / "words.txt").unlink()
    known.commit()
    assert known.install(source) == "1 changed, 1 gone"
    assert read_files(target) == {
        "notes.txt": "somebody's",
        "q.rd": "another",
        "service.py": "this is service.py",
    }


def test_a_change_is_undone(target: Path, source: Path) -> None:
    first = make_folder(target)
    first.install(source)
    first.commit()
    (target / "notes.txt").write_text("somebody's")
    before = read_files(target)
    changing = make_folder(target, source)
    (source / "q.rd").write_text("another")
    changing.install(source)
    assert read_files(target) != before
    changing.undo()
    assert read_files(target) == before
    assert [path.name for path in target.parent.iterdir()] == ["sun"]


def test_a_first_laying_is_undone(target: Path, source: Path) -> None:
    laid = make_folder(target)
    laid.install(source)
    laid.undo()
    assert list(target.parent.iterdir()) == []


def test_undoing_what_was_not_begun_changes_nothing(target: Path, source: Path) -> None:
    laid = make_folder(target)
    laid.install(source)
    laid.commit()
    before = read_files(target)
    laid.undo()
    assert read_files(target) == before


def test_edits_are_refused_and_named(target: Path, source: Path) -> None:
    make_folder(target).install(source)
    known = make_folder(target, source)
    (target / "q.rd").write_text("mine")
    (source / "q.rd").write_text("another")
    with pytest.raises(DeployError, match=r"q\.rd.*--force"):
        known.refuse_edits(source)


def test_what_was_laid_by_hand_is_refused_unless_it_is_the_same(target: Path, source: Path) -> None:
    target.mkdir()
    (target / "q.rd").write_text("this is q.rd")
    make_folder(target).refuse_edits(source)
    (target / "service.py").write_text("by hand")
    with pytest.raises(DeployError, match=r"service\.py"):
        make_folder(target).refuse_edits(source)


def test_an_edit_that_the_source_took_over_is_no_edit(target: Path, source: Path) -> None:
    make_folder(target).install(source)
    known = make_folder(target, source)
    for where in (source, target):
        (where / "q.rd").write_text("better")
    known.refuse_edits(source)


def test_removing_takes_what_was_laid_and_its_caches_alone(target: Path, source: Path) -> None:
    make_folder(target).install(source)
    (target / "__pycache__").mkdir()
    (target / "__pycache__" / "service.pyc").write_text("compiled")
    (target / "parts" / "mine.txt").write_text("somebody's")
    (target / "parts" / "link").symlink_to("mine.txt")
    assert make_folder(target, source).remove() == ["parts/link", "parts/mine.txt"]
    (target / "parts" / "mine.txt").unlink()
    (target / "parts" / "link").unlink()
    assert make_folder(target, source).remove() == []
    assert not target.exists()
    assert make_folder(target, source).remove() == []
