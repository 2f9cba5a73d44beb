"""``epnkit preview``: the first granules of a service, with what is wrong beside the values."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, format_option
from epnkit.cli._services import credentials, find_service

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

    SERVICE is a folder with a service.py, or the name of one in resources/. Exit status 1 where a
    record is refused or a granule breaks a MUST.
    """
    from epnkit.loading.prepare.preview import preview
    from epnkit.sources import open_source

    found = find_service(service)
    with credentials(directory):
        made = preview(found, open_source(found.source_file, found.order), count)
    click.echo(_as_json(made) if form == "json" else "\n".join(_lines(made)))
    sys.exit(1 if made.broken else 0)


def _lines(made: Preview) -> list[str]:
    lines = []
    for number, granule in enumerate(made.granules.to_dicts()):
        lines += [f"granule {number + 1}", *_granule(granule, _findings(made, number)), ""]
    for refusal in made.refusals.to_dicts():
        rule = f"rule {refusal['rule']}: " if refusal["rule"] else ""
        field = f" {refusal['field']}:" if refusal["field"] else ""
        lines.append(f"refused {refusal['record_key']}:{field} {rule}{refusal['reason']}")
    told = made.counts
    return [
        *lines,
        f"{told.read} records read; {len(made.granules)} granules and {len(made.refusals)} refused"
        f" records shown; {len(made.findings)} breaches of rules",
    ]


def _granule(granule: dict[str, Any], findings: dict[str, list[str]]) -> list[str]:
    """Write the columns that have a value or break a rule, one a line."""
    names = [name for name, value in granule.items() if value is not None or name in findings]
    names += [name for name in findings if name not in granule]
    width = max((len(name) for name in names), default=0)
    lines = []
    for name in names:
        lines.append(f"  {name:<{width}}  {_short(granule.get(name))}".rstrip())
        lines += [f"  {'':<{width}}  ! {message}" for message in findings.get(name, ())]
    return lines


def _findings(made: Preview, number: int) -> dict[str, list[str]]:
    """Give the messages about a granule, by column."""
    messages: dict[str, list[str]] = {}
    for found in made.findings.to_dicts():
        if found["row"] == number:
            text = f"rule {found['rule']} ({found['level']}): {found['message']}"
            messages.setdefault(found["column"] or "(granule)", []).append(text)
    return messages


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _as_json(made: Preview) -> str:
    granules = made.granules.to_dicts()
    told = {
        "granules": [
            {"columns": granule, "findings": _findings(made, number)}
            for number, granule in enumerate(granules)
        ],
        "refusals": made.refusals.to_dicts(),
        "read": made.counts.read,
    }
    return json.dumps(told, default=str, ensure_ascii=False, indent=1)
