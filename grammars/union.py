"""DaCHS grammar: the records of several sources, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("union")
