"""``epnkit source``: check whether a service's source answers, and whether its fields changed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, format_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.sources.drift import Drift


@click.command()
@click.argument("service", type=SERVICE)
@format_option
@dachs_option
def command(service: str, form: str, directory: Path | None) -> None:
    """Ask the source of SERVICE how many records it has and which fields, and compare the fields.

    SERVICE is a folder with a service.py, or the name of one in resources/. Exit status 1 if the
    source does not answer, or lacks a field that the service uses.
    """
    from epnkit import api
    from epnkit.sources.drift import compare_fields

    source = api.source(service, dachs=directory)
    fields, count = source.schema(), source.count()
    compared = compare_fields(api.find_service(service).fields, fields)
    show = _as_json if form == "json" else _as_text
    echo(show(source.label, count, fields, compared))
    sys.exit(1 if compared.missing else 0)


def _as_text(label: str, count: int, fields: dict[str, str], compared: Drift) -> str:
    width = max(map(len, [*fields, *compared.missing]), default=0)
    wide = max(map(len, fields.values()), default=0)
    lines = [f"{label} answers: {count} records, {len(fields)} fields", ""]
    for name, kind in fields.items():
        mark = "used" if name in compared.used else ""
        lines.append(f"  {name:<{width}}  {kind:<{wide}}  {mark}".rstrip())
    for name, similar in compared.missing.items():
        hint = f"; is it {similar} now?" if similar else ""
        lines.append(f"! {name:<{width}}  used by the service, not given by the source{hint}")
    return "\n".join(lines)


def _as_json(label: str, count: int, fields: dict[str, str], compared: Drift) -> str:
    content = {
        "source": label,
        "count": count,
        "fields": fields,
        "used": compared.used,
        "missing": compared.missing,
        "unused": compared.unused,
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
