"""DaCHS grammar: the products of a REGARDS archive, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("regards")
