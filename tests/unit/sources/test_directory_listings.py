"""A large directory is listed once for several walks, and again if anything in it changed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from epnkit.sources.files.walk import Boundary, LargestListing, walk_names


class CountingBoundary(Boundary):
    """A boundary that counts the entries that it is asked for."""

    asked = 0

    def name_entry(self, entry: os.DirEntry[str]) -> str | None:
        self.asked += 1
        return super().name_entry(entry)


def age(directory: Path) -> None:
    """Let a directory be one that has not changed for a while."""
    os.utime(directory, (1_000_000_000, 1_000_000_000))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name in ("c.fits", "a.fits", "b.fits"):
        (tmp_path / name).touch()
    age(tmp_path)
    return tmp_path


def list_twice(archive: Path, between: Callable[[Path], object]) -> tuple[list[str], int]:
    """List a directory, change it, list it again; give the names and how many were asked for."""
    listing, boundary = LargestListing(), CountingBoundary(archive, False, Counter())
    listing.list_names(boundary, archive)
    between(archive)
    boundary.asked = 0
    return listing.list_names(boundary, archive), boundary.asked


def test_a_directory_that_did_not_change_is_listed_once(archive: Path) -> None:
    assert list_twice(archive, lambda _: None) == (["a.fits", "b.fits", "c.fits"], 0)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda here: (here / "d.fits").touch(), ["a.fits", "b.fits", "c.fits", "d.fits"]),
        (lambda here: (here / "a.fits").unlink(), ["b.fits", "c.fits"]),
        (lambda here: (here / "a.fits").rename(here / "z.fits"), ["b.fits", "c.fits", "z.fits"]),
    ],
    ids=["new", "gone", "renamed"],
)
def test_what_changed_is_seen(
    archive: Path, change: Callable[[Path], object], names: list[str]
) -> None:
    assert list_twice(archive, change) == (names, len(names))


def test_one_that_changed_a_moment_ago_is_not_kept(archive: Path) -> None:
    os.utime(archive)
    assert list_twice(archive, lambda _: None)[1] == 3


def test_one_with_links_is_not_kept(archive: Path) -> None:
    (archive / "d.fits").symlink_to(archive / "a.fits")
    age(archive)
    assert list_twice(archive, lambda _: None)[1] == 4


def test_the_largest_is_kept_whatever_is_listed_later(archive: Path) -> None:
    below = archive / "below"
    below.mkdir()
    for number in range(5):
        (below / f"{number}.fits").touch()
    age(below)
    age(archive)
    listing = LargestListing()
    walked = [list(walk_names(archive, ("*.fits",), list, listing=listing)) for _ in range(2)]
    assert walked[0] == walked[1]
    assert len(walked[0]) == 8
    boundary = CountingBoundary(archive, False, Counter())
    listing.list_names(boundary, below)
    assert boundary.asked == 0
