"""DaCHS grammar: the documents of a collection in MongoDB, through RESTHeart, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("restheart")
