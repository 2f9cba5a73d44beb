"""The page of a report: the template filled with the facts, escaping every text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import epnkit
from epnkit.loading.prepare.counts import Counts
from epnkit.modules import requires_extra
from epnkit.report import calendar, chart, plots
from epnkit.report.facts import Facts, gather

with requires_extra("plots"):
    from jinja2 import Environment, PackageLoader, StrictUndefined


#: What the codes of dataproduct_type stand for (EPN-TAP 2.0, section 2.1.4).
PRODUCTS = {
    "im": "image",
    "ma": "map",
    "sp": "spectrum",
    "ds": "dynamic spectrum",
    "sc": "spectral cube",
    "pr": "profile",
    "pf": "photometric function",
    "vo": "volume",
    "mo": "movie",
    "cu": "cube",
    "ts": "time series",
    "ca": "catalogue",
    "ci": "catalogue item",
    "sv": "spatial vector",
    "ev": "event",
}

#: The headings of the columns whose values are counted.
_HEADINGS = {
    "dataproduct_type": "Product types",
    "target_name": "Targets",
    "instrument_name": "Instruments",
    "processing_level": "Processing levels",
}


def write_page(
    connection: Any, service: str, runs: int = 10, *, explore: str = "", index: str = ""
) -> str:
    """Write the report of a service.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.
    runs : int
        How many of the last runs to show.
    explore, index : str
        The addresses of the page to explore granules with, and of the page about all services;
        empty if there is none.

    Returns
    -------
    str
        An HTML page that needs no other file.

    Raises
    ------
    LoadError
        If the service was never loaded with epnkit.
    """
    facts = gather(connection, service, runs)
    drawn = chart.draw_footprints(connection, service)
    points = chart.draw_points(connection, service)
    links = Links(explore_service(explore, service), index)
    return render(facts, drawn, datetime.now(UTC), points, links)


@dataclass(frozen=True)
class Links:
    """Where a page leads.

    Parameters
    ----------
    explore, index : str
        The page to explore the service's granules with, and the page about all services.
    """

    explore: str = ""
    index: str = ""


_NO_LINKS = Links()


def explore_service(page: str, service: str) -> str:
    """Return the address at which the page to explore shows one service; empty if there is none."""
    return f"{page}#{urlencode({'services': service})}" if page else ""


def render(
    facts: Facts,
    drawn: chart.FootprintMap | None,
    now: datetime,
    points: chart.PointMap | None = None,
    links: Links = _NO_LINKS,
) -> str:
    """Fill the template with the facts.

    Parameters
    ----------
    facts : Facts
        The content.
    drawn : FootprintMap, optional
        The footprints, if there are any.
    now : datetime.datetime
        When the facts were gathered.
    points : PointMap, optional
        The positions of granules without a footprint, if there are any.
    links : Links, optional
        Where the page leads.
    """
    sheets = calendar.draw_years(facts.days)
    most = max((sheet.most for sheet in sheets), default=1)
    return (
        make_environment()
        .get_template("page.html")
        .render(
            links=links,
            points=points,
            facts=facts,
            status=facts.status,
            map=drawn,
            now=now,
            version=epnkit.__version__,
            time_plot=plots.plot_times(facts.days),
            spectrum_plot=plots.plot_spectrum(facts.spectrum),
            years=sheets[: calendar.SHOWN],
            all_years=len(sheets),
            most=most,
            bounds=calendar.shade_bounds(most),
            map_across=chart.LONGITUDES,
            map_up=chart.LATITUDES,
            lists=[_shares(name, facts) for name in _HEADINGS],
            gaps=[_format_gap(*gap) for gap in facts.gaps],
            span=describe_span(facts.first, facts.last),
            spectral=_spectral(facts),
            runs=[_describe_run(run) for run in facts.status.runs],
        )
    )


def make_environment() -> Environment:
    """Make what fills templates: every text is escaped, and an unknown name is an error."""
    return Environment(
        loader=PackageLoader("epnkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shares(name: str, facts: Facts) -> dict[str, Any]:
    """Return the values of a column with their shares of all granules, and the rest."""
    rows = facts.status.rows
    listed = [
        {
            "value": value,
            "count": count,
            "percent": 100 * count / max(rows, 1),
            "meaning": PRODUCTS.get(value or "", "") if name == "dataproduct_type" else "",
        }
        for value, count in facts.values[name]
    ]
    rest = rows - sum(count for _, count in facts.values[name])
    return {"heading": _HEADINGS[name], "listed": listed, "rest": rest}


def describe_span(first: float | None, last: float | None) -> tuple[str, str] | None:
    """Write the first and the last day of two Julian dates; None if one is missing."""
    if first is None or last is None:
        return None
    return (f"{plots.from_julian_date(first):%Y-%m-%d}", f"{plots.from_julian_date(last):%Y-%m-%d}")


def _spectral(facts: Facts) -> dict[str, str] | None:
    if facts.lowest is None or facts.highest is None:
        return None
    limits = (facts.lowest, facts.highest)
    return {
        "frequency": _format_range(*map(plots.format_frequency, limits)),
        "wavelength": _format_range(*map(plots.format_wavelength, reversed(limits))),
    }


def _format_range(low: str, high: str) -> str:
    return low if low == high else f"{low} – {high}"


def _format_gap(begin: float, end: float) -> dict[str, str]:
    form = "%Y-%m-%d %H:%M"
    return {
        "from": f"{plots.from_julian_date(begin):{form}}",
        "to": f"{plots.from_julian_date(end):{form}}",
        "length": format_duration(timedelta(days=end - begin)),
    }


def format_duration(length: timedelta) -> str:
    """Write a duration in its two largest units."""
    seconds = round(length.total_seconds())
    sizes = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in sizes:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count:,} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 ")) or "under 1 s"


def _describe_run(run: dict[str, Any]) -> dict[str, Any]:
    counts = Counts(**{name: run[name] for name in Counts.__dataclass_fields__})
    took = run["ended"] - run["started"] if run["ended"] else None
    return {
        "number": run["run"],
        "kind": run["kind"],
        "state": run["state"],
        "started": f"{run['started'].astimezone(UTC):%Y-%m-%d %H:%M}",
        "took": format_duration(took) if took else "",
        "outcome": run["reason"] or counts.summary(),
    }
