"""Compile all loops ahead: `python -m epnkit.regions.compile`, as `scripts/setup` and a release do.

The machine code lies in the package then, and whoever draws a footprint waits for no compiler.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.regions._kernel_cache import (
    SHIPPED,
    digest_sources,
    find_account_cache,
    replace_directory,
)

#: The loops of contours, by every way that calls them with other types: (chain code, x, y).
_CONTOURS: tuple[tuple[Any, ...], ...] = (
    ("0000222244446666", 540, 500),
    ("00002222444466660", 900, 620),
    ("7", 400, 400),
)

_IMAGE: dict[str, Any] = {
    "NAXIS1": 512,
    "NAXIS2": 512,
    "CRPIX1": 256.5,
    "CRPIX2": 256.5,
    "CDELT1": 5.0,
    "CDELT2": 5.0,
    "CTYPE1": "HPLN-TAN",
    "CTYPE2": "HPLT-TAN",
    "CUNIT1": "arcsec",
    "CUNIT2": "arcsec",
    "CRVAL1": 0.0,
    "CRVAL2": 0.0,
    "DATE-OBS": "2014-05-06T07:08:09",
}


def draw_examples() -> None:
    """Draw something of each kind, so that each loop is compiled for the types it meets."""
    _draw_contours()
    _draw_fields()
    _draw_shapes()


def _draw_contours() -> None:
    from epnkit.regions import Images, Options, footprints
    from epnkit.regions.geometry.binary import polygon_bytes

    codes, x, y = ([part[k] for part in _CONTOURS] for k in range(3))
    images = Images(["2014-05-06T07:08:09"], 2.0, 2.0, 512.0, 512.0, 480.0)
    for options in (
        Options(),
        Options(outline="center", tolerance=0.0, moc_order=8),
        Options(observer="l1", pixel_anchor="corner", threads=2),
    ):
        found = footprints(codes, x, y, images, options)
    polygon_bytes(pl.Series(found.s_region, dtype=pl.String))
    code, xs, ys = (";".join(map(str, column)) for column in (codes, x, y))
    footprints([code], [xs], [ys], images, Options(separator=";"))


def _draw_fields() -> None:
    from epnkit.regions import fields

    small = {"CDELT1": 0.5, "CDELT2": 0.5}
    carrington = {"CTYPE1": "CRLN-CEA", "CTYPE2": "CRLT-CEA", "CUNIT1": "deg", "CUNIT2": "deg"}
    sky = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg"}
    degrees = {"CDELT1": 0.05, "CDELT2": 0.05, "CRVAL1": 120.0}
    changes: tuple[dict[str, Any], ...] = (
        {},
        small,
        {**small, "CRVAL1": 960.0},
        {"CDELT1": 20.0, "CDELT2": 40.0},
        {**carrington, **degrees},
        {**sky, **degrees, "CRVAL2": 40.0},
    )
    fields([{**_IMAGE, **change} for change in changes], moc_order=6)


def _draw_shapes() -> None:
    from epnkit.regions import boxes, circles, points

    circles([10.0, 20.0], [5.0, 80.0], [1.0, 95.0], moc_order=6)
    boxes([350.0, 0.0], [10.0, 360.0], [-10.0, 50.0], [10.0, 90.0], moc_order=6)
    points([10.0], [20.0], moc_order=6)


def compile_to(base: Path) -> Path:
    """Compile all loops into a folder that holds no other state of the sources afterwards.

    What the account has compiled for another copy of epnkit is taken, and kept for the next one.

    Parameters
    ----------
    base : Path
        Gets the directory `kernels-DIGEST`.

    Returns
    -------
    Path
        That directory.

    Raises
    ------
    subprocess.CalledProcessError
        The loops cannot be compiled; the process has said why.
    """
    directory = base / f"kernels-{digest_sources()}"
    for other in set(base.glob("kernels-*")) - {directory}:
        shutil.rmtree(other)
    known = find_account_cache() / directory.name
    if known.is_dir() and not directory.is_dir():
        replace_directory(known, directory)
    # A process of its own: numba asks where machine code is kept as it meets each loop.
    subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", f"import {__spec__.name} as c; c.draw_examples()"],
        env={**os.environ, "NUMBA_CACHE_DIR": str(base)},
        check=True,
    )
    with contextlib.suppress(OSError):  # the next copy of epnkit waits then as this one did
        replace_directory(directory, known)
    return directory


def main() -> None:
    """Compile into the package, or where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=SHIPPED, metavar="DIR", help="not the package")
    started = time.monotonic()
    directory = compile_to(parser.parse_args().to)
    size = sum(path.stat().st_size for path in directory.rglob("*.nb?")) / 2**20
    print(f"{directory}: {size:.1f} MiB of machine code, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
