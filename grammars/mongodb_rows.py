"""DaCHS grammar: the documents of a collection in MongoDB, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("mongodb")
