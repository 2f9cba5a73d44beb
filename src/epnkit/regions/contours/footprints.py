"""Contours of a catalogue to footprints on the Carrington sphere, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from epnkit.regions.contours.multipart import footprints_of_parts
from epnkit.regions.contours.single import footprints_of_contours
from epnkit.regions.options import Images, Options
from epnkit.regions.results import Footprints

__all__ = ["Footprints", "Images", "Options", "footprints"]


def footprints(
    chain_codes: Sequence[str | None],
    start_x: ArrayLike,
    start_y: ArrayLike,
    images: Images,
    options: Options | None = None,
) -> Footprints:
    """Draw contours on the Carrington sphere.

    Parameters
    ----------
    chain_codes : sequence of str or None, length n
        One chain code a row, or several with `Options.separator` between them.
    start_x, start_y : array_like, shape (n,)
        The first pixel of each; text where a row has several.
    images : Images
        The image of each row, or one for all.
    options : Options, optional
        How to draw.

    Returns
    -------
    Footprints
        A bad row has no region, the flag `Flag.BAD` and its error; it stops nothing.

    Raises
    ------
    RegionError
        The options make no sense. Never because of a row.
    """
    options = options or Options()
    draw = footprints_of_parts if options.separator else footprints_of_contours
    return draw(chain_codes, start_x, start_y, images, options)
