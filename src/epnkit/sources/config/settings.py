"""Reading a source file: each key known, of its type, and errors with the line they are in."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from epnkit.errors import ConfigurationError
from epnkit.sources.base import Order

Value = TypeVar("Value")

#: What people call the forms of a value.
_FORMS: dict[type, str] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list in [ ]",
    dict: "a table",
}


class Settings:
    """The keys of a source file, taken one by one; what is left over at the end is an error.

    Parameters
    ----------
    path : pathlib.Path
        The file they come from, for messages.
    values : dict
        The keys and their values.
    """

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        self.path = path
        self._values = dict(values)
        self._known: set[str] = set()

    def take(self, key: str, kind: type[Value], default: Value | None = None) -> Value:
        """Take a key that must be there unless a default is given.

        Raises
        ------
        ConfigurationError
            If it is missing or of another type.
        """
        self._known.add(key)
        value = self._values.pop(key, default)
        if value is None:
            raise self.missing_key_error(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
            form = _FORMS.get(kind, kind.__name__)
            raise self.invalid_key_error(key, f"{value!r} is not {form}", f"Write it as {form}")
        return value

    def take_text(self, key: str) -> str | None:
        """Take a text that may be missing."""
        return self.take(key, str) if self.has(key) else None

    def has(self, key: str) -> bool:
        """Return whether a key is there and not taken yet."""
        self._known.add(key)
        return key in self._values

    def take_path(self, key: str) -> Path | None:
        """Take the path of a file, relative to the source file, that may be missing."""
        name = self.take_text(key)
        return None if name is None else self.path.parent / name

    def take_names(self, key: str) -> tuple[str, ...]:
        """Take a list of texts, empty when it is missing."""
        values: list[object] = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.invalid_key_error(
                key, "it is no list of texts", f'Write {key} = ["one", "another"]'
            )
        return tuple(str(value) for value in values)

    def take_positive(self, key: str, default: int) -> int:
        """Take a whole number above zero."""
        value = self.take(key, int, default)
        if value < 1:
            raise self.invalid_key_error(key, f"{value} is not above zero", "Write 1 or more")
        return value

    def take_choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Take a text that is one of several."""
        value = self.take(key, str, default)
        if value not in choices:
            raise self.invalid_key_error(
                key, f"there is no {value!r}", f"Write one of {', '.join(choices)}"
            )
        return value

    def take_order(self, given: Order) -> Order:
        """Read the ``key`` of a source; what the service names has precedence."""
        named = self.take_names("key")
        return Order(given.cursor, given.key or named)

    def finish(self) -> None:
        """Refuse keys that nothing has taken.

        Raises
        ------
        ConfigurationError
            Naming the first of them.
        """
        for key in self._values:
            near = get_close_matches(key, self._known, 1)
            cure = f"Did you mean {near[0]!r}? " if near else ""
            cure += "Correct it or take it out; those known are " + ", ".join(sorted(self._known))
            raise self.invalid_key_error(key, "no such key is known", cure)

    def invalid_key_error(self, key: str, why: str, cure: str) -> ConfigurationError:
        """Return the error for a key, with its line."""
        return ConfigurationError(f"{key!r} is wrong", where=self._locate(key), why=why, cure=cure)

    def missing_key_error(self, key: str) -> ConfigurationError:
        """Return the error for a key that must be there."""
        return ConfigurationError(
            f"{key!r} is missing", where=str(self.path), cure=f"Write {key} = … into this file"
        )

    def _locate(self, key: str) -> str:
        pattern = re.compile(rf'^\s*\[*"?{re.escape(key)}\b')
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []
        numbers = (n for n, line in enumerate(lines, 1) if pattern.match(line))
        number = next(numbers, None)
        return f"{self.path}:{number}" if number else str(self.path)


@contextmanager
def open_settings(path: Path, kind: str) -> Iterator[Settings]:
    """Open the source file of a kind; keys that nothing has taken at the end are refused.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str
        What it has to say of its ``kind``.

    Raises
    ------
    ConfigurationError
        If it cannot be read, is of another kind, or holds keys that nothing knows.
    """
    settings = read_settings(path)
    settings.take_choice("kind", (kind,))
    yield settings
    settings.finish()


def read_settings(path: Path) -> Settings:
    """Read a source file, TOML or JSON by its name.

    Raises
    ------
    ConfigurationError
        If it is missing, cannot be parsed, or doesn't hold keys.
    """
    is_json = path.suffix == ".json"
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if is_json else tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(
            "the source file cannot be read",
            where=str(path),
            why=error.strerror,
            cure="Write it next to service.py, or make it readable",
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            "the source file is not well formed",
            where=str(path),
            why=str(error),
            cure=f"Correct what stands there; it must be {'JSON' if is_json else 'TOML'}",
        ) from error
    if not isinstance(values, dict):
        raise ConfigurationError(
            "the source file holds no keys",
            where=str(path),
            why=f"it is a JSON {type(values).__name__}",
            cure="Write an object: { … }",
        )
    return Settings(path, values)
