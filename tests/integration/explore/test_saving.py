"""Pictures of rows saved as a ZIP, with what cannot be read in its list."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, expect
from tests.support.explored import ONLY, change_rows, open_search

ROWS = 12


def save_zip(page: Page, path: Path) -> tuple[dict[str, bytes], list[dict[str, str]]]:
    """Save the pictures; give the files and the list."""
    with page.expect_download(timeout=60_000) as saved:
        page.click("#zip")
    saved.value.save_as(path)
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        files = {name: opened.read(name) for name in opened.namelist()}
    return files, list(csv.DictReader(io.StringIO(files.pop("list.csv").decode())))


def test_pictures_are_saved_as_they_are(page: Page, site: str, tmp_path: Path) -> None:
    open_search(page, site, f"{ONLY}&limit={ROWS}")
    files, listed = save_zip(page, tmp_path / "pictures.zip")
    expect(page.locator("#status")).to_have_text(f"{ROWS} pictures are saved.")
    assert len(files) == len(listed) == ROWS
    assert {each["file"] for each in listed} == {*files}
    assert {each["problem"] for each in listed} == {""}
    for each in listed:
        assert files[each["file"]] == requests.get(each["address"], timeout=60).content
        assert each["file"] == f"hfc1ar/{each['granule_uid']}.png"


def test_those_of_the_selected_rows_alone(page: Page, site: str, tmp_path: Path) -> None:
    open_search(page, site, f"{ONLY}&limit={ROWS}")
    row = page.locator(".tabulator-row").nth(3)
    uid = row.locator("[tabulator-field=granule_uid]").inner_text()
    row.click()
    _, listed = save_zip(page, tmp_path / "one.zip")
    assert [each["granule_uid"] for each in listed] == [uid]


def test_what_cannot_be_read_is_in_the_list(page: Page, site: str, tmp_path: Path) -> None:
    bad = {
        0: ("thumbnail_url", "http://elsewhere.example/x.png"),
        1: ("thumbnail_url", f"{site}/static/missing.png"),
        2: ("thumbnail_url", f"{site}/"),
        3: ("granule_uid", "../../=evil"),
        4: ("thumbnail_url", "javascript:document.title=1"),
    }

    def poison(rows: list[dict[str, Any]]) -> None:
        for index, (name, value) in bad.items():
            rows[index][name] = value

    change_rows(page, poison)
    open_search(page, site, f"{ONLY}&limit={ROWS}")
    files, listed = save_zip(page, tmp_path / "pictures.zip")
    expect(page.locator("#status")).to_contain_text("list.csv in the ZIP has the others")
    problems = {each["address"]: each["problem"] for each in listed if each["problem"]}
    assert problems.pop("http://elsewhere.example/x.png") == "it is at another server"
    assert problems.pop(f"{site}/static/missing.png") == "HTTP 404"
    assert problems.pop(f"{site}/").startswith("not a picture: text/html")
    assert problems == {}
    assert len(files) == ROWS - 4
    assert all(name.startswith("hfc1ar/") and ".." not in name for name in files)


def test_addresses_that_are_not_safe_make_no_zip(page: Page, site: str) -> None:
    def poison(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["thumbnail_url"] = "javascript:document.title=1"

    change_rows(page, poison)
    open_search(page, site, f"{ONLY}&limit=3")
    saved: list[object] = []
    page.on("download", lambda each: saved.append(each))
    page.click("#zip")
    expect(page.locator("#status")).to_have_text("None of these rows has a picture.")
    expect(page.locator("#zip")).to_have_attribute("title", re.compile("at most 500$"))
    assert saved == []
