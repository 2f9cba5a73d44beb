"""DaCHS grammar: records of another source with their files in Rucio, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("rucio")
