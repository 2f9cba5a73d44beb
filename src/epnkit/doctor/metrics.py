"""The state of services as metrics, in the text form that Prometheus's textfile collector reads.

The form: https://prometheus.io/docs/instrumenting/exposition_formats/; the collector:
https://github.com/prometheus/node_exporter#textfile-collector.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from psycopg2 import sql

from epnkit.loading.state.status import ServiceStatus, read_status
from epnkit.modules import requires_extra

with requires_extra("metrics"):
    from prometheus_client import CollectorRegistry, Gauge

#: The metrics of a service, by name, with their help texts; times are in seconds since 1970.
METRICS = {
    "epnkit_granules": "Granules in the table",
    "epnkit_quarantined": "Records in quarantine, neither loaded later nor dropped",
    "epnkit_ledger_agrees": "1 if the table and the ledger agree, granule by granule",
    "epnkit_newest_granule_seconds": "When the newest granule ends, by its time_max",
    "epnkit_last_run_seconds": "When the last run started",
    "epnkit_last_success_seconds": "When the last run that succeeded ended",
    "epnkit_last_run_succeeded": "1 if the last run succeeded",
}

#: The Julian date of 1970-01-01, and the seconds of a day.
_EPOCH, _DAY = 2440587.5, 86400.0


def collect(connection: Any, services: Iterable[str]) -> CollectorRegistry:
    """Collect the metrics of services.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    services : iterable of str
        Their names.

    Returns
    -------
    prometheus_client.CollectorRegistry
        With a gauge for each of `METRICS`; what is not known of a service is left out.

    Raises
    ------
    LoadError
        If a service was never loaded with epnkit.
    """
    registry = CollectorRegistry()
    gauges = {
        name: Gauge(name, text, ["service"], registry=registry) for name, text in METRICS.items()
    }
    for service in services:
        status = read_status(connection, service, 50)
        for name, value in _measure(status, _find_newest(connection, service)).items():
            if value is not None:
                gauges[name].labels(service).set(value)
    return registry


def _measure(status: ServiceStatus, newest: float | None) -> dict[str, float | None]:
    last = status.runs[0] if status.runs else None
    ended = (run["ended"] for run in status.runs if run["state"] == "done")
    return {
        "epnkit_granules": status.rows,
        "epnkit_quarantined": status.quarantined,
        "epnkit_ledger_agrees": status.consistent,
        "epnkit_newest_granule_seconds": newest,
        "epnkit_last_run_seconds": _to_seconds(last["started"]) if last else None,
        "epnkit_last_success_seconds": _to_seconds(next(ended, None)),
        "epnkit_last_run_succeeded": last["state"] == "done" if last else None,
    }


def _find_newest(connection: Any, service: str) -> float | None:
    """Find when the newest granule of a service ends, in seconds since 1970."""
    table = sql.Identifier(service, "epn_core")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT max(time_max) FROM {}").format(table))
        (newest,) = cursor.fetchone()
    return None if newest is None else (float(newest) - _EPOCH) * _DAY


def _to_seconds(time: datetime | None) -> float | None:
    return None if time is None else time.timestamp()
