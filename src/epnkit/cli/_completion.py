"""What the Tab key offers for a service: the folders in ``resources/`` that hold one."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from epnkit.cli._services import RESOURCES


class ServiceName(click.ParamType[str]):
    """A service: its folder, or the name of one in ``resources/``."""

    name = "service"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """List the services whose names begin so; with a slash, directories are meant."""
        if "/" in incomplete:
            return [CompletionItem(incomplete, type="dir")]
        found = sorted(path.parent.name for path in RESOURCES.glob("*/service.py"))
        return [CompletionItem(name) for name in found if name.startswith(incomplete)]


#: For the argument of a verb that takes a service.
SERVICE = ServiceName()
