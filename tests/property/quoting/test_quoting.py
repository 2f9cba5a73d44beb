"""Random text, written in each language and read back by that language's own parser."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sqlite3
import subprocess
import sys
import tokenize
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt
from tests.support.dachs_modules import import_dachs

from epnkit import quoting
from epnkit.errors import ConfigurationError

macros = import_dachs("gavo.base.macros")

#: What begins something in one of the languages.
PIECES = (
    "\\",
    "\\metaString{x}",
    "\\+",
    "{",
    "}",
    '"""',
    "'''",
    '"',
    "'",
    "''",
    "]]>",
    "<!--",
    "-->",
    "<script>",
    "&amp;",
    "&#10;",
    "%(x)s",
    "%",
    "%%",
    "%n",
    "${HOME}",
    "$$",
    "$x",
    "`",
    "``",
    "$(id)",
    "\n",
    "\r",
    "\t",
    "\x00",
    "\x1b[2J",
    "\x85",
    "\u2028",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\ufffe",
    "\ud800",
    "|",
    "#",
    "#{",
    "[a](javascript:x)",
    "![",
    "*",
    "_",
    "~~",
    ";",
    "--",
    "/*",
    "|",
    "&&",
    "\xe9",
    "\U0001d518",
    " ",
    "  ",
    '"""+__import__("os").system("touch /tmp/owned")+"""',
    "{{",
    "\\N{BULLET}",
    "\\%",
    "\\\\%",
    "1. ",
    "\U000e0041",
)
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=8).map("".join)
NO_SURROGATES = HOSTILE.map(lambda text: text.encode("utf-8", "replace").decode())
MANY = settings(max_examples=500)


def parse_unit(line: str) -> list[str]:
    """Split a setting into words as systemd.syntax(7) and systemd.unit(5) say."""
    words: list[bytes] = []
    word: bytes | None = None
    at, quote = 0, ""
    while at < len(line):
        char = line[at]
        if char == "\\" and line[at + 1] == "x":
            word, at = (word or b"") + bytes([int(line[at + 2 : at + 4], 16)]), at + 4
            continue
        if char == "\\":
            assert line[at + 1] in "\\\"'", line
            word, at = (word or b"") + line[at + 1].encode(), at + 2
            continue
        if char in "%$":
            assert line[at + 1] == char, line
            word, at = (word or b"") + char.encode(), at + 2
            continue
        if char == quote or (not quote and char in "\"'"):
            quote, word = "" if quote else char, word or b""
        elif char == " " and not quote:
            words, word = [*words, word] if word is not None else words, None
        else:
            assert char.isprintable() or ord(char) > 0x9F, line
            word = (word or b"") + char.encode()
        at += 1
    assert not quote
    return [
        each.decode()
        for each in ([*words, word] if word is not None else words)
        if each is not None
    ]


def parse_cron(line: str) -> str:
    """Return the command of a crontab's entry, as cron's do_command() takes it apart."""
    out: list[str] = []
    escaped = False
    for char in line:
        assert char != "\n"
        if escaped and char == "%":
            out[-1] = char
        elif char == "%" and not escaped:
            break
        else:
            out.append(char)
        escaped = char == "\\" and not escaped
    return "".join(out)


@MANY
@given(HOSTILE)
def test_python(text: str) -> None:
    written = quoting.python_text(text)
    assert written.isprintable()
    assert ast.literal_eval(written) == text
    value = {text: [text, (text,), {"a": None, "b": 1.5}]}
    assert ast.literal_eval(quoting.python_value(value)) == value
    assert ast.literal_eval(f'"""{quoting.python_docstring(text)}: more."""') == f"{text}: more."


@MANY
@given(HOSTILE)
def test_comments_of_python_and_toml(text: str) -> None:
    source = f"# {quoting.comment(text)}\nx = 1\n"
    kinds = [each.type for each in tokenize.generate_tokens(io.StringIO(source).readline)]
    assert kinds[:3] == [tokenize.COMMENT, tokenize.NL, tokenize.NAME]
    assert [type(each) for each in ast.parse(source).body] == [ast.Assign]
    assert tomllib.loads(source) == {"x": 1}


@MANY
@given(HOSTILE)
def test_toml(text: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):
        with pytest.raises(ConfigurationError, match="TOML"):
            quoting.toml_text(text)
        return
    assert tomllib.loads(f"a = {quoting.toml_text(text)} # c\nb = 1") == {"a": text, "b": 1}


@MANY
@given(HOSTILE)
def test_xml(text: str) -> None:
    written = quoting.xml_text(text)
    read = etree.fromstring(f'<a b="{written}">{written}</a>'.encode())
    wanted = quoting.XML_FORBIDDEN_IN_PYTHON.sub("\ufffd", text)
    assert (read.get("b"), read.text or "", len(read)) == (wanted, wanted, 0)


@MANY
@given(HOSTILE)
def test_macros_of_dachs(text: str) -> None:
    read = etree.fromstring(f"<a>{quoting.rd_text(text)}</a>".encode()).text or ""
    package = macros.MacroPackage()
    assert package.expand(read) == quoting.XML_FORBIDDEN_IN_PYTHON.sub("\ufffd", text)


@MANY
@given(NO_SURROGATES)
def test_sql(text: str) -> None:
    if "\0" in text:
        for write in (quoting.sql_text, quoting.sql_name):
            with pytest.raises(ConfigurationError, match="SQL"):
                write(text)
        return
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        query = f"SELECT {quoting.sql_text(text)} AS {quoting.sql_name(text)}"
        cursor = database.execute(query)
        assert cursor.fetchall() == [(text,)]
        assert cursor.description[0][0] == text


@MANY
@given(HOSTILE)
def test_markdown(text: str) -> None:
    shown = quoting.comment(text)
    cells_ = f"x {quoting.markdown_text(text)} | {quoting.markdown_code(text)}"
    table = f"| a | b |\n|---|---|\n| {cells_} |\n"
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    cells = [each for each in tokens if each.type == "inline"][2:]
    assert len(cells) == 2
    assert {each.type for each in cells[0].children or ()} <= {"text", "text_special"}
    assert "".join(e.content for e in cells[0].children or ()).strip() == f"x {shown}".strip()
    if shown:
        assert [each.type for each in cells[1].children or ()] == ["code_inline"]
        assert [each.content.strip() for each in cells[1].children or ()] == [shown]
    heading = MarkdownIt("commonmark").parse(f"# x: {quoting.markdown_text(text)}\n")
    assert [each.type for each in heading] == ["heading_open", "inline", "heading_close"]
    assert {each.type for each in heading[1].children or ()} <= {"text", "text_special"}


@MANY
@given(st.lists(HOSTILE, max_size=3))
def test_systemd(texts: list[str]) -> None:
    if any("\0" in text or "\ud800" in text for text in texts):
        with pytest.raises(ConfigurationError, match="systemd"):
            quoting.systemd_command(texts)
        return
    assert parse_unit(quoting.systemd_command(texts)) == texts


@MANY
@given(HOSTILE)
def test_lines_of_systemd(text: str) -> None:
    try:
        written = quoting.systemd_line(text)
    except ConfigurationError:
        return
    assert written.isprintable()
    assert written.replace("%%", "%") == text


@settings(max_examples=60)
@given(st.lists(NO_SURROGATES.filter(lambda text: "\0" not in text), min_size=1, max_size=20))
def test_shell_and_cron(texts: list[str]) -> None:
    show = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))"]
    command = quoting.shell_command([*show, *texts])
    assert run_shell(command) == texts
    kept = [text for text in texts if text.isprintable()]
    command = quoting.cron_command(quoting.shell_command([*show, *kept]))
    assert run_shell(parse_cron(command)) == kept


def run_shell(command: str) -> list[str]:
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


@MANY
@given(HOSTILE)
def test_terminals(text: str) -> None:
    shown = quoting.printable(text)
    assert not any(c in shown for c in "\x1b\x07\x08\r\x9b\u202e\u2066\u200f")
    assert shown.encode() is not None
    assert quoting.printable(shown) == shown
    as_json = quoting.printable(json.dumps([text], ensure_ascii=False))
    assert json.loads(as_json) == [text]


@pytest.mark.parametrize("name", ["NULL", "order", "Select", "group", "values", "index", "user"])
def test_a_reserved_word_as_a_table(name: str) -> None:
    assert quoting.sql_name(name) == f'"{name}"'
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE {quoting.sql_name(name)} (id INTEGER)")
        assert database.execute(f"SELECT * FROM {quoting.sql_name(name)}").fetchall() == []
