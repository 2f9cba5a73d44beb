"""Contours and other shapes on the sphere: numpy in, numpy out, no database.

`footprints` draws chain codes of solar images on the Carrington sphere::

    found = footprints(chain_codes, start_x, start_y, Images(date_obs, 2.6, 2.6, 512, 512))
    found.s_region[0]   # '{(301.1d,-12.3d),...}', as COPY takes it for pgsphere
    found.words(0)      # 'clipped simplified'

`fields` does the same for FITS headers of images and maps; `circles`, `boxes` and `points` for
what a catalogue gives as numbers.

A name is imported when it is first asked for: who wants to know where the Sun is waits for no
compiler of contours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from epnkit.modules import import_attribute

if TYPE_CHECKING:
    from epnkit.regions.contours.footprints import Footprints, Images, Options, footprints
    from epnkit.regions.flags import Fault, Flag
    from epnkit.regions.images.fields import fields
    from epnkit.regions.shapes.shapes import boxes, circles, points
    from epnkit.regions.solar.observers import SOLAR_RADIUS, Observer

__all__ = [
    "SOLAR_RADIUS",
    "Fault",
    "Flag",
    "Footprints",
    "Images",
    "Observer",
    "Options",
    "boxes",
    "circles",
    "fields",
    "footprints",
    "points",
]

#: Where each name is defined: a module, and its name there.
_HOMES = {
    "SOLAR_RADIUS": "epnkit.regions.solar.observers:SOLAR_RADIUS",
    "Fault": "epnkit.regions.flags:Fault",
    "Flag": "epnkit.regions.flags:Flag",
    "Footprints": "epnkit.regions.results:Footprints",
    "Images": "epnkit.regions.options:Images",
    "Observer": "epnkit.regions.solar.observers:Observer",
    "Options": "epnkit.regions.options:Options",
    "boxes": "epnkit.regions.shapes.shapes:boxes",
    "circles": "epnkit.regions.shapes.shapes:circles",
    "fields": "epnkit.regions.images.fields:fields",
    "footprints": "epnkit.regions.contours.footprints:footprints",
    "points": "epnkit.regions.shapes.shapes:points",
}


def __getattr__(name: str) -> Any:
    return import_attribute(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
