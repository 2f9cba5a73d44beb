"""``epnkit preview``: show the first granules of a service, with the rules that they break."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, format_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.loading.prepare.preview import Preview

#: How much of a value is shown, in characters.
_SHOWN = 72


@click.command()
@click.argument("service", type=SERVICE)
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many granules to make at most, refused records included.",
)
@format_option
@dachs_option
def command(service: str, count: int, form: str, directory: Path | None) -> None:
    """Show the first granules that a load of SERVICE would make, and load nothing.

    SERVICE is a folder with a service.py, or the name of one in resources/. Exit status 1 if a
    record is refused, a granule breaks a MUST, or service.py and q.rd contradict each other.
    """
    from epnkit.api import find_service, preview
    from epnkit.check.agreement import find_disagreements
    from epnkit.check.readers.folder import find_mangled_texts

    shown = preview(service, count, dachs=directory)
    found = find_service(service)
    mangled = find_mangled_texts(found.folder, shown.granules)
    wrong = find_disagreements(found)
    notes = [
        f"rule {each.rule}: {each.column} {each.value!r} {each.message}"
        for each in (*mangled, *wrong)
    ]
    echo(_as_json(shown) if form == "json" else "\n".join([*_as_text(shown), *notes]))
    sys.exit(1 if shown.has_violations or wrong else 0)


def _as_text(preview: Preview) -> list[str]:
    lines = []
    for number, granule in enumerate(preview.granules.to_dicts()):
        lines += [
            f"granule {number + 1}",
            *_format_granule(granule, _messages_by_column(preview, number)),
            "",
        ]
    for refusal in preview.refusals.to_dicts():
        rule = f"rule {refusal['rule']}: " if refusal["rule"] else ""
        field = f" {refusal['field']}:" if refusal["field"] else ""
        lines.append(f"refused {refusal['record_key']}:{field} {rule}{refusal['reason']}")
    counts = preview.counts
    if preview.note:
        lines.append(preview.note)
    return [
        *lines,
        f"{counts.read} records read; {len(preview.granules)} granules and {len(preview.refusals)}"
        f" refused records shown; {len(preview.findings)} breaches of rules",
    ]


def _format_granule(granule: dict[str, Any], findings: dict[str, list[str]]) -> list[str]:
    """Write the columns that have a value or break a rule, one a line."""
    names = [name for name, value in granule.items() if value is not None or name in findings]
    names += [name for name in findings if name not in granule]
    width = max((len(name) for name in names), default=0)
    lines = []
    for name in names:
        lines.append(f"  {name:<{width}}  {_shorten(granule.get(name))}".rstrip())
        lines += [f"  {'':<{width}}  ! {message}" for message in findings.get(name, ())]
    return lines


def _messages_by_column(preview: Preview, number: int) -> dict[str, list[str]]:
    """Return the messages about a granule, by column."""
    messages: dict[str, list[str]] = {}
    for found in preview.findings.to_dicts():
        if found["row"] == number:
            text = f"rule {found['rule']} ({found['level']}): {found['message']}"
            messages.setdefault(found["column"] or "(granule)", []).append(text)
    return messages


def _shorten(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _as_json(preview: Preview) -> str:
    granules = preview.granules.to_dicts()
    content = {
        "granules": [
            {"columns": granule, "findings": _messages_by_column(preview, number)}
            for number, granule in enumerate(granules)
        ],
        "refusals": preview.refusals.to_dicts(),
        "read": preview.counts.read,
        "note": preview.note,
    }
    return json.dumps(content, default=str, ensure_ascii=False, indent=1)
