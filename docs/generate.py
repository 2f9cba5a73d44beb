"""The pages of the reference that are made from packaged data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from epnkit.epncore import columns
from epnkit.epncore.rulebook import RULES, Rule


def generate(directory: Path) -> None:
    """Write the pages that changed."""
    pages = {"columns.md": _columns(), "rules.md": _rules()}
    for name, lines in pages.items():
        text, path = "\n".join(lines) + "\n", directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _columns() -> Iterator[str]:
    yield from (
        "# The columns of EPNcore", "",
        "As epnkit holds them, from EPN-TAP 2.0. Units and UCDs of the coordinates depend on"
        " `spatial_frame_type`, and those of particle spectra on their kind.", "",
    )  # fmt: skip
    sections = dict.fromkeys(column.section for column in columns.COLUMNS.values())
    for section in sections:
        yield from (f"## {section.replace('_', ' ').capitalize()}", "")
        chosen = [c for c in columns.COLUMNS.values() if c.section == section]
        yield from _table(
            ("column", "what it holds", "type", "unit", "UCD"),
            ((f"`{c.name}`", c.description, c.epn_type, _by_frame(c, c.unit),
              _by_frame(c, c.ucd)) for c in chosen),
        )  # fmt: skip


def _by_frame(column: columns.Column, value: str) -> str:
    return f"by {column.by_kind}" if column.by_kind else value


def _rules() -> Iterator[str]:
    yield from (
        "# The rules", "",
        "By these numbers `epnkit check`, `epnkit preview` and the quarantine speak of rules.", "",
    )  # fmt: skip
    yield from _table(
        ("rule", "level", "section", "what it asks", "judged by"),
        ((str(r.number), r.level, r.section, r.text, _judges(r)) for r in RULES.values()),
    )


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
