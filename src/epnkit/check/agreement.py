"""Whether a service's folder agrees with itself, and what in it is still to be decided."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from epnkit.check.readers.folder import declaration_from_rd, find_table, mixin_parameters, parse_rd
from epnkit.epncore.findings import RuleFinding
from epnkit.errors import CheckError
from epnkit.service import Service

#: What stands in a draft where a person has to say something.
UNKNOWN = "Not known yet"

#: A mark of a draft, and the column or confidence after it.
_DECIDE = re.compile(r"^\s*#\s*DECIDE\b\s*(.*)$", re.MULTILINE)

#: The feeds that add no column to a table.
_OWN_FEEDS = "epnkit/q#"


def find_disagreements(service: Service) -> list[RuleFinding]:
    """Find where a service.py and the RD next to it contradict each other.

    Parameters
    ----------
    service : Service
        The service, with its folder.

    Returns
    -------
    list of RuleFinding
        The frame, if the mixin has another one (rule 68); each column that the mapping makes and
        the RD lacks (rule 4). Nothing if the RD cannot be read, which ``dachs val`` says better.
    """
    try:
        rd = parse_rd(service.folder / "q.rd")
        element = find_table(rd, service.folder)
    except CheckError:
        return []
    return [*_find_other_frame(service, element), *_find_lacking(service, element)]


def _find_other_frame(service: Service, element: etree._Element) -> Iterator[RuleFinding]:
    declared = mixin_parameters(element).get("spatial_frame_type", "")
    if declared and declared != service.frame:
        yield RuleFinding(
            68,
            "spatial_frame_type",
            service.frame,
            f"is the frame in service.py, and {declared} in q.rd: give both the same",
        )


def _find_lacking(service: Service, element: etree._Element) -> Iterator[RuleFinding]:
    feeds = [str(feed.get("source", "")) for feed in element.iterfind("FEED")]
    if not mixin_parameters(element) or any(not f.startswith(_OWN_FEEDS) for f in feeds):
        return  # another feed may declare columns
    declared = {field.name for field in declaration_from_rd(element, "").fields}
    for name in service.mapping.names:
        if name not in declared:
            yield RuleFinding(
                4,
                name,
                "",
                "is made by service.py, and q.rd lacks it: add it to optional_columns, or declare"
                " a column",
            )


def find_placeholders(folder: Path) -> list[str]:
    """List what a draft left to a person, and is as it was.

    Parameters
    ----------
    folder : pathlib.Path
        The service's folder.

    Returns
    -------
    list of str
        A line each, with the file and the line's number.
    """
    return [*_find_marks(folder / "service.py"), *_find_unknown(folder / "q.rd")]


def _find_marks(path: Path) -> Iterator[str]:
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        for found in _DECIDE.finditer(text):
            line = text.count("\n", 0, found.start(1)) + 1
            yield f"{path.name}:{line}: DECIDE {found[1]}"


def _find_unknown(path: Path) -> Iterator[str]:
    if path.is_file():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if UNKNOWN in line:
                yield f"{path.name}:{number}: {UNKNOWN}"
