"""HAPI's metadata of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from epnkit.streaming.feeds import Feed, Parameter
from epnkit.streaming.hapi.requests import TIME, bound_dates
from epnkit.streaming.hapi.status import HapiError, status_object
from epnkit.streaming.index import Extent
from epnkit.streaming.times import SECOND, time_length, write_duration, write_time

#: How many records a sample has, as far as the cadence is known.
_SAMPLE_RECORDS = 100


def make_info(
    feed: Feed,
    parameters: Sequence[Parameter],
    *,
    resolve: bool = True,
    code: int = 1200,
    links: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:
    """Make the header of a data set.

    Parameters
    ----------
    feed : Feed
        The data set.
    parameters : sequence of Parameter
        The parameters that are described.
    resolve : bool
        Whether bins are written where they are needed, or once as definitions.
    code : int
        HAPI's status.
    links : sequence of dict
        More metadata: names and addresses.

    Raises
    ------
    HapiError
        1406 if it has no granule.
    """
    extent, about = feed.measure(), feed.about
    if extent is None:
        raise HapiError(1406, "it has no granule")
    first, last = bound_dates(extent, about.digits)
    info = {
        **status_object(code),
        "startDate": write_time(first, about.digits),
        "stopDate": write_time(last, about.digits),
        "timeStampLocation": about.stamp,
        **({"cadence": write_duration(about.cadence)} if about.cadence else {}),
        **_sample(feed, extent),
        "maxRequestDuration": write_duration(about.longest),
        "description": about.description,
        "unitsSchema": "astropy3",
        **({"resourceURL": about.resource} if about.resource else {}),
        **_modification(extent.version),
        **({"additionalMetadata": list(links)} if links else {}),
        "parameters": [_time_parameter(about.digits), *(_describe(each) for each in parameters)],
    }
    return info if resolve else _refer(info)


def _modification(version: str) -> dict[str, str]:
    """Write the newest date of modification, if there is one."""
    return (
        {"modificationDate": f"{version[:19]}Z".replace(" ", "T")} if version[:4].isdigit() else {}
    )


def _sample(feed: Feed, extent: Extent) -> dict[str, str]:
    """Choose a span at the beginning with some records, of an hour at least."""
    about = feed.about
    records = about.cadence.total_seconds() * _SAMPLE_RECORDS if about.cadence else 0
    span = max(records, 3600) * SECOND
    first, last = bound_dates(extent, about.digits)
    stop = min(last, first + int(span))
    return {
        "sampleStartDate": write_time(first, about.digits),
        "sampleStopDate": write_time(stop, about.digits),
    }


def _time_parameter(digits: int) -> dict[str, Any]:
    return {
        "name": TIME,
        "type": "isotime",
        "units": "UTC",
        "fill": None,
        "length": time_length(digits),
        "description": "Time of the record; a leap second has none of its own",
    }


def _describe(parameter: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": parameter.name,
        "type": parameter.type,
        "units": parameter.unit,
        "fill": parameter.fill,
        "description": parameter.description,
        "label": parameter.label,
    }
    if parameter.length:
        made["length"] = parameter.length
    if parameter.size:
        made["size"] = [parameter.size]
    if parameter.is_uri:
        made["stringType"] = "uri"
    if parameter.frame:
        made["coordinateSystemName"] = parameter.frame
        made["vectorComponents"] = parameter.component
    if parameter.bins:
        bins = parameter.bins
        centers = bins.centers if isinstance(bins.centers, str) else list(bins.centers)
        made["bins"] = [
            {"name": bins.name, "label": bins.label, "units": bins.unit, "centers": centers}
        ]
    return made


def _refer(info: dict[str, Any]) -> dict[str, Any]:
    """Write each object of bins once, and references to it (HAPI 3.3.1, section 3.6.14)."""
    definitions: dict[str, Any] = {}
    for parameter in info["parameters"]:
        for number, bins in enumerate(parameter.get("bins", [])):
            definitions.setdefault(bins["name"], bins)
            parameter["bins"][number] = {"$ref": f"#/definitions/{bins['name']}"}
    parameters = info.pop("parameters")
    named = {"definitions": definitions} if definitions else {}
    return {**info, **named, "parameters": parameters}
