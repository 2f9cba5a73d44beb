"""The files of the page: what they load, what they say, and where their libraries are from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from epnkit.errors import ConfigurationError
from epnkit.explore import libraries
from epnkit.explore.deployment import PACKAGE, list_files

PAGE = PACKAGE / "page"
INDEX = (PAGE / "index.html").read_text(encoding="utf-8")
STRINGS = (PAGE / "strings.mjs").read_text(encoding="utf-8")
OWN = sorted(PAGE.glob("*.mjs"))


def test_nothing_is_loaded_from_elsewhere() -> None:
    loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"([^\"]+)\"", INDEX)
    assert loaded
    assert [url for url in loaded if "//" in url] == []
    assert [
        url for url in loaded if not (PAGE / url).is_file() and not url.startswith("data:")
    ] == []


def test_the_policy_allows_no_inline_code() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', INDEX)
    assert policy is not None
    rules = dict(each.strip().split(" ", 1) for each in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert "unsafe" not in policy[1]
    assert not re.search(r"\son\w+=|<style|style=", INDEX)


def test_every_word_of_the_page_is_in_one_file() -> None:
    named = set(re.findall(r'data-(?:text|title)="(\w+)"', INDEX))
    used = {name for path in OWN for name in re.findall(r"strings\.(?!mjs)(\w+)", path.read_text())}
    there = set(re.findall(r"^  (\w+):", STRINGS, re.MULTILINE))
    assert (named | used) - there == set()
    assert there - named - used == set()


def test_the_code_makes_no_markup_of_values() -> None:
    for path in OWN:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()
        )


def test_every_module_is_deployed() -> None:
    assert {f"page/{path.name}" for path in OWN} <= {*list_files()}


def test_the_libraries_are_here_with_their_licences() -> None:
    assert libraries.find_missing() == []
    pinned = json.loads((PACKAGE / "package.json").read_text())["dependencies"]
    told = (libraries.DIRECTORY / "LICENSES.txt").read_text()
    for name, version in pinned.items():
        assert f"{name} {version}: " in told
    packages = json.loads((PACKAGE / "package-lock.json").read_text())["packages"]
    fetched = {name: each for name, each in packages.items() if name}
    assert all(each["integrity"].startswith("sha512-") for each in fetched.values())
    assert not any("resolved" in each for each in fetched.values())


def test_an_npm_that_fails_changes_nothing(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no network >&2; exit 1\n")
    npm.chmod(0o755)
    before = sorted(path.name for path in libraries.DIRECTORY.iterdir())
    with pytest.raises(ConfigurationError, match="npm cannot fetch") as caught:
        libraries.fetch_libraries(str(npm))
    assert "no network" in str(caught.value)
    assert sorted(path.name for path in libraries.DIRECTORY.iterdir()) == before
