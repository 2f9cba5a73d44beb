"""What root writes where another account may have put a link: never through the link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from epnkit.dachs import vocabulary
from epnkit.dachs.account import choose_account


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Give a file that must stay as it is."""
    path = tmp_path / "secret"
    path.write_text("mine")
    path.chmod(0o600)
    return path


def test_the_vocabulary_takes_the_place_of_a_link(tmp_path: Path, secret: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    given = vocabulary.install_copy(cache)
    given.unlink()
    given.symlink_to(secret)
    assert vocabulary.install_copy(cache) == given
    assert not given.is_symlink()
    assert secret.read_text() == "mine"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert [*cache.iterdir()] == [given]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_a_link_leads_to_is_not_given_away(tmp_path: Path, secret: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "link").symlink_to(secret)
    choose_account(own).create_owned(own)
    assert secret.stat().st_uid == 0
    assert own.stat().st_uid != 0
    assert (own / "link").lstat().st_uid == own.stat().st_uid
