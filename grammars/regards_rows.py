"""DaCHS grammar: the products of a REGARDS archive, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("regards")
