"""Run by a Python that has sunpy-regards and nothing of epnkit: what does MEDOC's client read?

Usage: with_sunpy_regards.py SERVER USER PASSWORD TENANT DIRECTORY; prints, as JSON, the values that
its attributes have, what searches find, and the files that it fetches.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def main(server: str, user: str, password: str, tenant: str, directory: str) -> None:
    """Search and fetch as the client's documentation does."""
    given = {"BASE_URL": server, "USERNAME": user, "PASSWORD": password, "TENANT": tenant}
    os.environ.update({f"REGARDS_{name}": value for name, value in given.items()})
    import sunpy.net.attrs as a
    import sunpy_regards.adapters.sunpy.attrs as r  # type: ignore[import-not-found]
    from sunpy_regards.adapters.sunpy.client import REGARDSClient  # type: ignore[import-not-found]

    client = REGARDSClient()
    known: dict[type, list[tuple[str, str]]] = client.register_values()
    time = a.Time("2023-03-17", "2023-03-17 00:02:30")
    found = client.search(
        time, r.Observatory("SDO"), a.Instrument("AIA"), r.Dataset("GAIA-DEM data")
    )
    other = client.search(time, a.Instrument("HMI"))
    client.fetch(found, path=f"{directory}/{{file}}", downloader=None)
    print(
        json.dumps(
            {
                "values": {kind.__name__: [each[0] for each in known[kind]] for kind in known},
                "found": [_show(row) for row in found._regards_full_table],
                "others": len(other),
                "files": {each.name: each.read_text() for each in Path(directory).iterdir()},
            }
        )
    )


def _show(row: Any) -> list[str]:
    names = ("Start time", "Dataset", "Product URN", "Filename")
    return [str(row[name]) for name in names]


if __name__ == "__main__":
    main(*sys.argv[1:])
