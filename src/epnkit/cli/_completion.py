"""Shell completion of a service: the folders in ``resources/`` that hold one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from epnkit.api import RESOURCES

if TYPE_CHECKING:
    _ParamType = click.ParamType[str]
else:  # click 8.1, of Debian 12, does not name the type of its values
    _ParamType = click.ParamType


class ServiceName(_ParamType):
    """A service: its folder, or the name of one in ``resources/``."""

    name = "service"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """List the services whose names begin so; with a slash, complete directories."""
        if "/" in incomplete:
            return [CompletionItem(incomplete, type="dir")]
        found = sorted(path.parent.name for path in RESOURCES.glob("*/service.py"))
        return [CompletionItem(name) for name in found if name.startswith(incomplete)]


#: The type of a command's argument that is a service.
SERVICE = ServiceName()
