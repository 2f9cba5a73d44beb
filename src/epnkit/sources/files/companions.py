r"""Files that belong to another one: its data, its picture, what it was made of.

A source file names them by where they lie, with what the record tells put in::

    parts = '(?P<hour>\d{7}\.\d{2})$'
    [companions]
    data = "{folder}/{stem}.cdf"
    summary = "ql_{folder.1}/{folder.2}/{Parents|stem}.pdf"
    telemetry = "{folder.1}/k/K{hour}"
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

#: What is put in: a field of the record, and whether its value's last ending is cut off.
_PLACEHOLDER = re.compile(r"\{(?P<field>[^{}|]+)(?P<stem>\|stem)?\}")


def find_companions(
    patterns: Mapping[str, str],
    record: Mapping[str, Any],
    root: Path,
    address: str | None,
    parts: re.Pattern[str] | None = None,
) -> dict[str, Any]:
    """Look for the companions of a file.

    Parameters
    ----------
    patterns : dict of str to str
        Where each lies, below the directory. Beside the record's own fields there are ``folder``
        and ``stem`` of its file, and the parts of the folder as ``folder.1`` and so on.
    record : dict
        What the file's record tells, its ``path`` among it.
    root : pathlib.Path
        The directory.
    address : str, optional
        Where the directory is served.
    parts : re.Pattern, optional
        What is found in the file's name; its named groups can be put in too.

    Returns
    -------
    dict
        For each that is there ``NAME.path``, ``NAME.size`` (bytes), and ``NAME.url`` if it is
        served.
    """
    if not patterns:
        return {}
    named = parts.search(record["file_name"]) if parts is not None else None
    told = {**record, **_path_fields(record["path"]), **_group_fields(named)}
    found: dict[str, Any] = {}
    base = f"{root}/"
    for name, pattern in patterns.items():
        path = fill_pattern(pattern, told)
        size = None if path is None else _size_of(base + path)
        if path is not None and size is not None:
            found |= {f"{name}.path": path, f"{name}.size": size}
            found |= {} if address is None else {f"{name}.url": address + quote(path)}
    return found


def _size_of(path: str) -> int | None:
    """Return the length of a file, or None if there is none."""
    try:
        state = os.stat(path)  # noqa: PTH116 - a Path costs more than the question
    except (OSError, ValueError):
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def _path_fields(path: str) -> dict[str, str]:
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] if "." in name[1:] else name
    parts = {f"folder.{number}": part for number, part in enumerate(folder.split("/"), 1) if part}
    return {"folder": folder or ".", "stem": stem, **parts}


def _group_fields(found: re.Match[str] | None) -> dict[str, str | None]:
    return found.groupdict() if found is not None else {}


@lru_cache
def _split_pattern(pattern: str) -> tuple[tuple[str, str, bool], ...]:
    """Split a pattern into texts, each with the field after it, and whether its ending is cut."""
    pieces, last = [], 0
    for place in _PLACEHOLDER.finditer(pattern):
        pieces.append((pattern[last : place.start()], place["field"], bool(place["stem"])))
        last = place.end()
    return (*pieces, (pattern[last:], "", False))


def fill_pattern(pattern: str, told: Mapping[str, Any]) -> str | None:
    """Fill the placeholders of a pattern.

    Parameters
    ----------
    pattern : str
        A path with names of fields in braces.
    told : mapping
        What the record tells.

    Returns
    -------
    str, optional
        The path; None if a field has no value, or if the path leads out of the directory.

    Examples
    --------
    >>> fill_pattern("{bucket}/{key|stem}.pdf", {"bucket": "data", "key": "a.asdf"})
    'data/a.pdf'
    """
    filled = []
    for text, field, is_stem in _split_pattern(pattern):
        filled.append(text)
        if field:
            value = _first_value(told.get(field))
            if not isinstance(value, str | int):
                return None
            given = str(value).strip()
            filled.append(PurePosixPath(given).stem if is_stem else given)
    path = os.path.normpath("".join(filled))
    outside = path.startswith(("/", "..")) or "\0" in path
    return None if outside else path


def _first_value(value: Any) -> Any:
    """Take a pointer for the file that it leads to: PDS3 puts a place within it behind its name."""
    return value[0] if isinstance(value, list) and value else value
