r"""Files that belong to another one: its data, its picture, what it was made of.

A source file names them by where they lie, with what the record tells put in::

    parts = '(?P<hour>\d{7}\.\d{2})$'
    [companions]
    data = "{folder}/{stem}.cdf"
    summary = "ql_{folder.1}/{folder.2}/{Parents|stem}.pdf"
    telemetry = "{folder.1}/k/K{hour}"
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping
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
    told = {**record, **_path_fields(PurePosixPath(record["path"])), **_group_fields(named)}
    found: dict[str, Any] = {}
    for name, pattern in patterns.items():
        path = _fill_pattern(pattern, told)
        if path is not None and (root / path).is_file():
            found |= {f"{name}.path": path, f"{name}.size": (root / path).stat().st_size}
            found |= {} if address is None else {f"{name}.url": address + quote(path)}
    return found


def _path_fields(path: PurePosixPath) -> dict[str, str]:
    parts = {f"folder.{number}": part for number, part in enumerate(path.parts[:-1], 1)}
    return {"folder": str(path.parent), "stem": path.stem, **parts}


def _group_fields(found: re.Match[str] | None) -> dict[str, str | None]:
    return found.groupdict() if found is not None else {}


def _fill_pattern(pattern: str, told: Mapping[str, Any]) -> str | None:
    """Put in what the record tells; None where it does not, or where that leads elsewhere."""
    places = list(_PLACEHOLDER.finditer(pattern))
    if any(not isinstance(_first_value(told.get(place["field"])), str | int) for place in places):
        return None
    path = os.path.normpath(_PLACEHOLDER.sub(lambda place: _fill_placeholder(place, told), pattern))
    outside = path.startswith(("/", "..")) or "\0" in path
    return None if outside else path


def _fill_placeholder(place: re.Match[str], told: Mapping[str, Any]) -> str:
    value = str(_first_value(told[place["field"]])).strip()
    return PurePosixPath(value).stem if place["stem"] else value


def _first_value(value: Any) -> Any:
    """Take a pointer for the file that it leads to: PDS3 puts a place within it behind its name."""
    return value[0] if isinstance(value, list) and value else value
