"""DaCHS grammar: files, by what they say of themselves, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("files")
