"""DaCHS grammar: the records of an HTTP service that gives JSON in pages, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("records")
