"""How DaCHS connects to its database: the profiles beside its settings.

They are read here, and not by DaCHS, since that takes longer to import than most commands need for
the rest of their work, and keeps the settings of the first DaCHS that a process asks for.
"""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

#: What a profile may say (``gavo.base.config.ProfileParser``), as psycopg2 calls it.
_KEYS = frozenset(["database", "user", "password", "host", "port", "sslmode"])

_IDENTIFIER = re.compile(r"[A-Za-z]\w+")


def read_profile(name: str, settings: Path, directory: Path | None = None) -> dict[str, Any]:
    """Read how a profile of a DaCHS connects.

    Parameters
    ----------
    name : str
        The profile: ``feed`` is the administrator's.
    settings : pathlib.Path
        DaCHS's rc file.
    directory : pathlib.Path, optional
        Where the profile lies, if not where the settings say.

    Returns
    -------
    dict
        Texts: arguments of ``psycopg2.connect``.

    Raises
    ------
    ValueError
        If there is no such profile, or it or the settings cannot be read; with file and line.
    """
    try:
        found = _parse([directory] if directory else _list_directories(settings), name)
    except (OSError, configparser.Error) as error:
        raise ValueError(str(error)) from error
    given = {key: value for key, value in ({"sslmode": "allow"} | found).items() if value}
    if "database" not in found or given.keys() == {"sslmode"}:
        raise ValueError(f"the profile {name} names no database")
    return given


def _list_directories(settings: Path) -> list[Path]:
    """List where these settings look for profiles; what they leave out is as in DaCHS."""
    own = configparser.ConfigParser(interpolation=None)
    own.read(settings)
    root = Path(own.get("general", "rootDir", fallback="/var/gavo")).expanduser()
    configuration = root / own.get("general", "configDir", fallback="etc")
    path = own.get("db", "profilePath", fallback="~/.gavo:$configDir")
    places = path.replace("$configDir", str(configuration)).split(":")
    return [Path(place).expanduser() for place in places]


def _parse(directories: Sequence[Path], name: str) -> dict[str, str]:
    """Read the assignments of a profile, and of those that it includes."""
    path = _find(directories, name)
    lexer = shlex.shlex(path.read_text(), str(path), posix=True)
    lexer.whitespace = " \t\r"
    found: dict[str, str] = {}
    for words in _read_lines(lexer):
        if words[0] == "include":
            included = _find(directories, "".join(words[1:]))
            lexer.push_source(included.read_text(), str(included))
        else:
            found.update([_take_assignment(lexer, words)])
    return found


def _find(directories: Sequence[Path], name: str) -> Path:
    for directory in directories:
        if (directory / name).exists():
            return directory / name
    raise ValueError(f"there is no profile {name} in {', '.join(map(str, directories))}")


def _read_lines(lexer: shlex.shlex) -> Iterator[list[str]]:
    """Yield the words of each line that has any."""
    words: list[str] = []
    while word := lexer.get_token():
        if word != "\n":
            words.append(word)
        elif words:
            yield words
            words = []
    if words:
        raise ValueError(f"{lexer.error_leader()}the last line has no line feed, or an empty text")


def _take_assignment(lexer: shlex.shlex, words: list[str]) -> tuple[str, str]:
    key, *rest = words
    # The line feed was read already.
    where = lexer.error_leader(lineno=lexer.lineno - 1)
    if not _IDENTIFIER.fullmatch(key) or rest[:1] != ["="]:
        raise ValueError(f"{where}{' '.join(words)!r} is not of the form key=value")
    if key not in _KEYS:
        raise ValueError(f"{where}unknown setting {key!r}; there are {', '.join(sorted(_KEYS))}")
    return key, "".join(rest[1:])
