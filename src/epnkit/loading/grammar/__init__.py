"""What DaCHS meets: the two forms of a grammar, over any kind of source.

In bulk form the row iterator is a function that DaCHS calls with its data (the protocol of its
boosters); it copies on DaCHS's own connection, in DaCHS's transaction.  In the form of a plain row
iterator DaCHS's own machinery makes and inserts the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epnkit.modules import uncollected

if TYPE_CHECKING:
    from epnkit.loading.grammar.row_iterator import Granules


def bulk(kind: str) -> Callable[..., Callable[[Any], None]]:
    """Make the ``RowIterator`` of a grammar that loads in bulk.

    Parameters
    ----------
    kind : str
        The kind of source that the grammar is for, as in its source file.
    """
    with uncollected():
        from epnkit.loading.grammar.bulk_import import import_in_bulk

    def row_iterator(grammar: Any, token: str, **row: Any) -> Callable[[Any], None]:
        """Give what DaCHS calls with its data."""
        return lambda data: import_in_bulk(data, kind, Path(token))

    return row_iterator


def rows(kind: str) -> type[Granules]:
    """Make the ``RowIterator`` of a grammar that hands DaCHS one granule after the other.

    Parameters
    ----------
    kind : str
        The kind of source that the grammar is for, as in its source file.
    """
    with uncollected():
        from epnkit.loading.grammar.row_iterator import Granules

    return type("RowIterator", (Granules,), {"kind": kind})
