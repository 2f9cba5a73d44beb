"""DaCHS grammar: the features of TFCat documents, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("tfcat")
