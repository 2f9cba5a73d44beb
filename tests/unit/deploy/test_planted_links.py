"""What root writes where another account may have put a link: never through the link."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from epnkit.dachs import vocabulary
from epnkit.dachs.account import choose_account
from epnkit.errors import DeployError


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
    given, *others = vocabulary.install_copies(cache)
    given.unlink()
    given.symlink_to(secret)
    assert vocabulary.install_copies(cache) == [given]
    assert not given.is_symlink()
    assert secret.read_text() == "mine"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert {*cache.iterdir()} == {given, *others}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_a_link_leads_to_is_not_given_away(tmp_path: Path, secret: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "link").symlink_to(secret)
    choose_account(own).create_owned(own)
    assert secret.stat().st_uid == 0
    assert own.stat().st_uid != 0
    assert (own / "link").lstat().st_uid == own.stat().st_uid


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Give a directory of the account that servers run under."""
    directory = tmp_path / "own"
    choose_account(directory).create_owned(directory)
    return directory


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has one account")


@only_root
@pytest.mark.parametrize("append", [False, True])
def test_root_writes_through_no_link(own: Path, secret: Path, append: bool) -> None:
    account = choose_account(own)
    (own / "gavo.rc").symlink_to(secret)
    with pytest.raises(DeployError, match="cannot write there"):
        account.write(own / "gavo.rc", "[general]\n", append=append)
    with pytest.raises(DeployError, match="cannot write there"):
        account.restrict(0o777, own / "gavo.rc")
    log = account.command_to_file(own / "gavo.rc", ["echo", "log"])
    assert subprocess.run(log, check=False, capture_output=True).returncode != 0
    assert secret.read_text() == "mine"
    assert secret.stat().st_mode & 0o777 == 0o600


@only_root
def test_root_makes_no_directory_through_a_link(own: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (outside / "inner").mkdir()
    (own / "web").symlink_to(outside)
    with pytest.raises(DeployError, match="cannot write there"):
        choose_account(own).create_owned(own / "web" / "data")
    choose_account(own).create_owned(own / "web", own)
    assert [*outside.iterdir()] == [outside / "inner"]
    assert outside.stat().st_uid == (outside / "inner").stat().st_uid == 0


def test_what_is_written_is_the_account_s(own: Path) -> None:
    account = choose_account(own)
    account.write(own / "a", "one\n")
    account.write(own / "a", "two\n", append=True)
    account.restrict(0o640, own / "a")
    log = account.command_to_file(own / "log", ["sh", "-c", "echo out; echo err >&2"])
    subprocess.run(log, check=True, cwd="/")
    assert (own / "a").read_text() == "one\ntwo\n"
    assert (own / "log").read_text() == "out\nerr\n"
    assert (own / "a").stat().st_mode & 0o777 == 0o640
    assert (own / "a").stat().st_uid == (own / "log").stat().st_uid == own.stat().st_uid
