"""A table of granules without DaCHS, for tests of loading that need PostgreSQL alone."""

from __future__ import annotations

from datetime import datetime

#: Its columns, as far as loading looks at them.
COLUMNS = {
    "granule_uid": "text PRIMARY KEY",
    "granule_gid": "text NOT NULL",
    "obs_id": "text NOT NULL",
    "dataproduct_type": "text",
    "target_name": "text",
    "target_class": "text",
    "time_min": "float8",
    "time_max": "float8",
    "processing_level": "int",
    "measurement_type": "text",
    "instrument_name": "text",
    "spatial_frame_type": "text",
    "creation_date": "timestamp",
    "modification_date": "timestamp",
    "release_date": "timestamp",
    "service_title": "text",
}

#: When the first record was seen.
START = datetime(2003, 1, 1)


def create_table(schema: str) -> str:
    """Write the statement that creates it."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    return f"CREATE TABLE {schema}.epn_core ({columns})"
