"""Lucene's syntax, as far as REGARDS reads it, for a replica of its search.

What its ``QueryParser`` refuses is refused: names that no model has, ranges of texts, and ranges
that are open on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

Record = Mapping[str, Any]
Condition = Callable[[Record], bool]

#: What an attribute of a model is.
AttributeType = Literal["date", "number", "text", "boolean"]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<range>[\[{]\s*(?P<low>\S+)\s+TO\s+(?P<high>[^\s\]}]+)\s*[\]}])
    | (?P<phrase>"(?:[^"\\]|\\.)*")
    | (?P<open>\() | (?P<close>\))
    | (?P<both>AND\b|&&) | (?P<either>OR\b|\|\|) | (?P<negated>NOT\b|!)
    | (?P<field>[\w.@-]+)\s*:
    | (?P<word>[^\s()\[\]{}":!]+)
    )""",
    re.VERBOSE,
)


class QueryRefusedError(Exception):
    """REGARDS would answer 422; the text says why."""


def parse_query(text: str, attributes: Mapping[str, AttributeType]) -> Condition:
    """Read a query.

    Parameters
    ----------
    text : str
        The query; an empty one selects everything.
    attributes : mapping
        The attributes of the models, and what they are.

    Raises
    ------
    QueryRefusedError
        If REGARDS would refuse it.
    """
    return _Parser(text, attributes).parse() if text.strip() else lambda _: True


class _Parser:
    """Reads a query by recursive descent."""

    def __init__(self, text: str, attributes: Mapping[str, AttributeType]) -> None:
        self._tokens, self._attributes = _split(text), attributes

    def parse(self) -> Condition:
        condition = self._either(None)
        if self._tokens:
            raise QueryRefusedError(f"unexpected {self._tokens[0][0]}")
        return condition

    def _peek(self) -> str:
        kind = self._tokens[0].lastgroup if self._tokens else None
        return "range" if kind in ("low", "high") else kind or "end"

    def _either(self, field: str | None) -> Condition:
        parts = [self._both(field)]
        while self._peek() == "either":
            self._tokens.pop(0)
            parts.append(self._both(field))
        return parts[0] if len(parts) == 1 else lambda record: any(p(record) for p in parts)

    def _both(self, field: str | None) -> Condition:
        parts = [self._single(field)]
        while self._peek() == "both":
            self._tokens.pop(0)
            parts.append(self._single(field))
        return parts[0] if len(parts) == 1 else lambda record: all(p(record) for p in parts)

    def _single(self, field: str | None) -> Condition:
        kind = self._peek()
        if kind == "end":
            raise QueryRefusedError("the query ends early")
        token = self._tokens.pop(0)
        if kind == "negated":
            inner = self._single(field)
            return lambda record: not inner(record)
        if kind == "open":
            return self._group(field)
        if kind == "field":
            return self._single(token["field"])
        if field is None or kind not in ("range", "phrase", "word"):
            raise QueryRefusedError(f"unexpected {token[0].strip()}")
        return self._compare(field, kind, token)

    def _group(self, field: str | None) -> Condition:
        inner = self._either(field)
        if self._peek() != "close":
            raise QueryRefusedError("a bracket is not closed")
        self._tokens.pop(0)
        return inner

    def _compare(self, field: str, kind: str, token: re.Match[str]) -> Condition:
        if field not in self._attributes:
            raise QueryRefusedError(f"Unknown parameter {field}")
        attribute = self._attributes[field]
        if kind == "range":
            return _within(field, attribute, token)
        if kind == "phrase":
            text = re.sub(r"\\(.)", r"\1", token["phrase"][1:-1])
            wanted = read_value(text, attribute)
            return lambda record: (
                wanted in [read_value(v, attribute) for v in _values(record, field)]
            )
        return _matches(field, attribute, token["word"])


def _split(text: str) -> list[re.Match[str]]:
    tokens, position = [], 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise QueryRefusedError(f"cannot read {text[position : position + 20]!r}")
        tokens.append(found)
        position = found.end()
    return tokens


def _values(record: Record, field: str) -> list[Any]:
    value = record.get(field)
    return value if isinstance(value, list) else [] if value is None else [value]


def _equals(field: str, attribute: AttributeType, text: str) -> Condition:
    wanted = read_value(text, attribute)
    return lambda record: wanted in [read_value(v, attribute) for v in _values(record, field)]


def _matches(field: str, attribute: AttributeType, word: str) -> Condition:
    if attribute != "text":
        return _equals(field, attribute, word)
    pattern = re.compile(".*".join(map(re.escape, word.split("*"))))
    find = pattern.fullmatch if "*" in word else pattern.search
    return lambda record: any(find(str(value)) for value in _values(record, field))


def _within(field: str, attribute: AttributeType, token: re.Match[str]) -> Condition:
    if attribute not in ("date", "number"):
        raise QueryRefusedError(f"Unsupported attribute type for range query: {attribute}")
    low, high = (_read_end(token[end], attribute) for end in ("low", "high"))
    if low is None and high is None:
        raise QueryRefusedError(f"The range of {field} cannot be empty")
    text = token["range"].strip()
    low_closed, high_closed = text[0] == "[", text[-1] == "]"

    def holds(value: Any) -> bool:
        above = low is None or value > low or (low_closed and value == low)
        return above and (high is None or value < high or (high_closed and value == high))

    return lambda record: any(holds(read_value(v, attribute)) for v in _values(record, field))


def _read_end(text: str, attribute: AttributeType) -> Any:
    return None if text == "*" else read_value(text, attribute)


def read_value(value: Any, attribute: AttributeType) -> Any:
    """Read a value as it is compared: dates in milliseconds.

    Raises
    ------
    QueryRefusedError
        If it is not of that type.
    """
    try:
        if attribute == "date":
            time = datetime.fromisoformat(str(value))
            return time.replace(microsecond=time.microsecond // 1000 * 1000)
        if attribute == "number":
            return float(value)
    except ValueError:
        raise QueryRefusedError(f"cannot parse {value}") from None
    return str(value).lower() if attribute == "boolean" else str(value)
