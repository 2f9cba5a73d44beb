"""The two forms of a DaCHS grammar, for any kind of source.

In bulk form the row iterator is a function that DaCHS calls with its data (the protocol of its
boosters); it copies over DaCHS's own connection, in DaCHS's transaction.  In the form of a plain
row iterator, DaCHS itself makes and inserts the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epnkit.modules import imports_without_gc

if TYPE_CHECKING:
    from epnkit.loading.grammar.row_iterator import GranuleIterator


def bulk(kind: str) -> Callable[..., Callable[[Any], None]]:
    """Make the ``RowIterator`` of a grammar that loads in bulk.

    Parameters
    ----------
    kind : str
        The kind of source that the grammar is for, as in its source file.
    """
    with imports_without_gc():
        from epnkit.loading.grammar.bulk_import import import_in_bulk

    def row_iterator(grammar: Any, token: str, **row: Any) -> Callable[[Any], None]:
        """Return the function that DaCHS calls with its data."""
        return lambda data: import_in_bulk(data, kind, Path(token))

    return row_iterator


def rows(kind: str) -> type[GranuleIterator]:
    """Make the ``RowIterator`` of a grammar that gives DaCHS one granule after the other.

    Parameters
    ----------
    kind : str
        The kind of source that the grammar is for, as in its source file.
    """
    with imports_without_gc():
        from epnkit.loading.grammar.row_iterator import GranuleIterator

    return type("RowIterator", (GranuleIterator,), {"kind": kind})
