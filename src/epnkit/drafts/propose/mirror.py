"""A mirror of a table that is EPNcore's already: each column stays what it is."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, column
from epnkit.drafts.propose.places.limits import Frame
from epnkit.drafts.propose.proposal import Proposal
from epnkit.epncore.columns import COLUMNS, EpnType
from epnkit.mapping.times import utc_time

#: The columns by which a table is known as one of EPNcore.
_SIGNS = ("granule_uid", "granule_gid", "obs_id", "dataproduct_type", "time_min", "target_name")

#: What the service that loads a table says itself, whatever the source says.
_OWN = {"service_title", "spatial_frame_type", "datalink_url", "publisher"}

#: How sure a column of the same name in a table of EPNcore is.
_SURE = 0.97

#: The types of a service's own columns, by those that the source gives.
_TYPES: tuple[tuple[type[pl.DataType], EpnType], ...] = (
    (pl.String, "text"),
    (pl.Datetime, "timestamp"),
    (pl.Int64, "integer"),
    (pl.Int32, "integer"),
    (pl.Int16, "integer"),
    (pl.Float64, "double"),
    (pl.Float32, "double"),
)


def is_mirror(sample: Sample) -> bool:
    """Return whether the records are granules of EPNcore already."""
    return all(name in sample.fields for name in _SIGNS)


def propose_mirror(sample: Sample) -> Iterator[Proposal]:
    """Propose each column of EPNcore as the one of its name."""
    for field in sample:
        if field.name in COLUMNS and field.name not in _OWN:
            made = _take(field)
            yield Proposal((field.name,), made, (field.name,), _SURE, "EPNcore's own column")


def _take(field: Field) -> CodeValue:
    """Declare a column as it is; dates that are texts are read."""
    is_date = COLUMNS[field.name].epn_type == "timestamp"
    return call(utc_time, field.name) if is_date else column(field.name)


def list_own_columns(sample: Sample) -> dict[str, EpnType]:
    """Return the columns that the table has beyond EPNcore's, with their types."""
    own: dict[str, EpnType] = {}
    for name, field in sample.fields.items():
        kind = next((kind for dtype, kind in _TYPES if field.values.dtype == dtype), None)
        if kind is not None and name not in COLUMNS and name.isidentifier() and name.islower():
            own[name] = kind
    return own


def find_frame(sample: Sample) -> Frame:
    """Return the frame that the granules say; that of no coordinates if they differ."""
    field = sample.fields.get("spatial_frame_type")
    values = set() if field is None else set(field.texts)
    known: dict[str, Frame] = {"body": "body", "celestial": "celestial"}
    return known.get(values.pop(), "none") if len(values) == 1 else "none"
