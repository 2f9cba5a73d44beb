"""Whether records are about what was seen in data, and are no data themselves."""

from __future__ import annotations

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.inspect.words import split_words

#: Words of names of fields, and further ones of names and comments of tables.
_FIELDS = frozenset(
    ["feature", "features", "chain", "contour", "burst", "detection", "detections", "cc"]
)
_TABLES = _FIELDS | {
    *("filament", "filaments", "sunspot", "sunspots", "spots", "prominences", "flashes", "craters"),
    *("bursts", "holes", "regions", "boulders", "crossings"),
}


def is_of_features(sample: Sample) -> bool:
    """Return whether the fields or the table are named for what is found in images or spectra."""
    words = {word for field in sample for word in (*field.words, *field.context)}
    return bool(words & _FIELDS or {*split_words(sample.declared.about)} & _TABLES)
