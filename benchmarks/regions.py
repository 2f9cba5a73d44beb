"""Footprints: the usual way and ours, on the same synthetic regions, in one run.

Usage: python -m benchmarks.regions [--regions 10000] [--usual 300]

The usual way takes one chain code at a time: steps, SkyCoord of sunpy to Carrington, shapely to
repair, text. It is timed on as many of the same regions as asked for, those it can do.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import NamedTuple

import astropy.units as u
import numpy as np
import shapely
from astropy.coordinates import SkyCoord
from astropy.time import Time

from benchmarks import memory
from epnkit.regions import Flag, Images, Options, footprints
from epnkit.regions.contours.chaincode import decode
from epnkit.regions.synthetic import Contour, random_contour, starts_on_disc

#: Arcseconds a pixel, the Sun's centre and radius in pixels: as MDI has them.
SCALE, CENTER, RADIUS = 1.985, 512.0, 483.0


class Regions(NamedTuple):
    """Contours, their first pixels and dates."""

    codes: list[str]
    start: np.ndarray  # type: ignore[type-arg]
    dates: np.ndarray  # type: ignore[type-arg]


def make(count: int, seed: int = 1) -> Regions:
    """Make contours of about 250 codes, all dates different, 5 % of them at the limb."""
    rng = np.random.default_rng(seed)
    made: list[Contour] = []
    invalid = 0
    while len(made) < count:
        contour = random_contour(rng, int(rng.integers(70, 110)))
        bad = not shapely.is_valid(shapely.Polygon(decode(*contour)))
        # One in six is no valid ring: a spike, a neck, a pinch.
        if 170 <= len(contour.code) <= 400 and (bad or invalid >= len(made) / 6):
            made.append(contour)
            invalid += bad
    # Those not put at the limb stay 45 pixels within it, so that few others reach it.
    start = int(CENTER) + starts_on_disc(rng, count, RADIUS, 0.08)
    start += [[c.x - 45, c.y - 45] for c in made]
    seconds = np.sort(rng.choice(20 * 365 * 86400, count, replace=False)).astype("timedelta64[s]")
    dates = np.datetime_as_string(np.datetime64("1996-05-01T00:00:00") + seconds)
    return Regions([c.code for c in made], start, dates)


def usual(code: str, x: int, y: int, date: str) -> str:
    """Draw one region as is done by hand; fails off the limb."""
    points = by_hand(decode(code, x, y)[:-1] - CENTER, SCALE, date)
    return "{" + ",".join(f"({a % 360:.7f}d,{b:.7f}d)" for a, b in points) + "}"


def by_hand(pixels: np.ndarray, scale: float, date: str) -> np.ndarray:  # type: ignore[type-arg]
    """Take one outline, in pixels from the centre, to Carrington; fails off the limb."""
    from sunpy.coordinates import frames

    arcsec = pixels * scale * u.arcsec
    frame = frames.Helioprojective(observer="earth", obstime=Time(date))
    seen = SkyCoord(arcsec[:, 0], arcsec[:, 1], frame=frame)
    there = seen.transform_to(frames.HeliographicCarrington(observer="earth", obstime=Time(date)))
    lon = np.degrees(np.unwrap(there.lon.to_value(u.rad)))
    lat = there.lat.to_value(u.deg)
    if not np.isfinite(lon).all():
        raise ValueError("a pixel lies off the limb")
    shape = shapely.make_valid(shapely.Polygon(np.column_stack([lon, lat])))
    largest = max(shapely.get_parts(shape), key=shapely.area)
    if largest.geom_type != "Polygon":
        raise ValueError("no polygon is left")
    ring: np.ndarray = shapely.get_coordinates(largest.exterior)  # type: ignore[type-arg]
    return ring


def rate_of_usual(regions: Regions, count: int) -> tuple[float, int]:
    """Return regions a second of the usual way, and how many it could not do."""
    spent, done, failed = 0.0, 0, 0
    for k in range(min(count, len(regions.codes))):
        begin = time.perf_counter()
        try:
            usual(
                regions.codes[k],
                int(regions.start[k, 0]),
                int(regions.start[k, 1]),
                str(regions.dates[k]),
            )
        except ValueError:
            failed += 1
        else:
            spent, done = spent + time.perf_counter() - begin, done + 1
    return done / spent, failed


def rate_of_ours(regions: Regions, options: Options) -> float:
    """Return regions a second of ours, best of three."""
    images = Images(regions.dates, SCALE, SCALE, CENTER, CENTER, RADIUS)
    best = 0.0
    for _ in range(3):
        begin = time.perf_counter()
        footprints(regions.codes, regions.start[:, 0], regions.start[:, 1], images, options)
        best = max(best, len(regions.codes) / (time.perf_counter() - begin))
    return best


def describe(regions: Regions) -> None:
    """Say what the regions are like."""
    rings = [shapely.Polygon(decode(code, 0, 0)) for code in regions.codes]
    found = footprints(
        regions.codes,
        regions.start[:, 0],
        regions.start[:, 1],
        Images(regions.dates, SCALE, SCALE, CENTER, CENTER, RADIUS),
    )
    flags = found.flags
    print(f"regions           {len(regions.codes)}")
    print(f"codes, median     {np.median([len(code) for code in regions.codes]):.0f}")
    print(f"invalid rings     {100 * (1 - np.mean(shapely.is_valid(rings))):.0f} %")
    print(f"cut by the limb   {100 * np.mean(flags & Flag.CLIPPED > 0):.1f} %")
    print(f"off the limb      {100 * np.mean(flags & Flag.OFF_LIMB > 0):.1f} %")
    print(f"no polygon        {100 * np.mean(flags & Flag.NO_POLYGON > 0):.2f} %")
    print(f"vertices, median  {np.median(np.diff(found.starts)):.0f}")


def main() -> None:
    """Time both ways and print what they reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regions", type=int, default=10_000)
    parser.add_argument("--usual", type=int, default=300)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # astropy's remarks on its tables, in the usual way
    regions = make(asked.regions)
    describe(regions)
    by_hand, failed = rate_of_usual(regions, asked.usual)
    print(f"usual way         {by_hand:.0f} regions/s ({failed} of {asked.usual} it can't do)")
    for threads in (1, 2):
        ours = rate_of_ours(regions, Options(threads=threads))
        print(
            f"epnkit, {threads} thread{'s' * (threads > 1):<2}{ours:>9.0f} regions/s"
            f" ({ours / by_hand:.0f} times)"
        )
    print(f"peak memory       {memory.peak() // 1024} MiB")


if __name__ == "__main__":
    main()
