"""What counts as another declaration of a service, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from epnkit.errors import ConfigurationError
from epnkit.loading.state.declarations import hash_declaration

SERVICE = '''
"""A service."""
# How it is made.
def uid(number):
    """Make it."""
    return f"thing_{number}"
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "source.toml").write_text('kind = "sql"\nquery = "SELECT 1"\n')
    (tmp_path / "README.md").write_text("A thing.")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("service.py", "# How it is made.", "# Otherwise said."),
        ("service.py", '"""Make it."""\n    ', '"""Make it, always."""\n\n    '),
        ("source.toml", "\nquery", "\n# What is read.\nquery"),
        ("README.md", "A thing", "Another thing"),
    ],
)
def test_how_it_is_written_does_not_count(folder: Path, name: str, before: str, after: str) -> None:
    assert not has_changed(folder, name, before, after)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("service.py", "thing_{number}", "thing_{number:04d}"),
        ("source.toml", "SELECT 1", "SELECT 2"),
    ],
)
def test_what_it_says_counts(folder: Path, name: str, before: str, after: str) -> None:
    assert has_changed(folder, name, before, after)


@pytest.mark.parametrize(
    "partitioned",
    [
        "from epnkit.service import Cursor, Partition, Service\n"
        "service = Service(name='thing', partition=Partition('time_min'), key=('id',))\n",
        "from epnkit.service import Cursor, Service\nfrom epnkit.service import Partition\n"
        "service = Service(name='thing', key=('id',), partition=Partition(by='time_min'))\n",
    ],
)
def test_how_the_table_is_partitioned_does_not_count(folder: Path, partitioned: str) -> None:
    plain = (
        "from epnkit.service import Cursor, Service\nservice = Service(name='thing', key=('id',))\n"
    )
    (folder / "service.py").write_text(plain)
    assert not has_changed(folder, "service.py", plain, partitioned)
    assert has_changed(folder, "service.py", "'id'", "'other'")


def test_what_an_editor_or_a_person_leaves_is_no_error(folder: Path) -> None:
    was = hash_declaration(folder)
    (folder / ".#service.py").symlink_to("person@host.1:2")
    (folder / "samples.json").mkdir()
    assert hash_declaration(folder) == was
    (folder / "older.py").write_text("print 'for Python 2'")
    (folder / "latin.toml").write_bytes(b"name = '\xe9'")
    other = hash_declaration(folder)
    assert other != was
    (folder / "older.py").write_text("print 'otherwise'")
    assert hash_declaration(folder) != other


def test_a_file_that_may_not_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigurationError, match=r"chmod a\+r .*service\.py"):
        hash_declaration(folder)


def has_changed(folder: Path, name: str, before: str, after: str) -> bool:
    was, text = hash_declaration(folder), (folder / name).read_text()
    assert before in text
    (folder / name).write_text(text.replace(before, after))
    return hash_declaration(folder) != was
