"""Printing: what a source gave reaches no terminal that would act upon it."""

from __future__ import annotations

from typing import Any

import click

from epnkit.quoting import printable


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text; controls and bidirectional marks in it are shown by their numbers."""
    click.echo(printable(str(text)), err=err, nl=nl)


def echo_styled(*parts: str | tuple[str, dict[str, Any]]) -> None:
    """Print a line of texts, some with the style that :func:`click.style` takes; safe as `echo`."""
    whole = [(part, {}) if isinstance(part, str) else part for part in parts]
    shown = ((printable(text), style) for text, style in whole)
    click.echo("".join(click.style(text, **style) if style else text for text, style in shown))


def cell(value: object) -> str:
    """Return a value as rich prints it as it is: safe, and without markup; None is empty."""
    from rich.markup import escape

    return "" if value is None else escape(printable(str(value)))


def print_table(table: Any) -> None:
    """Print a table of rich, whose texts are made by :func:`cell`."""
    from rich.console import Console

    Console().print(table)
