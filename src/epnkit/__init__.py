"""From a catalogue of observations to a conformant EPN-TAP 2.0 service on GAVO DaCHS.

What the commands do is here for Python, under the names of the commands: `check_table`, `preview`,
`load`, `status`, `quarantine`, `reconcile`, `source`; and what draws footprints: `footprints` of
contours, `fields` of images, `circles`, `boxes`, `points`.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from epnkit.api import (
        check_table,
        find_service,
        load,
        preview,
        quarantine,
        reconcile,
        source,
        status,
    )
    from epnkit.regions import boxes, circles, fields, footprints, points
    from epnkit.regions.table import draw_table, read_table

__version__ = version("epnkit")

__all__ = [
    "boxes",
    "check_table",
    "circles",
    "draw_table",
    "fields",
    "find_service",
    "footprints",
    "load",
    "points",
    "preview",
    "quarantine",
    "read_table",
    "reconcile",
    "source",
    "status",
]

#: Where each name comes from; a module is imported when a name of it is first asked for.
_HOMES = {
    "boxes": "epnkit.regions:boxes",
    "check_table": "epnkit.api:check_table",
    "circles": "epnkit.regions:circles",
    "draw_table": "epnkit.regions.table:draw_table",
    "fields": "epnkit.regions:fields",
    "find_service": "epnkit.api:find_service",
    "footprints": "epnkit.regions:footprints",
    "load": "epnkit.api:load",
    "points": "epnkit.regions:points",
    "preview": "epnkit.api:preview",
    "quarantine": "epnkit.api:quarantine",
    "read_table": "epnkit.regions.table:read_table",
    "reconcile": "epnkit.api:reconcile",
    "source": "epnkit.api:source",
    "status": "epnkit.api:status",
}


def __getattr__(name: str) -> Any:
    from epnkit.modules import import_attribute

    return import_attribute(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
