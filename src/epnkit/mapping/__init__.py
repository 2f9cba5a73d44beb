"""From a record to a granule: a mapping is declared column by column.

A ``service.py`` takes all that it declares a mapping with from here::

    from epnkit.mapping import Mapping, compute, julian_date

A name is imported with its module when it is first asked for, so that a service waits only for the
libraries that it needs (geometry is not imported for a service without contours).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from epnkit.modules import import_attribute

if TYPE_CHECKING:
    from epnkit.mapping.catalogue_positions import box_region, disc_position
    from epnkit.mapping.datasets import Dataset, dataset_columns, read_datasets
    from epnkit.mapping.date_parts import julian_date_of_parts
    from epnkit.mapping.declare import Mapping, Product, compute
    from epnkit.mapping.durations import duration_seconds
    from epnkit.mapping.file_arrays import file_array, file_list
    from epnkit.mapping.file_names import file_identifier
    from epnkit.mapping.folding import Fold
    from epnkit.mapping.footprints import chain_code_footprint
    from epnkit.mapping.identifiers import compact_time, identifier, last_part, safe, without_ending
    from epnkit.mapping.image_fields import WORLD_COORDINATES, header_field, image_field
    from epnkit.mapping.media_types import access, media_type
    from epnkit.mapping.named_times import named_interval, observed_interval
    from epnkit.mapping.numbers import round_to_single_precision
    from epnkit.mapping.outcome import Outcome
    from epnkit.mapping.outlines import OUTLINE, middle, sky_outline
    from epnkit.mapping.sexagesimal_angles import sexagesimal
    from epnkit.mapping.sky_offsets import offsets_from_sun
    from epnkit.mapping.solar_views import (
        FIELD,
        POINTING,
        disc_view,
        field_of_view,
        heliocentric_angles,
        pointing,
        whole_disc,
    )
    from epnkit.mapping.solarnet_keywords import named_observation, solarnet
    from epnkit.mapping.spectra import dynamic_spectrum
    from epnkit.mapping.spectral import hertz, hertz_band, hertz_limits, hertz_of_lists
    from epnkit.mapping.texts import clean, hash_list
    from epnkit.mapping.tfcat import contour as tfcat_contour
    from epnkit.mapping.times import (
        julian_date,
        julian_date_after,
        julian_date_in_scale,
        julian_date_not_before,
        julian_date_of_date_and_time,
        julian_date_of_pair,
        utc_time,
    )
    from epnkit.mapping.translations import translate
    from epnkit.mapping.written_outlines import written_outline

__all__ = [
    "FIELD",
    "OUTLINE",
    "POINTING",
    "WORLD_COORDINATES",
    "Dataset",
    "Fold",
    "Mapping",
    "Outcome",
    "Product",
    "access",
    "box_region",
    "chain_code_footprint",
    "clean",
    "compact_time",
    "compute",
    "dataset_columns",
    "disc_position",
    "disc_view",
    "duration_seconds",
    "dynamic_spectrum",
    "field_of_view",
    "file_array",
    "file_identifier",
    "file_list",
    "hash_list",
    "header_field",
    "heliocentric_angles",
    "hertz",
    "hertz_band",
    "hertz_limits",
    "hertz_of_lists",
    "identifier",
    "image_field",
    "julian_date",
    "julian_date_after",
    "julian_date_in_scale",
    "julian_date_not_before",
    "julian_date_of_date_and_time",
    "julian_date_of_pair",
    "julian_date_of_parts",
    "last_part",
    "media_type",
    "middle",
    "named_interval",
    "named_observation",
    "observed_interval",
    "offsets_from_sun",
    "pointing",
    "read_datasets",
    "round_to_single_precision",
    "safe",
    "sexagesimal",
    "sky_outline",
    "solarnet",
    "tfcat_contour",
    "translate",
    "utc_time",
    "whole_disc",
    "without_ending",
    "written_outline",
]

#: Where each name is defined: a module, and its name there.
_HOMES = {
    "translate": "epnkit.mapping.translations:translate",
    "file_array": "epnkit.mapping.file_arrays:file_array",
    "duration_seconds": "epnkit.mapping.durations:duration_seconds",
    "file_list": "epnkit.mapping.file_arrays:file_list",
    "offsets_from_sun": "epnkit.mapping.sky_offsets:offsets_from_sun",
    "OUTLINE": "epnkit.mapping.outlines:OUTLINE",
    "middle": "epnkit.mapping.outlines:middle",
    "sky_outline": "epnkit.mapping.outlines:sky_outline",
    "sexagesimal": "epnkit.mapping.sexagesimal_angles:sexagesimal",
    "utc_time": "epnkit.mapping.times:utc_time",
    "box_region": "epnkit.mapping.catalogue_positions:box_region",
    "disc_position": "epnkit.mapping.catalogue_positions:disc_position",
    "julian_date_of_parts": "epnkit.mapping.date_parts:julian_date_of_parts",
    "Dataset": "epnkit.mapping.datasets:Dataset",
    "dataset_columns": "epnkit.mapping.datasets:dataset_columns",
    "read_datasets": "epnkit.mapping.datasets:read_datasets",
    "Fold": "epnkit.mapping.folding:Fold",
    "Mapping": "epnkit.mapping.declare:Mapping",
    "Product": "epnkit.mapping.declare:Product",
    "compute": "epnkit.mapping.declare:compute",
    "file_identifier": "epnkit.mapping.file_names:file_identifier",
    "chain_code_footprint": "epnkit.mapping.footprints:chain_code_footprint",
    "identifier": "epnkit.mapping.identifiers:identifier",
    "last_part": "epnkit.mapping.identifiers:last_part",
    "safe": "epnkit.mapping.identifiers:safe",
    "compact_time": "epnkit.mapping.identifiers:compact_time",
    "without_ending": "epnkit.mapping.identifiers:without_ending",
    "WORLD_COORDINATES": "epnkit.mapping.image_fields:WORLD_COORDINATES",
    "header_field": "epnkit.mapping.image_fields:header_field",
    "image_field": "epnkit.mapping.image_fields:image_field",
    "access": "epnkit.mapping.media_types:access",
    "media_type": "epnkit.mapping.media_types:media_type",
    "named_interval": "epnkit.mapping.named_times:named_interval",
    "observed_interval": "epnkit.mapping.named_times:observed_interval",
    "round_to_single_precision": "epnkit.mapping.numbers:round_to_single_precision",
    "Outcome": "epnkit.mapping.outcome:Outcome",
    "FIELD": "epnkit.mapping.solar_views:FIELD",
    "POINTING": "epnkit.mapping.solar_views:POINTING",
    "pointing": "epnkit.mapping.solar_views:pointing",
    "disc_view": "epnkit.mapping.solar_views:disc_view",
    "field_of_view": "epnkit.mapping.solar_views:field_of_view",
    "heliocentric_angles": "epnkit.mapping.solar_views:heliocentric_angles",
    "whole_disc": "epnkit.mapping.solar_views:whole_disc",
    "written_outline": "epnkit.mapping.written_outlines:written_outline",
    "named_observation": "epnkit.mapping.solarnet_keywords:named_observation",
    "solarnet": "epnkit.mapping.solarnet_keywords:solarnet",
    "dynamic_spectrum": "epnkit.mapping.spectra:dynamic_spectrum",
    "hertz": "epnkit.mapping.spectral:hertz",
    "hertz_band": "epnkit.mapping.spectral:hertz_band",
    "hertz_limits": "epnkit.mapping.spectral:hertz_limits",
    "hertz_of_lists": "epnkit.mapping.spectral:hertz_of_lists",
    "clean": "epnkit.mapping.texts:clean",
    "hash_list": "epnkit.mapping.texts:hash_list",
    "tfcat_contour": "epnkit.mapping.tfcat:contour",
    "julian_date": "epnkit.mapping.times:julian_date",
    "julian_date_after": "epnkit.mapping.times:julian_date_after",
    "julian_date_in_scale": "epnkit.mapping.times:julian_date_in_scale",
    "julian_date_not_before": "epnkit.mapping.times:julian_date_not_before",
    "julian_date_of_date_and_time": "epnkit.mapping.times:julian_date_of_date_and_time",
    "julian_date_of_pair": "epnkit.mapping.times:julian_date_of_pair",
    # As they were called before 0.2: services that are deployed import them.
    "contour": "epnkit.mapping.footprints:contour",
    "identified": "epnkit.mapping.file_names:identified",
    "joined": "epnkit.mapping.identifiers:joined",
    "of": "epnkit.mapping.declare:of",
    "stamp": "epnkit.mapping.identifiers:stamp",
    "without_single_noise": "epnkit.mapping.numbers:without_single_noise",
}


def __getattr__(name: str) -> Any:
    return import_attribute(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
