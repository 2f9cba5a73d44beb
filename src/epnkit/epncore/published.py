"""What a service says of itself: its table, the fields of an answer, its registry record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

#: The utype of EPN-TAP 2.0 tables (section 4.1), and the one of services before it.
UTYPE = "ivo://ivoa.net/std/epntap#table-2.0"
OLD_UTYPE = "ivo://vopdc.obspm/std/epncore#schema-2.0"


@dataclass(frozen=True)
class DeclaredField:
    """A column as a service declares it, in the terms of VOTable.

    Parameters
    ----------
    name : str
        The column's name.
    datatype : str
        ``char``, ``double``, ``int``...
    arraysize : str
        Empty for a scalar.
    unit, ucd, xtype : str
        Empty if nothing is declared.
    """

    name: str
    datatype: str = ""
    arraysize: str = ""
    unit: str = ""
    ucd: str = ""
    xtype: str = ""


@dataclass(frozen=True)
class DeclaredTable:
    """A table as a service declares it.

    Parameters
    ----------
    fields : tuple of DeclaredField
        The columns.
    name : str
        ``schema.table``; empty for a file.
    utype : str or None
        The table's utype; None if it is not known, as in a file.
    described : bool
        Whether units, UCDs and types are declared; they are not in a CSV file.
    siblings : tuple of str
        Other EPN-TAP tables of the same schema.
    """

    fields: tuple[DeclaredField, ...]
    name: str = ""
    utype: str | None = None
    described: bool = True
    siblings: tuple[str, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the columns."""
        return frozenset(field.name for field in self.fields)

    @property
    def schema(self) -> str:
        """The name of the schema, which is that of the service; empty for a file."""
        return self.name.rpartition(".")[0]


@dataclass(frozen=True)
class VotableMetadata:
    """What a VOTable says besides its table.

    Parameters
    ----------
    time_systems, space_systems : int
        How many TIMESYS and COOSYS it declares.
    faults : tuple of str
        Where it departs from the VOTable standard.
    names_bodies : bool
        Whether its version of VOTable has a COOSYS for bodies: since 1.5 the systems are those of
        http://www.ivoa.net/rdf/refframe; before, a closed list of celestial ones.
    """

    time_systems: int = 0
    space_systems: int = 0
    faults: tuple[str, ...] = ()
    names_bodies: bool = False


@dataclass(frozen=True)
class RegistryRecord:
    """A resource record of the registry.

    Parameters
    ----------
    identifier : str
        Its IVOID, or a file's name.
    subjects : tuple of str
        Its subjects.
    tables : mapping of str to str
        Names of its tables, with their utypes.
    capabilities : tuple of str
        The standard identifiers of its capabilities.
    """

    identifier: str
    subjects: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
