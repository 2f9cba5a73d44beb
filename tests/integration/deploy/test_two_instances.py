"""Two DaCHS in one process: each is reached by its own settings."""

from __future__ import annotations

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs


def find_socket(dachs: PrivateDachs) -> str:
    """Say by which directory the administrator's connection goes."""
    with DachsInstance.find(dachs.root).connect() as connection:
        return str(connection.info.host)


def test_each_is_connected_to_by_its_own_profile(
    dachs: PrivateDachs, scratch: PrivateDachs
) -> None:
    for each in (dachs, scratch, dachs):
        assert find_socket(each) == str(each.cluster.socket_directory)
