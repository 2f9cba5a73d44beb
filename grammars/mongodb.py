"""DaCHS grammar: the documents of a collection in MongoDB, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("mongodb")
