"""``epnkit vocabularies``: what is carried, and refreshing from a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from epnkit.cli import cli
from epnkit.epncore import ucd, vocabularies
from epnkit.errors import ConfigurationError, TransientSourceError
from tests.conformance.serving import Reply, serving

MESSENGERS = {
    "uri": "http://www.ivoa.net/rdf/messenger",
    "terms": {
        "Photon": {"label": "Photon", "description": "light"},
        "Graviton": {"label": "Graviton", "description": "new", "preliminary": ""},
        "Ether": {"label": "Ether", "description": "old", "deprecated": ""},
    },
}
WORDS = b"#EN-UCDlist-v9.9-2030-01-01\nQ | phys.magic | Magic\nS | em.magic | Its light\n"


def _answer(path: str, asked: dict[str, str]) -> Reply:
    replies: dict[str, Reply] = {
        "/messenger": (200, "application/x-desise+json", json.dumps(MESSENGERS).encode()),
        "/ucd": (200, "text/plain", WORDS),
        "/page": (200, "text/html", b"<html>maintenance</html>"),
        "/empty": (200, "application/json", b'{"terms": {}}'),
        "/list": (200, "application/json", b"[1, 2]"),
    }
    return replies.get(path, (404, "text/html", b"<html>no</html>"))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv(vocabularies.FOLDER_VARIABLE, str(tmp_path / "vocabularies"))
    vocabularies.load.cache_clear()
    with serving(_answer) as url:
        yield url
    monkeypatch.undo()
    vocabularies.load.cache_clear()
    ucd.clear_caches()


def _run(*words: str) -> tuple[int, str, BaseException | None]:
    done = CliRunner().invoke(cli, ["vocabularies", *words])
    return done.exit_code, done.output, done.exception


def test_each_vocabulary_names_version_and_source() -> None:
    status, output, _ = _run("list", "--format", "json")
    assert status == 0
    told = {entry["name"]: entry for entry in json.loads(output)}
    assert set(told) == set(vocabularies.NAMES)
    assert all(entry["version"] and entry["source"] and entry["licence"] for entry in told.values())
    assert told["ucd"]["version"].startswith("1.6")
    assert told["ucd"]["terms"] == 568
    assert told["uat"]["terms"] > 2000


def test_refreshed_terms_go_before_packaged_ones(server: str) -> None:
    status, output, _ = _run("refresh", "messenger", "--url", f"{server}/messenger")
    assert status == 0
    assert "3 terms, 2 new, 9 gone" in output
    new = vocabularies.load("messenger")
    assert dict(new.terms) == {"Photon": "", "Graviton": "preliminary", "Ether": "deprecated"}
    assert new.source == f"{server}/messenger"
    shown = _run("show", "messenger")[1]
    assert vocabularies.parse("messenger", shown) == new


def test_refreshed_words_judge_ucds(server: str) -> None:
    assert "not a word" in ucd.find_fault("phys.magic;em.magic")
    assert _run("refresh", "ucd", "--url", f"{server}/ucd")[0] == 0
    assert ucd.find_fault("phys.magic;em.magic") == ""
    assert "v9.9" in vocabularies.load("ucd").version


@pytest.mark.parametrize("path", ["page", "empty", "list", "nothing"])
def test_what_is_no_vocabulary_changes_nothing(server: str, path: str) -> None:
    before = vocabularies.load("messenger")
    error = _run("refresh", "messenger", "--url", f"{server}/{path}")[2]
    assert isinstance(error, TransientSourceError)
    assert f"{server}/{path}" in str(error)
    assert vocabularies.load("messenger") == before
    assert not (vocabularies.folder() / "messenger.txt").exists()


def test_a_vocabulary_that_is_not_carried_is_told() -> None:
    error = _run("show", "colours")[2]
    assert isinstance(error, ConfigurationError)
    assert "uat" in str(error)


def test_a_damaged_copy_is_told(server: str) -> None:
    vocabularies.folder().mkdir(parents=True)
    (vocabularies.folder() / "timescale.txt").write_text("TAI\n")
    with pytest.raises(ConfigurationError, match="no line 'uri'"):
        vocabularies.load("timescale")
