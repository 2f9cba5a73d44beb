"""DaCHS grammar: the documents of a collection in MongoDB, through RESTHeart, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("restheart")
