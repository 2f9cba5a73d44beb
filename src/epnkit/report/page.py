"""The page: facts put into the template, every text of them escaped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

import epnkit
from epnkit.loading.prepare.counts import Counts
from epnkit.report import chart, days, plots
from epnkit.report.facts import Facts, gather

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

#: How the columns whose values are counted are called.
_HEADINGS = {
    "dataproduct_type": "Product types",
    "target_name": "Targets",
    "instrument_name": "Instruments",
    "processing_level": "Processing levels",
}


def write(connection: Any, service: str, runs: int = 10) -> str:
    """Write the report of a service.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.
    runs : int
        How many of the last runs to show.

    Returns
    -------
    str
        A page of HTML that needs nothing beside itself.

    Raises
    ------
    LoadError
        Where the service was never loaded with epnkit.
    """
    facts = gather(connection, service, runs)
    return render(facts, chart.footprints(connection, service), datetime.now(UTC))


def render(facts: Facts, drawn: chart.Map | None, now: datetime) -> str:
    """Put the facts into the page.

    Parameters
    ----------
    facts : Facts
        What is said.
    drawn : Map, optional
        The footprints, where there are any.
    now : datetime.datetime
        When the facts were gathered.
    """
    environment = Environment(
        loader=PackageLoader("epnkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheets = days.years(facts.days)
    most = max((sheet.most for sheet in sheets), default=1)
    return environment.get_template("page.html").render(
        facts=facts,
        stands=facts.standing,
        map=drawn,
        now=now,
        version=epnkit.__version__,
        time_plot=plots.time_plot(facts.days),
        spectrum_plot=plots.spectrum_plot(facts.spectrum),
        years=sheets[: days.SHOWN],
        all_years=len(sheets),
        most=most,
        bounds=days.bounds(most),
        map_across=chart.LONGITUDES,
        map_up=chart.LATITUDES,
        lists=[_shares(name, facts) for name in _HEADINGS],
        gaps=[_gap(*gap) for gap in facts.gaps],
        span=_span(facts),
        spectral=_spectral(facts),
        runs=[_run(run) for run in facts.standing.runs],
    )


def _shares(name: str, facts: Facts) -> dict[str, Any]:
    """Give the values of a column with their shares of all granules, and what was left out."""
    rows = facts.standing.rows
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


def _span(facts: Facts) -> tuple[str, str] | None:
    if facts.first is None or facts.last is None:
        return None
    return f"{plots.moment(facts.first):%Y-%m-%d}", f"{plots.moment(facts.last):%Y-%m-%d}"


def _spectral(facts: Facts) -> dict[str, str] | None:
    if facts.lowest is None or facts.highest is None:
        return None
    limits = (facts.lowest, facts.highest)
    return {
        "frequency": _range(*map(plots.frequency, limits)),
        "wavelength": _range(*map(plots.wavelength, reversed(limits))),
    }


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} – {high}"


def _gap(begin: float, end: float) -> dict[str, str]:
    form = "%Y-%m-%d %H:%M"
    return {
        "from": f"{plots.moment(begin):{form}}",
        "to": f"{plots.moment(end):{form}}",
        "length": duration(timedelta(days=end - begin)),
    }


def duration(length: timedelta) -> str:
    """Write a duration in its two largest units."""
    seconds = round(length.total_seconds())
    sizes = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in sizes:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count:,} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 ")) or "under 1 s"


def _run(run: dict[str, Any]) -> dict[str, Any]:
    counts = Counts(**{name: run[name] for name in Counts.__dataclass_fields__})
    took = run["ended"] - run["started"] if run["ended"] else None
    return {
        "number": run["run"],
        "kind": run["kind"],
        "state": run["state"],
        "started": f"{run['started'].astimezone(UTC):%Y-%m-%d %H:%M}",
        "took": duration(took) if took else "",
        "told": run["reason"] or counts.summary(),
    }
