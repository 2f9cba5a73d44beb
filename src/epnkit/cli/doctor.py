"""``epnkit doctor``: find what is wrong with a DaCHS and its services, and how to fix it."""

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
from epnkit.cli._output import echo, echo_styled

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.doctor.checks import CheckContext, Finding
    from epnkit.doctor.examination import Diagnosis

#: The checks, as ``--check`` names them.
_NAMES = (
    "postgresql",
    "dachs",
    "pgsphere",
    "toolkit",
    "versions",
    "services",
    "state",
    "disk",
    "credentials",
    "drivers",
    "timers",
    "permissions",
    "egress",
    "links",
    "streams",
)


def _host_and_port(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[^:\s\[\]]+):\d{1,5}", value):
        raise click.BadParameter(f"{value!r} is not HOST:PORT")
    return value


@click.command()
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--check",
    "names",
    multiple=True,
    type=click.Choice(_NAMES),
    metavar="CHECK",
    help=f"Run only this check; may be repeated. One of: {', '.join(_NAMES)}.",
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
    help="An address outside, to test whether the web server can reach it.",
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
    """Examine DaCHS and each SERVICE: by default all in its inputs.

    Exit status 1 if something is wrong, 2 if something could not be checked.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.doctor.checks import CheckContext
    from epnkit.doctor.examination import Diagnosis, examine
    from epnkit.doctor.imports import read_services

    instance = DachsInstance.find(directory)
    services_found, broken = read_services(_find_folders(instance, services))
    context = CheckContext(instance, services_found, broken, sample, reach)
    diagnosis = Diagnosis()
    for name, diagnosis in examine(context, names):
        if form == "text":
            _show_check(name, diagnosis)
    if form == "json":
        echo(json.dumps(_as_dict(context, diagnosis), indent=1, ensure_ascii=False))
    sys.exit(diagnosis.status)


def _find_folders(instance: DachsInstance, names: tuple[str, ...]) -> Iterator[Path]:
    from epnkit.errors import ConfigurationError

    deployed = sorted(path.parent.name for path in instance.inputs.glob("*/service.py"))
    for name in names or deployed:
        if name not in deployed:
            raise ConfigurationError(
                f"there is no service {name}",
                where=str(instance.inputs),
                why=f"there are: {', '.join(deployed) or 'none'}",
                cure="Deploy it first: epnkit deploy.",
            )
        yield instance.inputs / name


def _show_check(name: str, diagnosis: Diagnosis) -> None:
    if name in diagnosis.failed:
        _show_state(name, "could not look", "yellow")
        echo(f"    {diagnosis.failed[name]}")
        return
    found = diagnosis.findings[name]
    _show_state(name, f"{len(found)} found" if found else "well", "red" if found else "green")
    for each in found:
        _show_finding(each)


def _show_state(name: str, state: str, colour: str) -> None:
    echo_styled(f"{name:<12} ", (state, {"fg": colour}))


def _show_finding(found: Finding) -> None:
    echo(f"  - {found.where}: {found.what}")
    echo(f"    {found.why}")
    echo_styled("    ", ("cure:", {"bold": True}), f" {found.cure}")


def _as_dict(context: CheckContext, diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "dachs": str(context.instance.settings),
        "services": [service.name for service in context.services],
        "findings": [
            {"check": name, **asdict(each)}
            for name, found in diagnosis.findings.items()
            for each in found
        ],
        "well": [name for name, found in diagnosis.findings.items() if not found],
        "could_not_look": diagnosis.failed,
    }
