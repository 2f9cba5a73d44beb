"""DaCHS grammar: the rows of a table of another TAP service, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("tap")
