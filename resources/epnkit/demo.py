"""Shows a service by its first granules, as TAP gives them."""

from pathlib import Path

import pyvo


def show(url: str, name: str, directory: Path) -> None:
    """Ask the TAP service how many granules there are, and for the first ones."""
    tap = pyvo.dal.TAPService(url)
    count = tap.run_sync(f"SELECT COUNT(*) AS n FROM {name}.epn_core")["n"][0]  # noqa: S608 - ours
    rows = tap.run_sync(
        "SELECT TOP 5 granule_uid, dataproduct_type, target_name, time_min, spectral_range_min"
        f" FROM {name}.epn_core ORDER BY granule_uid"  # noqa: S608 - ours
    )
    print(f"\n{name}: {count} granules, the first of them:")
    print(rows.to_table())
