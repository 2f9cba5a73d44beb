"""``epnkit ucd``: find UCDs by words, or examine one."""

from __future__ import annotations

import sys

import click

from epnkit.cli._output import echo


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "-n", "--most", type=click.IntRange(1), default=15, show_default=True, help="How many to show."
)
def command(words: tuple[str, ...], most: int) -> None:
    """Find UCDs by WORDS, the best first; or say whether a UCD is valid.

    A word of UCD1+ leads a UCD, follows after a semicolon, or does both. What is one UCD, such as
    phys.temperature;stat.max, is examined by the rules of UCD1+.
    """
    from epnkit.epncore.ucd import find_fault
    from epnkit.epncore.ucd_search import find_ucds

    text = " ".join(words)
    if len(words) == 1 and ("." in text or ";" in text):
        fault = find_fault(text)
        echo(f"{text} {fault}" if fault else f"{text} is valid")
        if fault:
            sys.exit(1)
        return
    found = find_ucds(text, most)
    for each in found:
        echo(f"{each.ucd:<32} {each.place:<17} {each.description}".rstrip())
    if not found:
        echo(f"no UCD has these words: {text}", err=True)
        sys.exit(1)
