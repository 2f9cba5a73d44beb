"""CSV tables, whatever wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest

from epnkit.tables import CsvError, detect_format, read_frame, read_rows

HEAD = "granule_uid,target_name,note"

ROW = 'a1,Mars,"café, ""q"""'

VALUES = ["a1", "Mars", 'café, "q"']


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_any_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "table.csv"
    mark = "\ufeff" if encoding.endswith("e") else ""
    path.write_bytes(f"{mark}{HEAD}\n{ROW}\n".encode(encoding))
    assert list(read_rows(path)) == [(1, HEAD.split(",")), (2, VALUES)]
    assert read_frame(path).rows(named=True) == [dict(zip(HEAD.split(","), VALUES, strict=True))]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f'"a, b"{separator}c{separator}d\n1{separator}2{separator}\n')
    assert detect_format(path).separator == separator
    assert [row for _, row in read_rows(path)] == [["a, b", "c", "d"], ["1", "2", ""]]
    assert read_frame(path).rows() == [("1", "2", None)]


def test_comments_and_blank_lines_before_the_header_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"# one; two; three; four\r\n\r\n# more\r\n{HEAD}\r\n\r\n#7,Io,\r\n")
    rows = list(read_rows(path))
    assert rows == [(4, HEAD.split(",")), (6, ["#7", "Io", ""])]
    assert read_frame(path)["granule_uid"].to_list()[-1] == "#7"


def test_values_may_hold_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f'{HEAD}\na,b,"two\nlines"\nc,d,e\n')
    assert [line for line, _ in read_rows(path)] == [1, 3, 4]
    assert read_frame(path)["note"].to_list() == ["two\nlines", "e"]


def test_a_quote_that_is_not_closed_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f'{HEAD}\na,b,"open\n')
    with pytest.raises(CsvError) as caught:
        list(read_rows(path))
    assert caught.value.line == 2


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    for content in ("", "# nothing\n"):
        path.write_text(content)
        assert list(read_rows(path)) == []


def test_tables_of_others_are_read_alike(samples: Path) -> None:
    faults = samples.parent / "faults"
    names = ("nobom", "bom", "comment", "semicolon", "upper", "quotednl")
    tables = {name: [row for _, row in read_rows(faults / f"{name}.csv")] for name in names}
    for name in names[:4]:
        assert tables[name] == tables["nobom"]
    assert [column.lower() for column in tables["upper"][0]] == tables["nobom"][0]
    assert tables["quotednl"][1][-1] == 'two\nlines, "q"'
