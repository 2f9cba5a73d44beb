"""A deployed service whose table is partitioned, or is to be."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from tests.conftest import ROOT

_LINE = "    partition=Partition({}),\n"


def declare_partition(folder: Path, *arguments: str) -> None:
    """Declare in a service's folder how its table is partitioned; without arguments, not at all."""
    path = folder / "service.py"
    lines = [line for line in path.read_text().splitlines(True) if "artition" not in line]
    if arguments:
        start = lines.index("service = Service(\n")
        lines.insert(start + 1, _LINE.format(", ".join(map(repr, arguments))))
        lines.insert(start, "from epnkit.service import Partition\n")
    path.write_text("".join(lines))


def install_partitioned(dachs: PrivateDachs, name: str, *arguments: str) -> None:
    """Install a service of the repository, with a partition if there are arguments of one."""
    inputs.install(dachs, ROOT / "resources" / name)
    declare_partition(dachs.inputs / name, *arguments)


def query(dachs: PrivateDachs, statement: str) -> list[tuple[Any, ...]]:
    """Query the database of a DaCHS."""
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def list_parts(dachs: PrivateDachs, name: str) -> list[str]:
    """Name the parts of a service's table; none if it is not partitioned."""
    tree = f"SELECT relid::regclass::text FROM pg_partition_tree('{name}.epn_core') WHERE isleaf"
    parts = [part for (part,) in query(dachs, f"{tree} AND parentrelid IS NOT NULL ORDER BY 1")]
    return [part.removeprefix(f"{name}.epn_core_part_") for part in parts]
