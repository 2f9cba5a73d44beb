"""``epnkit doctor``: what is not well with a DaCHS and its services, and what cures it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._options import dachs_option, format_option

if TYPE_CHECKING:
    from epnkit.dachs.instance import Place
    from epnkit.doctor.examination import Diagnosis
    from epnkit.doctor.patient import Finding, Patient

#: The checks, as ``--check`` names them.
_NAMES = (
    "postgresql",
    "dachs",
    "pgsphere",
    "toolkit",
    "versions",
    "services",
    "disk",
    "credentials",
    "drivers",
    "timers",
    "permissions",
    "egress",
    "links",
)


def _host_and_port(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[^:\s\[\]]+):\d{1,5}", value):
        raise click.BadParameter(f"{value!r} is no HOST:PORT")
    return value


@click.command()
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--check",
    "names",
    multiple=True,
    type=click.Choice(_NAMES),
    metavar="CHECK",
    help=f"Make this check alone; may be repeated. One of: {', '.join(_NAMES)}.",
)
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="How many granules of each service to follow to their files.",
)
@click.option(
    "--reach",
    default="www.ivoa.net:443",
    show_default=True,
    metavar="HOST:PORT",
    callback=_host_and_port,
    help="What to try whether the web server can reach outward.",
)
@format_option
@dachs_option
def command(
    services: tuple[str, ...],
    names: tuple[str, ...],
    sample: int,
    reach: str,
    form: str,
    directory: Path | None,
) -> None:
    """Examine DaCHS and each SERVICE: by default all that lie in its inputs.

    Exit status 1 where something is not well, 2 where something could not be looked at.
    """
    from epnkit.dachs.instance import Place
    from epnkit.doctor.examination import Diagnosis, examine
    from epnkit.doctor.patient import Patient
    from epnkit.doctor.work import read

    place = Place.find(directory)
    found, broken = read(_folders(place, services))
    patient = Patient(place, found, broken, sample, reach)
    diagnosis = Diagnosis()
    for name, diagnosis in examine(patient, names):
        if form == "text":
            click.echo("\n".join(_lines(name, diagnosis)))
    if form == "json":
        click.echo(json.dumps(_told(patient, diagnosis), indent=1, ensure_ascii=False))
    sys.exit(diagnosis.status)


def _folders(place: Place, names: tuple[str, ...]) -> Iterator[Path]:
    from epnkit.errors import ConfigurationError

    there = sorted(path.parent.name for path in place.inputs.glob("*/service.py"))
    for name in names or there:
        if name not in there:
            raise ConfigurationError(
                f"there is no service {name}",
                where=str(place.inputs),
                why=f"there are: {', '.join(there) or 'none'}",
                cure="Deploy it first: epnkit deploy.",
            )
        yield place.inputs / name


def _lines(name: str, diagnosis: Diagnosis) -> Iterator[str]:
    if name in diagnosis.failed:
        yield _state(name, "could not look", "yellow")
        yield f"    {diagnosis.failed[name]}"
        return
    found = diagnosis.findings[name]
    yield _state(name, f"{len(found)} found" if found else "well", "red" if found else "green")
    for each in found:
        yield from _finding(each)


def _state(name: str, state: str, colour: str) -> str:
    return f"{name:<12} {click.style(state, fg=colour)}"


def _finding(found: Finding) -> Iterator[str]:
    yield f"  - {found.where}: {found.what}"
    yield f"    {found.why}"
    yield f"    {click.style('cure:', bold=True)} {found.cure}"


def _told(patient: Patient, diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "dachs": str(patient.place.settings),
        "services": [service.name for service in patient.services],
        "findings": [
            {"check": name, **asdict(each)}
            for name, found in diagnosis.findings.items()
            for each in found
        ],
        "well": [name for name, found in diagnosis.findings.items() if not found],
        "could_not_look": diagnosis.failed,
    }
