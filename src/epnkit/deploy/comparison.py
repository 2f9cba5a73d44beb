"""Comparing a deployed service with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from epnkit.errors import LoadError

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.reconcile import Difference


def compare(instance: DachsInstance, name: str) -> Difference:
    """Compare a service that is installed in a DaCHS with its source.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which runs.
    name : str
        The service.

    Raises
    ------
    LoadError
        If this kind of source cannot list its records.
    """
    from epnkit.loading.reconcile import Comparison
    from epnkit.loading.state.schema import create_state_schema
    from epnkit.service import read_service
    from epnkit.sources import open_source
    from epnkit.sources.base import Reconcilable

    service = read_service(instance.inputs / name)
    with instance.use_credentials():
        source = open_source(service.source_file, service.order)
    if not isinstance(source, Reconcilable):
        raise LoadError(
            "this kind of source cannot list its records",
            where=source.label,
            cure=f"Load in full instead: epnkit load {name} --full.",
        )
    with instance.connect() as connection:
        create_state_schema(connection)
        return Comparison(connection, name, source).run()
