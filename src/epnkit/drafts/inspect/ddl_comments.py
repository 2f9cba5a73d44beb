"""Comments in the text of a CREATE TABLE statement, which SQLite keeps as it was written."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_QUOTED = r"\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|'(?:[^']|'')*'"

#: A text or a name in quotes, in which nothing begins a comment; or a comment.
_COMMENT = re.compile(rf"(?s){_QUOTED}|--(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/")

#: A name or a word, or a mark that separates.
_CODE = re.compile(rf"{_QUOTED}|[(),]|[^\s(),]+")

#: How deep in brackets the columns stand.
_INSIDE = 1


@dataclass(frozen=True)
class TableComments:
    """What comments in a statement say.

    Parameters
    ----------
    table : str
        Of the table; empty if nothing.
    columns : dict of str to str
        Of its columns, by their names.
    """

    table: str
    columns: dict[str, str]


@dataclass(frozen=True)
class _Comment:
    """A comment, where it begins, and whether it stands behind code on its line."""

    text: str
    start: int
    indent: int
    beside: bool


def read_ddl_comments(statement: str) -> TableComments:
    """Read the comments in a CREATE TABLE statement.

    A comment is on the column before it on its line. One on a line of its own goes on with the
    comment above if it begins below it; else it is on the column below, or on the one above if the
    first column has no comment before it or beside it, and the last one has one behind it.

    Examples
    --------
    >>> text = '''CREATE TABLE spots ( -- Groups of sunspots
    ...   l REAL, -- longitude [deg]
    ...   /* area */
    ...   A REAL)'''
    >>> read_ddl_comments(text)
    TableComments(table='Groups of sunspots', columns={'l': 'longitude [deg]', 'A': 'area'})
    """
    code = _COMMENT.sub(_blank, statement)
    names = list(_find_columns(code))
    comments = list(_find_comments(statement, code))
    owners: dict[str, list[str]] = defaultdict(list)
    for comment, owner in _assign(comments, names, code.rfind(")")):
        owners[owner].append(comment.text)
    said = {name: " ".join(texts) for name, texts in owners.items()}
    return TableComments(said.pop("", ""), said)


def _blank(found: re.Match[str]) -> str:
    """Write blanks for a comment, so that all else keeps its place."""
    is_comment = found["line"] is not None or found["block"] is not None
    return re.sub(r"[^\n]", " ", found[0]) if is_comment else found[0]


def _find_columns(code: str) -> Iterator[tuple[int, str]]:
    """Find the first word of each entry in the outer brackets, and where it stands."""
    depth, begins = 0, False
    for found in _CODE.finditer(code):
        if found[0] in "()":
            depth += 1 if found[0] == "(" else -1
            begins = depth == _INSIDE and found[0] == "("
        elif found[0] == ",":
            begins = depth == _INSIDE
        elif begins:
            yield found.start(), found[0].strip('"`[]')
            begins = False


def _find_comments(statement: str, code: str) -> Iterator[_Comment]:
    for found in _COMMENT.finditer(statement):
        said = found["line"] if found["line"] is not None else found["block"]
        text = " ".join(re.sub(r"(?m)^[\s*]+", " ", said or "").strip(" -*=#").split())
        if text:
            start = found.start()
            line = statement.rfind("\n", 0, start) + 1
            ahead, behind = code[line:start].strip(), code[start:].partition("\n")[0].strip()
            beside = bool(ahead) and not (behind and ahead[-1] in "(,")
            yield _Comment(text, start, start - line, beside)


def _assign(
    comments: list[_Comment], names: list[tuple[int, str]], closing: int
) -> Iterator[tuple[_Comment, str]]:
    """Give each comment the name of its column; an empty one if it is on the table."""
    first = names[0][0] if names else 0
    below = not _follow_columns(comments, names, closing)
    heading = _are_headings(comments, names)
    latest, owner = None, ""
    for comment in comments:
        goes_on = latest is not None and latest.beside and latest.indent == comment.indent
        if comment.start > closing or (comment.start < first and heading):
            owner = ""
        elif comment.beside or not (goes_on or below):
            owner = _last([name for start, name in names if start < comment.start])
        elif not goes_on:
            owner = next((name for start, name in names if start > comment.start), "")
        latest = comment if not goes_on else latest
        yield comment, owner


def _follow_columns(comments: list[_Comment], names: list[tuple[int, str]], closing: int) -> bool:
    """Return whether comments on lines of their own are on the columns above them."""
    if len(names) <= 1:
        return bool(names)
    first, second, last = names[0][0], names[1][0], names[-1][0]
    begins = any(each.start < first or (each.start < second and each.beside) for each in comments)
    return not begins and any(last < each.start < closing for each in comments)


def _are_headings(comments: list[_Comment], names: list[tuple[int, str]]) -> bool:
    """Return whether what stands before the first column is on the table.

    It is if other columns have their comments elsewhere: beside them, and the first one too.
    """
    if len(names) <= 1:
        return False
    later = [each for each in comments if each.start > names[0][0]]
    return bool(later) and all(each.beside for each in later)


def _last(names: Iterable[str]) -> str:
    return list(names)[-1] if names else ""
