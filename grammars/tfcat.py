"""DaCHS grammar: the features of TFCat documents, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("tfcat")
