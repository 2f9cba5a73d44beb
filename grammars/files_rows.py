"""DaCHS grammar: files, by what they say of themselves, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("files")
