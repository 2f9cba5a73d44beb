"""DaCHS grammar: the rows of a table of another TAP service, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("tap")
