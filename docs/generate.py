"""The pages of the reference that are made from packaged data."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from epnkit.epncore import columns
from epnkit.epncore.rulebook import RULES, Rule

#: The RD that services share.
RD = Path(__file__).parent.parent / "resources" / "epnkit" / "q.rd"

#: What whoever feeds a stream says, and what that is in the examples.
_MACRO = re.compile(r"\\(\w+)")
_GIVEN = {"name": "tower"}


def generate(directory: Path) -> None:
    """Write the pages that changed."""
    pages = {"columns.md": _columns(), "rules.md": _rules(), "rd.md": _shared()}
    for name, lines in pages.items():
        text, path = "\n".join(lines) + "\n", directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _columns() -> Iterator[str]:
    yield from (
        "# The columns of EPNcore",
        "",
        "As epnkit holds them, from EPN-TAP 2.0. Units and UCDs of the coordinates depend on"
        " `spatial_frame_type`, and those of particle spectra on their kind.",
        "",
    )
    sections = dict.fromkeys(column.section for column in columns.COLUMNS.values())
    for section in sections:
        yield from (f"## {section.replace('_', ' ').capitalize()}", "")
        chosen = [c for c in columns.COLUMNS.values() if c.section == section]
        yield from _table(
            ("column", "what it holds", "type", "unit", "UCD"),
            (
                (
                    f"`{c.name}`",
                    c.description,
                    c.epn_type,
                    _by_frame(c, c.unit),
                    _by_frame(c, c.ucd),
                )
                for c in chosen
            ),
        )


def _by_frame(column: columns.Column, value: str) -> str:
    return f"by {column.by_kind}" if column.by_kind else value


def _rules() -> Iterator[str]:
    yield from (
        "# The rules",
        "",
        "By these numbers `epnkit check`, `epnkit preview` and the quarantine speak of rules.",
        "",
    )
    yield from _table(
        ("rule", "level", "section", "what it asks", "judged by"),
        ((str(r.number), r.level, r.section, r.text, _judges(r)) for r in RULES.values()),
    )


def _shared() -> Iterator[str]:
    """Describe what the RD that services share offers to any RD."""
    shared = [each for each in etree.parse(RD).getroot() if each.get("id")]
    yield from (
        "# What RDs may take in",
        "",
        "The RD `epnkit/q` (the folder `resources/epnkit`) holds what services share. Any RD may"
        " take it, also one that has nothing else of epnkit; what it takes for an import needs"
        " epnkit where DaCHS imports, and nothing needs it where DaCHS serves.",
        "",
    )
    for tag, title in (("STREAM", "Streams"), ("procDef", "Procedures")):
        yield from (f"## {title}", "")
        for each in shared:
            if each.tag == tag:
                yield from _piece(each)


def _piece(each: Any) -> Iterator[str]:
    name, doc = f"epnkit/q#{each.get('id')}", each.findtext("doc") or ""
    said, _, code = doc.partition("::")
    example = inspect.cleandoc(code) if code.strip() else _use(each, name)
    text = " ".join(said.split()).replace("``", "`").rstrip(".") + (":" if code.strip() else ".")
    yield from (f"### `{name}`", "", text, "", "```xml", example, "```", "")
    parameters = [
        (f"`{par.get('key')}`", par.get("description"), _default(par)) for par in each.iter("par")
    ]
    if parameters:
        yield from _table(("parameter", "what it is", "by default"), parameters)


def _default(parameter: Any) -> str:
    return f"`{parameter.text.strip()}`" if parameter.text else "must be given"


def _use(each: Any, name: str) -> str:
    """Write how an RD takes a piece in: with the attributes or parameters that it asks for."""
    if each.tag == "STREAM":
        asked = dict.fromkeys(_MACRO.findall(etree.tostring(each, encoding="unicode")))
        given = "".join(f' {macro}="{_GIVEN.get(macro, "...")}"' for macro in asked)
        return f'<FEED source="{name}"{given}/>'
    element = each.get("type")
    binds = [f'  <bind key="{par.get("key")}">...</bind>' for par in each.iter("par")]
    if not binds:
        return f'<{element} procDef="{name}"/>'
    return "\n".join([f'<{element} procDef="{name}">', *binds, f"</{element}>"])


def _judges(rule: Rule) -> str:
    """Say what is looked at to judge a rule, or why it cannot be judged."""
    judged = ", ".join(rule.judged_by) or f"not judged: {rule.reason}"
    return f"{judged}; a load refuses such a row" if rule.refuses else judged


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"
    yield ""


def _cell(value: str) -> str:
    """Keep a value in its cell."""
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")
