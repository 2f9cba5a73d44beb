"""Partitioning the table of a service as it declares, while it is served."""

from __future__ import annotations

from epnkit.dachs.instance import DachsInstance
from epnkit.errors import LoadError
from epnkit.loading.state.ledger import lock_service
from epnkit.loading.table.catalog import table_exists
from epnkit.loading.table.partitions import describe_difference
from epnkit.loading.table.rebuild import GIVE_UP_AFTER, Rebuild
from epnkit.loading.table.target import Target
from epnkit.service import Service, read_service


def find_difference(instance: DachsInstance, name: str) -> str | None:
    """Say how the table of a service is partitioned other than declared; None if it is not.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which runs.
    name : str
        A service that is installed in it.

    Raises
    ------
    LoadError
        If the service has no table yet.
    """
    service = read_service(instance.inputs / name)
    with instance.connect() as connection:
        return _compare(Target(connection, name, "epn_core", ()), service)


def partition_table(
    instance: DachsInstance, name: str, give_up_after: float = GIVE_UP_AFTER
) -> str | None:
    """Partition the table of a service as it declares, or make it a plain one again.

    It is one transaction: readers have the old table until the new one is there, and if it is
    killed, the old one stays.  Cursor, ledger, quarantine and tracking table are not touched.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which runs.
    name : str
        A service that is installed in it.
    give_up_after : float
        How long to wait for queries that hold the table in the end, in seconds.

    Returns
    -------
    str or None
        What was different before; None if nothing was, and nothing was done.

    Raises
    ------
    LoadError
        If the service has no table yet, an import of it is running, or the table cannot be
        replaced.
    ConfigurationError
        If the table cannot be partitioned by the column.
    """
    with instance.connect() as locking, instance.connect() as connection:
        # Until the connection is closed: what a load wrote meanwhile would be lost.
        lock_service(locking, name)
        service = read_service(instance.inputs / name)
        table = Target(connection, name, "epn_core", ())
        difference = _compare(table, service)
        if difference is not None:
            connection.autocommit = False
            Rebuild(table, service.partition, give_up_after).execute()
            connection.commit()
        return difference


def _compare(table: Target, service: Service) -> str | None:
    if not table_exists(table.connection, table.schema, table.table):
        raise LoadError(
            "it has no table yet",
            where=f"{table.schema}.{table.table}",
            cure=f"Load it, which makes the table as declared: epnkit load {table.schema}.",
        )
    return describe_difference(service.partition, table.partitions)
