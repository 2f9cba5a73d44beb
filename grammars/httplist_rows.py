"""DaCHS grammar: files that a web server lists on its index pages, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("httplist")
