"""DaCHS grammar: the records of several sources, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("union")
