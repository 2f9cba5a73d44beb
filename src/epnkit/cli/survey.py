"""``epnkit survey``: judge many EPN-TAP services side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.client.targets import EpnTable
    from epnkit.survey.judge import Judgement

#: The registry of the IVOA's members that GAVO runs.
_REGISTRY = "https://reg.g-vo.org/tap"


@click.command()
@click.option(
    "--list",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with a TAP URL a line, and after a blank the table, instead of a registry.",
)
@click.option(
    "--registry",
    default=_REGISTRY,
    show_default=True,
    metavar="URL",
    help="The TAP service of a registry (RegTAP).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("survey.html"),
    show_default=True,
    help="The page; the JSON goes next to it.",
)
@click.option(
    "--rows", type=click.IntRange(1), default=200, show_default=True, help="Rows a table."
)
@click.option(
    "--deadline",
    type=click.FloatRange(1),
    default=120.0,
    show_default=True,
    help="How long a table may take, in seconds.",
)
@click.option(
    "--pause",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Seconds between two tables of one host.",
)
def command(
    listed: Path | None, registry: str, output: Path, rows: int, deadline: float, pause: float
) -> None:
    """Judge every EPN-TAP table of a registry, or of a list, and write one page and a JSON.

    No host is asked for two tables at once, a table that does not answer in time is called silent,
    and one whose answer cannot be read broken.
    """
    from datetime import UTC, datetime

    from epnkit.survey.judge import Manners, judge_all
    from epnkit.survey.page import describe, write_json, write_page

    targets = _find_targets(listed, registry)
    done = judge_all(targets, Manners(rows, deadline, pause), _say)
    survey = describe(done, datetime.now(UTC), str(listed.name if listed else registry))
    output.write_text(write_page(survey), encoding="utf-8")
    output.with_suffix(".json").write_text(write_json(survey), encoding="utf-8")
    echo(f"wrote {output} and {output.with_suffix('.json')}")


def _find_targets(listed: Path | None, registry: str) -> list[EpnTable]:
    from epnkit.client.targets import ask_registry, read_list

    if listed is None:
        return ask_registry(registry)
    return read_list(listed.read_text(encoding="utf-8").splitlines())


def _say(judgement: Judgement) -> None:
    target = f"{judgement.target.url} {judgement.target.table}".strip()
    levels = ", ".join(f"{count} {level}" for level, count in judgement.levels.items() if count)
    said = {"judged": levels or "no rule is broken"}.get(judgement.state, judgement.why)
    echo(f"{target}: {judgement.state}: {said}")
