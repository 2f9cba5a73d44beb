"""DaCHS grammar: files that a web server lists on its index pages, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("httplist")
