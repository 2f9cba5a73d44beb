"""Profiles of a database are read as DaCHS reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.dachs_modules import import_dachs

from epnkit.database_profiles import read_profile

config = import_dachs("gavo.base.config")

_KEYS = ["host", "port", "database", "user", "password", "sslmode"]

#: Parts of values and of lines that are no good, as people and programs write them.
_TEXTS = ["gavo", "db.example.org", "5432", "/tmp/a-b", "é", "a=b", " ", "\\$", "# nobody"]
_QUOTED = ['"two words"', "'#1'", '"a\\"b"']
_VALUE = st.lists(st.sampled_from([*_TEXTS, *_QUOTED]), max_size=3).map("".join)
_LINE = st.one_of(
    st.builds("{} {}{}".format, st.sampled_from(_KEYS), st.sampled_from(["=", "= "]), _VALUE),
    st.builds("{}={}".format, st.sampled_from(_KEYS), _VALUE),
    st.sampled_from(["", "# a comment", "include dsn", "include nowhere", "uzer=x", "=x", "host"]),
    st.sampled_from(["password='open", 'password=""', "1host=x", "include", "h=x", "\trole"]),
)


def read_with_dachs(directory: Path) -> dict[str, str] | None:
    """Read the profile as DaCHS does, and give None if it refuses it."""
    parser = config.ProfileParser([str(directory)])
    try:
        return dict(parser.parse("feed", "feed", (directory / "feed").read_text()).getArgs())
    except (ValueError, OSError, config.utils.Error, config.ProfileParseError):
        parser.parser.instream.close()  # it leaves what is included open
        return None


def read(directory: Path) -> dict[str, str] | None:
    try:
        return read_profile("feed", directory / "gavo.rc", directory)
    except ValueError:
        return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(lines=st.lists(_LINE, max_size=5), last=st.sampled_from(["", "\n"]))
def test_each_text_is_read_or_refused_as_by_dachs(
    lines: list[str], last: str, tmp_path: Path
) -> None:
    (tmp_path / "dsn").write_text("database = gavo\nhost = there.example\n")
    (tmp_path / "feed").write_text("database=first\n" + "\n".join(lines) + last)
    assert read(tmp_path) == read_with_dachs(tmp_path)


def test_they_are_looked_for_where_the_settings_say(tmp_path: Path) -> None:
    rc, etc, own = tmp_path / "gavo.rc", tmp_path / "root" / "etc", tmp_path / "own"
    etc.mkdir(parents=True)
    own.mkdir()
    rc.write_text(f"[general]\nrootDir: {tmp_path}/root\n[db]\nprofilePath: {own}:$configDir\n")
    (etc / "dsn").write_text("database = gavo\nport = 5433\n")
    (etc / "feed").write_text("include dsn\nuser = gavoadmin\npassword = x\n")
    expected = {"sslmode": "allow", "database": "gavo", "port": "5433", "user": "gavoadmin"}
    assert read_profile("feed", rc) == expected | {"password": "x"}
    (own / "dsn").write_text("database = mine\n")
    found = read_profile("feed", rc)
    assert (found["database"], "port" in found) == ("mine", False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("database = gavo\nuzer = x\n", "line 2: unknown setting 'uzer'"),
        ("database = gavo\nuser\n", "line 2: 'user' is not of the form key=value"),
        ("database = gavo", "the last line has no line feed"),
        ("user = x\n", "the profile feed names no database"),
        ("include dsn\n", "there is no profile dsn in "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "feed").write_text(text)
    with pytest.raises(ValueError, match=why) as refused:
        read_profile("feed", tmp_path / "gavo.rc", tmp_path)
    assert "line" not in why or str(tmp_path / "feed") in str(refused.value)


def test_a_profile_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    with pytest.raises(ValueError, match=str(tmp_path / "feed")):
        read_profile("feed", tmp_path / "gavo.rc", tmp_path)
