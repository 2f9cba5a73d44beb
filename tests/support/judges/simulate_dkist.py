"""Run by a Python that has dkist and its simulator, and nothing of epnkit: makes data sets.

Usage: simulate_dkist.py DIRECTORY; writes data sets of VISP and VBI with their FITS and ASDF files,
and prints for each, as JSON, the array's shape, its files, and where the corners of its frames lie
as the world coordinates say it.
"""

from __future__ import annotations

import itertools
import json
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import astropy.units as u  # noqa: E402
import dkist  # type: ignore[import-not-found]  # noqa: E402
import numpy as np  # noqa: E402


def find_corners(dataset: Any) -> list[list[float]]:
    """Find where the corners of all frames are, in arcseconds around the Sun's centre."""
    wcs, found = dataset.wcs, []
    places = [k for k, kind in enumerate(wcs.world_axis_physical_types) if "helioproj" in kind]
    factors = [u.Unit(wcs.world_axis_units[k]).to("arcsec") for k in places]
    for corner in itertools.product(*((-0.5, count - 0.5) for count in dataset.data.shape[::-1])):
        world = wcs.pixel_to_world_values(*corner)
        given = [float(world[k]) * factor for k, factor in zip(places, factors, strict=True)]
        found.append([value - 1296000 * round(value / 1296000) for value in given])
    return found


def describe(directory: Path, simulated: Any) -> dict[str, Any]:
    """Write a data set, open it with dkist, and describe it."""
    from dkist_inventory.asdf_generator import dataset_from_fits  # type: ignore[import-not-found]

    directory.mkdir(parents=True)
    simulated.generate_files(directory, filename_template="{ds.index:05d}.fits")
    dataset_from_fits(directory, "one.asdf", hdu=0)
    opened = dkist.load_dataset(directory / "one.asdf")
    tiles = list(np.ravel(opened._data)) if isinstance(opened, dkist.TiledDataset) else [opened]
    return {
        "shape": list(tiles[0].data.shape),
        "names": [[str(name) for name in tile.files.filenames] for tile in tiles],
        "corners": [corner for tile in tiles for corner in find_corners(tile)],
    }


def main(directory: str) -> None:
    """Make a scan of a slit, and a mosaic."""
    from dkist_data_simulator.spec214.vbi import MosaicedVBIBlueDataset  # type: ignore[import-not-found]
    from dkist_data_simulator.spec214.visp import SimpleVISPDataset  # type: ignore[import-not-found]

    scan = SimpleVISPDataset(2, 5, 4, 1, linewave=500 * u.nm, detector_shape=(16, 32))
    mosaic = MosaicedVBIBlueDataset(2, 1, linewave=400 * u.nm, detector_shape=(16, 16))
    made = {
        name: describe(Path(directory) / name, simulated)
        for name, simulated in (("visp", scan), ("vbi", mosaic))
    }
    print(json.dumps(made))


if __name__ == "__main__":
    main(sys.argv[1])
