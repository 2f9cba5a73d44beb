"""Shows a service by its first granules, as TAP returns them."""

from pathlib import Path

import pyvo


def show(url: str, name: str, directory: Path) -> None:
    """Query the number of granules, and the first ones, over TAP."""
    tap = pyvo.dal.TAPService(url)
    table = f"{name}.epn_core"
    count = tap.run_sync("SELECT COUNT(*) AS n FROM " + table)["n"][0]
    columns = "granule_uid, dataproduct_type, target_name, time_min, spectral_range_min"
    rows = tap.run_sync(f"SELECT TOP 5 {columns} FROM {table} ORDER BY granule_uid")
    print(f"\n{name}: {count} granules, the first of them:")
    print(*rows.to_table().pformat(max_width=-1), sep="\n")
