"""DaCHS grammar: records of another source with their files in Rucio, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("rucio")
