"""DaCHS grammar: the records of an HTTP service that gives JSON in pages, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("records")
