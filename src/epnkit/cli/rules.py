"""``epnkit rules``: list the rules of EPN-TAP 2.0, and which of them can be decided."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from epnkit.cli._options import format_option
from epnkit.cli._output import echo


@click.command()
@click.argument("numbers", nargs=-1, type=int)
@click.option("--undecided", is_flag=True, help="Only those that cannot be decided.")
@format_option
def command(numbers: tuple[int, ...], undecided: bool, form: str) -> None:
    """List the rules (or those of the given NUMBERS): level, section, text, and who decides."""
    from epnkit.epncore.rulebook import RULES
    from epnkit.errors import ConfigurationError

    unknown = sorted(set(numbers) - set(RULES))
    if unknown:
        raise ConfigurationError(
            f"there is no rule {unknown[0]}", cure=f"The rules are numbered from 1 to {max(RULES)}."
        )
    chosen = [rule for rule in RULES.values() if not numbers or rule.number in numbers]
    chosen = [rule for rule in chosen if not (undecided and rule.judged_by)]
    if form == "json":
        echo(json.dumps([asdict(rule) for rule in chosen], indent=2))
        return
    for rule in chosen:
        by = ", ".join(rule.judged_by)
        how = f"decided by: {by}" if by else f"not decided: {rule.reason}"
        refuses = "; a load refuses the row" if rule.refuses else ""
        echo(f"{rule.number:>3}  {rule.level:<6}  {rule.section:<12}  {rule.text}")
        echo(f"{'':27}{how}{refuses}")
