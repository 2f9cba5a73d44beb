"""Contours and other shapes on the sphere: numpy in, numpy out, no database.

`footprints` draws chain codes of solar images on the Carrington sphere::

    found = footprints(chain_codes, start_x, start_y, Images(date_obs, 2.6, 2.6, 512, 512))
    found.s_region[0]   # '{(301.1d,-12.3d),...}', as COPY takes it for pgsphere
    found.words(0)      # 'clipped simplified'

`fields` does the same for FITS headers of images and maps; `circles`, `boxes` and `points` for
what a catalogue gives as numbers.
"""

from epnkit.regions.flags import Fault, Flag
from epnkit.regions.footprints import Footprints, Images, Options, footprints
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
