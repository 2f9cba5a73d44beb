"""Run by a Python that has sunpy-soar and nothing of epnkit: what does SOAR's client find?

Usage: with_sunpy_soar.py SERVER DIRECTORY.  The client asks SOAR's own address, so SERVER is its
proxy.  Prints, as JSON, what searches find and what is fetched into the directory.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def list_rows(found: Any) -> list[list[str]]:
    """List what a search found: names, levels and detectors."""
    names = ("Filename", "Data item ID", "Data product", "Level", "Start time", "Detector")
    return [[str(row[name]) for name in names] for row in found]


def main(server: str, directory: str) -> None:
    """Search as the client's documentation does, and fetch a file."""
    # Its address is fixed in the client, which honours proxies as every Python program does.
    os.environ.update(http_proxy=server, HTTP_PROXY=server, no_proxy="")
    import sunpy.net.attrs as a
    import sunpy_soar  # type: ignore[import-not-found]
    from sunpy.net import Fido

    # Not by Fido, which asks another archive as well whether it has the same.
    search = sunpy_soar.SOARClient().search
    day = a.Time("2022-03-05", "2022-03-05 23:59:59")
    week = a.Time("2022-03-06", "2022-03-13")
    spice = (a.Instrument("SPICE"), a.Level(2))
    everything = search(day, *spice)
    rasters = search(week, *spice, a.soar.Product("spice-n-ras"))
    fetched = Fido.fetch(everything[-1:], path=f"{directory}/{{file}}", progress=False)
    print(
        json.dumps(
            {
                "version": sunpy_soar.__version__,
                "day": list_rows(everything),
                "week": len(search(week, *spice)),
                "rasters": sorted({row[2] for row in list_rows(rasters)}),
                "sizes": [str(each) for each in everything["Filesize"]],
                "fetched": [[Path(each).name, Path(each).stat().st_size] for each in fetched],
                "errors": [str(each) for each in fetched.errors],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
